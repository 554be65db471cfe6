//! Papers and passages over HTTP, statistics of the index, and the OpenAPI document.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::Value;
use stroma::embed::HashEmbedder;
use stroma::server::document;

use crate::http_support::{Server, limits};
use crate::support::project;

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[tokio::test]
async fn papers_are_listed_in_pages_and_by_filters() {
    let server = Server::new();
    let all = server.get("/v1/papers?limit=100").await.json();
    let total = list(&all["papers"]).len();
    assert!(total >= 10 && all["total"] == total, "{all}");
    let page = server.get("/v1/papers?limit=2&offset=1").await.json();
    assert_eq!(list(&page["papers"]), &list(&all["papers"])[1..3]);
    assert_eq!(page["total"], total);
    let both: Vec<&str> = list(&page["papers"]).iter().filter_map(|paper| paper["id"].as_str()).collect();
    let by_id = server.get(&format!("/v1/papers?papers={}&papers=none", both.join(","))).await.json();
    assert_eq!(by_id["papers"], page["papers"]);
    let named = server.get("/v1/papers?title=KNEE").await.json();
    assert!(list(&named["papers"]).iter().all(|paper| paper["title"].as_str().is_some_and(|t| t.contains("knee"))));
    assert!(named["total"].as_u64().is_some_and(|count| count >= 1));
    assert_eq!(server.get("/v1/papers?year_from=2027").await.json()["total"], 0);
    assert!(server.get("/v1/papers?types=review-article").await.json()["total"].as_u64() > Some(0));
    let total = async |query: &str| server.get(&format!("/v1/papers?{query}")).await.json()["total"].clone();
    assert_eq!(total("q=cells+knee").await, 1, "words of one title, in any order");
    assert_eq!(total("q=stroma+contributors").await, all["total"], "words of authors");
    assert_eq!(total("q=no+such+words").await, 0);
    assert_eq!(total("author=Contributors&title=KNEE").await, 1);
    assert_eq!(total("author=Nobody").await, 0);
    assert_eq!(total("doi=10.9999/none").await, 0);
    let sorted = server.get("/v1/papers?sort=title&limit=100").await.json();
    let titles: Vec<String> =
        list(&sorted["papers"]).iter().filter_map(|p| p["title"].as_str()).map(str::to_lowercase).collect();
    assert!(titles.len() >= 10 && titles.is_sorted(), "{titles:?}");
    let second = server.get("/v1/papers?sort=title&limit=1&offset=1").await.json();
    assert_eq!(second["papers"][0], sorted["papers"][1]);
    server.get("/v1/papers?sort=size").await.problem(400, "invalid_parameter");
    server.get("/v1/papers?limit=0").await.problem(400, "invalid_parameter");
    server.get("/v1/papers?mode=x").await.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn a_hit_leads_to_its_paper_its_neighbours_and_its_like() {
    let server = Server::new();
    let hit =
        server.get("/v1/search?q=morning+stiffness+in+rheumatoid+arthritis&limit=1").await.json()["hits"][0].clone();
    let paper = server.get(&format!("/v1/papers/{}", hit["paper"]["id"].as_str().unwrap_or_default())).await.json();
    assert_eq!(paper["title"], hit["paper"]["title"]);
    let id = hit["id"].as_str().unwrap_or_default();
    let ids: Vec<&str> =
        list(&paper["sections"]).iter().flat_map(|s| list(&s["passages"])).filter_map(Value::as_str).collect();
    let place = ids.iter().position(|known| *known == id).expect("the passage is in a section");
    assert_eq!(paper["passages"], ids.len());

    let around = server.get(&format!("/v1/passages/{id}?neighbours=2")).await.json();
    assert_eq!(around["passage"]["text"], hit["text"]);
    let shown: Vec<&str> =
        ["before", "after"].iter().flat_map(|side| list(&around[*side])).filter_map(|p| p["id"].as_str()).collect();
    let expected: Vec<&str> =
        (place.saturating_sub(2)..ids.len().min(place + 3)).filter(|p| *p != place).map(|p| ids[p]).collect();
    assert_eq!(shown, expected);

    let similar = server.get(&format!("/v1/passages/{id}/similar?limit=5")).await.json();
    let scores: Vec<f64> = list(&similar["hits"]).iter().filter_map(|hit| hit["score"].as_f64()).collect();
    assert!(scores.len() == 5 && scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    assert!(list(&similar["hits"]).iter().all(|other| other["paper"]["id"] != hit["paper"]["id"]));
    for field in ["id", "paper", "section", "kind", "pages", "source", "links", "text"] {
        let other = &similar["hits"][0];
        assert!(
            other.get(field).is_some() && hit.get(field).is_some(),
            "{field} as in the hits of a question: {other}"
        );
    }
    server.get(&format!("/v1/passages/{id}?neighbours=21")).await.problem(400, "invalid_parameter");
    for absent in
        ["/v1/papers/x", "/v1/passages/x", "/v1/passages/x:1/similar", "/v1/passages/%00", "/v1/papers/%F0%9F%A7%AC"]
    {
        server.get(absent).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn what_is_found_is_counted() {
    let server = Server::new();
    let all =
        server.get("/v1/search?q=stiffness&mode=lexical&limit=100&per_paper=100&facets=years,sections").await.json();
    let hits = list(&all["hits"]);
    assert_eq!((&all["total"]["passages"], &all["total"]["exact"]), (&hits.len().into(), &true.into()));
    let sections = all["facets"]["sections"].as_object().expect("counts");
    assert_eq!(sections.values().filter_map(Value::as_u64).sum::<u64>(), hits.len() as u64);
    assert_eq!(all["facets"]["years"]["2026"], hits.len());
    assert!(all["facets"].get("journals").is_none(), "only what is asked for");
    let both = "/v1/search?q=stiffness&mode=lexical&limit=100&per_paper=100&facets=sections_by_year";
    assert_eq!(server.get(both).await.json()["facets"]["sections_by_year"]["2026"], all["facets"]["sections"]);
    let one_each = server.get("/v1/search?q=stiffness&mode=lexical&limit=100&per_paper=1").await.json();
    assert_eq!(one_each["total"]["passages"], list(&one_each["hits"]).len());
    assert!(one_each["total"]["passages"].as_u64() < all["total"]["passages"].as_u64());
    assert!(one_each.get("facets").is_none());
    let none = server.get("/v1/search?q=stiffness+year:1900").await.json();
    assert_eq!(none["total"], serde_json::json!({"passages": 0, "exact": true}));
    server.get("/v1/search?q=stiffness&facets=colours").await.problem(400, "invalid_parameter");
}

#[tokio::test]
async fn what_is_found_is_exported_in_the_formats_of_reference_managers() {
    let server = Server::new();
    let ask = "/v1/search?q=morning+stiffness+in+rheumatoid+arthritis";
    let accepting = async |path: &str, media_type: &str| {
        let request = Request::get(path).header("accept", media_type).body(Body::empty()).expect("a request");
        server.send(request).await
    };
    for (media_type, name, start) in [
        ("application/x-research-info-systems", "ris", "TY  - "),
        ("application/x-bibtex", "bibtex", "@"),
        ("application/vnd.citationstyles.csl+json", "csl-json", "[\n  {"),
        ("text/markdown", "markdown", "- "),
        ("text/csv", "csv", "key,id,title,"),
    ] {
        let reply = accepting(ask, media_type).await;
        assert!(reply.kind().starts_with(media_type) && reply.text.starts_with(start), "{name}: {}", reply.text);
        assert!(reply.text.to_lowercase().contains("stiff"), "{name}: {}", reply.text);
        assert_eq!(server.get(&format!("{ask}&format={name}")).await.text, reply.text);
        let all = server.get(&format!("/v1/papers?limit=100&format={name}")).await;
        assert!(all.text.len() > reply.text.len() && all.text.starts_with(&start[..1]), "{name}: {}", all.text);
    }
    assert_eq!(accepting(ask, "text/html, */*").await.json()["query"], "morning stiffness in rheumatoid arthritis");
    server.get(&format!("{ask}&format=docx")).await.problem(400, "invalid_parameter");

    // The primary studies that the evidence cites, without duplicates.
    let cited = server.get(&format!("{ask}&format=csl-json&cited=true")).await.json();
    let titles: Vec<&str> = list(&cited).iter().filter_map(|one| one["title"].as_str()).collect();
    let distinct: std::collections::BTreeSet<&str> = titles.iter().copied().collect();
    assert!(!titles.is_empty() && distinct.len() == titles.len(), "{titles:?}");
    let answer = server.get(ask).await.json();
    let references: Vec<&Value> = list(&answer["hits"])
        .iter()
        .flat_map(|hit| list(&hit["evidence"]))
        .flat_map(|evidence| list(&evidence["citations"]))
        .map(|citation| &citation["title"])
        .collect();
    assert!(references.contains(&&Value::from(titles[0])), "{references:?}");
}

#[tokio::test]
async fn the_file_of_a_paper_is_sent_as_a_browser_shows_it() {
    let server = Server::new();
    let papers = server.get("/v1/papers?limit=100").await.json();
    let mut kinds = std::collections::BTreeSet::new();
    for paper in list(&papers["papers"]) {
        let id = paper["id"].as_str().expect("an id");
        let reply = server.get(&format!("/v1/papers/{id}/file")).await;
        assert_eq!(reply.status, StatusCode::OK, "{id}: {}", reply.text);
        let header = |name: &str| reply.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert!(header("content-disposition").starts_with("inline; filename*=UTF-8''"), "{:?}", reply.headers);
        assert_eq!(header("x-content-type-options"), "nosniff");
        // Scripts in a paper must not run with the origin of the server.
        let is_pdf = reply.kind() == "application/pdf";
        assert_eq!(header("content-security-policy").starts_with("sandbox"), !is_pdf, "{:?}", reply.headers);
        kinds.insert(reply.kind().to_owned());
    }
    assert!(kinds.len() > 1, "{kinds:?}");

    let id = papers["papers"][0]["id"].as_str().expect("an id");
    let path = format!("/v1/papers/{id}/file");
    let whole = server.get(&path).await.text;
    let request = Request::get(&path).header("range", "bytes=2-9").body(Body::empty()).expect("a request");
    let part = server.send(request).await;
    assert_eq!((part.status, part.text.as_bytes()), (StatusCode::PARTIAL_CONTENT, &whole.as_bytes()[2..10]));
    server.get("/v1/papers/x/file").await.problem(404, "not_found");
    server.get("/v1/papers/..%2F..%2Fetc%2Fpasswd/file").await.problem(404, "not_found");
}

#[tokio::test]
async fn only_the_file_that_was_indexed_is_sent() {
    let server = Server::empty(Arc::new(HashEmbedder::new(32)), limits());
    let folder = server.library.papers();
    std::fs::create_dir_all(&folder).expect("a folder");
    let (file, secret) = (folder.join("knee.md"), folder.with_file_name("secret"));
    std::fs::write(&file, "# On knees\n\nKnees are stiff in the morning and better at noon, as trials have shown.\n")
        .expect("a file");
    std::fs::write(&secret, "secret").expect("a file");
    server.library.index(std::slice::from_ref(&folder));
    let papers = server.get("/v1/papers").await.json();
    let path = format!("/v1/papers/{}/file", papers["papers"][0]["id"].as_str().expect("an id"));
    assert!(server.get(&path).await.text.contains("# On knees"));
    std::fs::write(&file, "another text").expect("a file");
    server.get(&path).await.problem(404, "not_found");
    std::fs::remove_file(&file).expect("removed");
    server.get(&path).await.problem(404, "not_found");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&secret, &file).expect("a link");
        server.get(&path).await.problem(404, "not_found");
    }
}

#[tokio::test]
async fn figures_for_people_and_for_prometheus() {
    let server = Server::new();
    let stats = server.get("/v1/stats").await.json();
    let papers = stats["papers"].as_u64().expect("a count");
    assert!(papers >= 10 && stats["index_bytes"].as_u64() > Some(1000) && stats["dimension"] == 32, "{stats}");
    assert_eq!(stats["years"]["2026"], papers);
    server.get("/v1/search?q=stiffness").await;
    server.get("/v1/papers/x").await;
    let metrics = server.get("/metrics").await;
    assert!(metrics.kind().starts_with("text/plain"));
    for line in [
        "stroma_http_requests_total{method=\"GET\",route=\"/v1/search\",status=\"200\"} 1",
        "stroma_http_requests_total{method=\"GET\",route=\"/v1/papers/{id}\",status=\"404\"} 1",
        "stroma_stage_seconds_count{stage=\"embed\"} 1",
        &format!("stroma_papers {papers}"),
        "# EOF",
    ] {
        assert!(metrics.text.lines().any(|known| known == line), "{line} is not in\n{}", metrics.text);
    }
}

#[tokio::test]
async fn the_description_and_the_routes_agree() {
    let server = Server::new();
    let described = server.get("/openapi.json").await.json();
    assert!(described["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    assert_eq!(described, serde_json::to_value(document(&server.state)).expect("JSON"));
    let max_length = |schema: &Value| schema["maxLength"].clone();
    let body = &described["components"]["schemas"]["SearchRequest"]["properties"]["q"];
    let in_address = list(&described["paths"]["/v1/search"]["get"]["parameters"]).iter().find(|one| one["name"] == "q");
    let in_address = &in_address.expect("q is a parameter")["schema"];
    assert_eq!((max_length(body), max_length(in_address)), (200.into(), 200.into()), "as the server is told");
    let paths = described["paths"].as_object().expect("paths");
    assert!(paths.len() >= 14, "{:?}", paths.keys());
    for (path, methods) in paths {
        let address = path.replace("{id}", "1");
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let is_described = methods.get(method.as_str().to_lowercase()).is_some();
            let request = Request::builder().method(&method).uri(&address).body(Body::empty()).expect("a request");
            let is_routed = server.send(request).await.status != StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(is_routed, is_described, "{method} {path}");
        }
    }
}

/// The policy lets a page run only files of this server, so pages contain no inline scripts, styles or listeners.
#[tokio::test]
async fn pages_load_nothing_from_elsewhere_and_run_nothing_inline() {
    let server = Server::new();
    for path in ["/", "/docs"] {
        let page = server.get(path).await;
        assert_eq!((page.status, page.kind()), (StatusCode::OK, "text/html; charset=utf-8"));
        assert!(page.text.contains("<html lang=\"en\">") && page.text.contains("<title>"));
        let policy = page.headers["content-security-policy"].to_str().expect("text");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "));
        for directive in ["base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"] {
            assert!(policy.contains(directive), "{policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
        for inline in ["<style", "style=", "javascript:", "onclick=", "onload=", "<script>", "<script type=\"module\">"]
        {
            assert!(!page.text.contains(inline), "{path} has {inline}");
        }
        let loaded = page.text.split(['"', '\'']).filter(|part| part.contains("//") || part.starts_with("/assets/"));
        for address in loaded {
            assert_eq!(server.get(address).await.status, StatusCode::OK, "{address}");
        }
    }
}

#[tokio::test]
async fn the_files_of_the_page_are_sent_once() {
    let server = Server::new();
    let folder = std::fs::read_dir(project("src/server/page")).expect("a folder");
    let names = folder.map(|file| file.expect("a file").file_name().into_string().expect("text"));
    let names: Vec<String> = names.filter(|name| !name.ends_with(".html")).collect();
    assert!(names.len() >= 10, "{names:?}");
    let (page, docs) = (server.get("/").await.text, server.get("/docs").await.text);
    for name in &names {
        let path = format!("/assets/{name}");
        let file = server.get(&path).await;
        let kind = match name.rsplit('.').next() {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            _ => "image/svg+xml",
        };
        assert_eq!((file.status, file.kind()), (StatusCode::OK, kind), "{name}");
        for markup in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http-equiv"] {
            assert!(!file.text.contains(markup), "texts are put in as texts: {name} has {markup}");
        }
        let imports = file.text.lines().filter_map(|line| line.strip_prefix("import ")?.split('"').nth(1));
        for import in imports {
            let imported = import.strip_prefix("./").expect("a file beside it");
            assert!(names.iter().any(|name| name == imported), "{name} imports {import}");
            // So that a browser need not read one file to learn of the next.
            let page = if name == "docs.js" { &docs } else { &page };
            assert!(
                page.contains(&format!("modulepreload\" href=\"/assets/{imported}\"")),
                "{imported} is not preloaded"
            );
        }
        let known = Request::get(&path).header("if-none-match", &file.headers["etag"]).body(Body::empty());
        let again = server.send(known.expect("a request")).await;
        assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    }
    server.get("/assets/no.js").await.problem(404, "not_found");
    server.get("/assets/..%2Fmod.rs").await.problem(404, "not_found");
}

#[tokio::test]
async fn the_passages_of_a_paper_say_what_they_cite_and_where() {
    let server = Server::new();
    let hit = server.get("/v1/search?q=MSC+effect+on+RA+stiffness&limit=1").await.json()["hits"][0].clone();
    let id = hit["paper"]["id"].as_str().expect("an id");
    let paper = server.get(&format!("/v1/papers/{id}")).await.json();
    let all = server.get(&format!("/v1/papers/{id}/passages?limit=1000")).await.json();
    assert_eq!((&all["paper"], &all["total"]), (&paper["id"], &paper["passages"]));
    let ids: Vec<&Value> = list(&paper["sections"]).iter().flat_map(|section| list(&section["passages"])).collect();
    assert_eq!(list(&all["passages"]).iter().map(|passage| &passage["id"]).collect::<Vec<_>>(), ids);
    let second = server.get(&format!("/v1/papers/{id}/passages?limit=1&offset=1")).await.json();
    assert_eq!(list(&second["passages"]), &list(&all["passages"])[1..2]);
    let citing = list(&all["passages"]).iter().find(|passage| !list(&passage["citations"]).is_empty());
    let citing = citing.expect("a review cites");
    let citation = &citing["citations"][0];
    let at = |name: &str| citation[name].as_u64().expect("a number") as usize;
    let text: Vec<char> = citing["text"].as_str().expect("a text").chars().collect();
    let marker: String = text[at("start")..at("end")].iter().collect();
    assert!(marker.starts_with('[') && marker.ends_with(']'), "{marker}");
    let place = citation["references"][0].as_u64().expect("a number") as usize;
    assert_eq!(paper["references"][place]["place"], place);
    server.get("/v1/papers/none/passages").await.problem(404, "not_found");
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_ask() {
    let server = Server::new();
    let request = Request::get("/v1/papers?limit=50").header("accept-encoding", "gzip").body(Body::empty());
    let reply = server.send(request.expect("a request")).await;
    assert_eq!(reply.headers["content-encoding"], "gzip");
    assert_eq!(reply.headers["x-content-type-options"], "nosniff");
}
