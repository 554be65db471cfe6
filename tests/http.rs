//! Questions over HTTP: answers, and errors of invalid requests.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use stroma::embed::HashEmbedder;
use stroma::search::SearchOptions;
use stroma::server::{AppState, Limits, router};
use tower::ServiceExt;

use crate::http_support::{Server, limits};
use crate::support::HashEmbedderAfter;

#[tokio::test]
async fn a_question_in_the_address_and_in_a_body_is_answered_alike() {
    let server = Server::new();
    let got = server.get("/v1/search?q=mesenchymal+cells+and+fever&limit=3&mode=hybrid").await;
    assert_eq!(got.status, StatusCode::OK, "{}", got.text);
    assert_eq!(got.kind(), "application/json");
    let q = "mesenchymal cells and fever";
    for body in [json!({"q": q, "limit": 3}), json!({"query": q, "limit": 3, "mode": "hybrid"})] {
        let posted = server.post("/v1/search", body.to_string()).await;
        assert_eq!(posted.json()["hits"], got.json()["hits"]);
    }
    let answer = got.json();
    assert_eq!(answer["query"], q);
    assert_eq!(answer["mode"], "hybrid");
    assert!(answer["took_ms"].as_f64().expect("as it should be") > 0.0);
    assert_eq!(answer["hits"].as_array().expect("as it should be").len(), 3);
}

#[tokio::test]
async fn a_hit_says_all_of_itself_and_counts_characters() {
    let server = Server::new();
    let answer =
        server.get("/v1/search?q=fever+after+infusion+in+controlled+trials&mode=lexical&limit=20").await.json();
    let hits = answer["hits"].as_array().expect("as it should be");
    let mut citations = 0;
    for hit in hits {
        let keys = ["id", "score", "scores", "paper", "section", "kind", "pages", "text", "evidence", "highlights"];
        assert!(keys.iter().all(|key| hit.get(key).is_some()), "{hit}");
        let paper = ["id", "title", "authors", "journal", "year", "doi", "pmid", "pmcid", "type", "marks"];
        assert!(paper.iter().all(|key| hit["paper"].get(key).is_some()), "{hit}");
        assert!(["bm25", "paragraph", "sentence"].iter().all(|key| hit["scores"][key].is_number()));
        let text: Vec<char> = hit["text"].as_str().expect("as it should be").chars().collect();
        let slice = |span: &Value| {
            let place =
                |key: &str| usize::try_from(span[key].as_u64().expect("as it should be")).expect("as it should be");
            text[place("start")..place("end")].iter().collect::<String>()
        };
        for evidence in hit["evidence"].as_array().expect("as it should be") {
            assert_eq!(slice(evidence), evidence["text"].as_str().expect("as it should be"));
            citations += evidence["citations"].as_array().expect("as it should be").len();
        }
        for highlight in hit["highlights"].as_array().expect("as it should be") {
            let word = slice(highlight).to_lowercase();
            assert!(!word.is_empty() && word.chars().all(|c| !c.is_whitespace()), "{word:?}");
        }
    }
    assert!(hits.iter().any(|hit| !hit["text"].as_str().expect("as it should be").is_ascii()), "tests too little");
    assert!(citations > 0, "no sentence cites a study");
}

#[tokio::test]
async fn what_is_wrong_with_a_question_is_said() {
    let server = Server::new();
    for (query, code, part) in [
        ("", "empty_question", "q must hold"),
        ("q=", "empty_question", "q must hold"),
        ("q=+%09", "empty_question", "q must hold"),
        ("q=a&mode=both", "unknown_mode", "hybrid, lexical and vector"),
        ("q=a&limit=0", "limit_out_of_range", "from 1 to 100"),
        ("q=a&limit=101", "limit_out_of_range", "from 1 to 100"),
        ("q=a&limit=-1", "limit_out_of_range", "from 1 to 100"),
        ("q=a&limit=ten", "invalid_parameter", "\"ten\""),
        ("q=a&limit=99999999999999999999", "invalid_parameter", "whole number from 1 to 100"),
        ("q=a&limit=1&limit=2", "invalid_parameter", "twice"),
        ("q=a&query=b", "invalid_parameter", "duplicate"),
        ("q=a&offset=-1", "invalid_parameter", "from 0 to 1000"),
        ("q=a&per_paper=0", "invalid_parameter", "from 1 to 100"),
        ("q=a&year_from=soon", "invalid_parameter", "\"soon\""),
        ("q=a&year_to=10000", "invalid_parameter", "9999"),
        ("q=a&sections=Appendix", "invalid_parameter", "introduction"),
        ("q=a&colour=red", "invalid_parameter", "colour"),
    ] {
        let detail = server.get(&format!("/v1/search?{query}")).await.problem(400, code);
        assert!(detail.contains(part), "{query}: {detail}");
    }
    let long = "a".repeat(201);
    let detail = server.get(&format!("/v1/search?q={long}")).await.problem(400, "question_too_long");
    assert!(detail.contains("201") && detail.contains("200"), "{detail}");
}

#[tokio::test]
async fn what_is_wrong_with_a_body_is_said() {
    let server = Server::new();
    for (body, code, part) in [
        ("", "invalid_body", "EOF"),
        ("{", "invalid_body", "EOF"),
        ("[]", "invalid_body", "expected"),
        ("null", "invalid_body", "expected"),
        ("{\"q\": 1}", "invalid_body", "expected a string"),
        ("{\"q\": \"a\", \"limit\": \"ten\"}", "invalid_body", "ten"),
        ("{\"q\": \"a\", \"limit\": 1.5}", "invalid_body", "1.5"),
        ("{\"q\": \"a\", \"limit\": 1000}", "limit_out_of_range", "from 1 to 100"),
        ("{\"q\": \"a\", \"colour\": 1}", "invalid_body", "colour"),
        ("{\"q\": \"a\", \"mode\": \"x\"}", "unknown_mode", "\"x\""),
        ("{}", "empty_question", "q must hold"),
    ] {
        let detail = server.post("/v1/search", body).await.problem(400, code);
        assert!(detail.contains(part), "{body}: {detail}");
    }
    server.post("/v1/search", vec![0xff, 0xfe]).await.problem(400, "invalid_body");
    server.post("/v1/search", "a".repeat(5000)).await.problem(413, "body_too_large");
    let plain = Request::post("/v1/search")
        .header("content-type", "text/plain")
        .body(Body::from("{}"))
        .expect("as it should be");
    server.send(plain).await.problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_too() {
    let server = Server::new();
    let detail = server.get("/v1/nothing").await.problem(404, "not_found");
    assert!(detail.contains("/v1/nothing"), "{detail}");
    let reply = server.call(Method::DELETE, "/v1/search").await;
    let detail = reply.problem(405, "method_not_allowed");
    assert!(detail.contains("GET") && detail.contains("POST"), "{detail}");
    assert!(reply.headers.contains_key("allow"));
}

#[tokio::test]
async fn too_many_at_once_are_turned_away_at_once() {
    let server = Server::with(Limits { max_concurrent: 0, ..limits() });
    let reply = server.get("/v1/search?q=stiffness").await;
    reply.problem(503, "overloaded");
    assert_eq!(reply.headers["retry-after"], "1");
    assert_eq!(server.get("/healthz").await.status, StatusCode::OK, "health is not work");
}

/// Uploads and other work that blocks have threads of their own: with all of these taken, questions are answered.
#[tokio::test]
async fn searches_have_threads_that_other_work_cannot_take() {
    let server = Server::new();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = Arc::new(std::sync::Mutex::new(released));
    // As many as the runtime has, and some that wait.
    for _ in 0..520 {
        let released = Arc::clone(&released);
        tokio::task::spawn_blocking(move || released.lock().expect("no panic").recv().is_err());
    }
    let reply = server.get("/v1/search?q=stiffness").await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    drop(release);
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_given_up() {
    let limits = Limits { timeout: Duration::from_millis(20), ..limits() };
    let slow = HashEmbedderAfter::new(32, |_| std::thread::sleep(Duration::from_millis(500)));
    let server = Server::empty(Arc::new(slow), limits);
    server.get("/v1/search?q=stiffness").await.problem(504, "timed_out");
}

#[tokio::test]
async fn an_empty_index_answers_with_no_hits() {
    let server = Server::empty(Arc::new(HashEmbedder::new(32)), limits());
    for mode in ["hybrid", "lexical", "vector"] {
        let reply = server.get(&format!("/v1/search?q=stiffness&mode={mode}")).await;
        assert_eq!(reply.json()["hits"], json!([]), "{mode}");
    }
}

#[tokio::test]
async fn strange_questions_are_questions() {
    let server = Server::new();
    for question in
        ["%00", "%F0%9F%A7%AC", "((((", "%22", "a%20AND%20NOT", "*:*", "%FF%FE", "%E2%80%8B", "-", "TNF-%CE%B1"]
    {
        let reply = server.get(&format!("/v1/search?q={question}")).await;
        assert!(
            reply.status == StatusCode::OK || reply.status == StatusCode::BAD_REQUEST,
            "{question}: {}",
            reply.text
        );
    }
}

#[tokio::test]
async fn it_says_how_it_is() {
    let server = Server::new();
    assert_eq!(server.get("/healthz").await.json(), json!({"status": "ok"}));
    let ready = server.get("/readyz").await.json();
    assert_eq!(ready["status"], "ready");
    assert!(
        ready["papers"].as_u64().expect("as it should be") >= 10
            && ready["passages"].as_u64().expect("as it should be") > 50,
        "{ready}"
    );
}

#[tokio::test]
async fn a_request_keeps_its_own_name() {
    let server = Server::new();
    let request =
        Request::get("/v1/search").header("x-request-id", "mine-7").body(Body::empty()).expect("as it should be");
    let reply = server.send(request).await;
    reply.problem(400, "empty_question");
    assert_eq!(reply.headers["x-request-id"], "mine-7");
}

#[tokio::test]
async fn lists_are_repeated_or_separated_by_commas() {
    let server = Server::new();
    let hits = |answer: Value| answer["hits"].clone();
    let repeated = hits(server.get("/v1/search?q=cells&sections=abstract&sections=conclusion").await.json());
    assert!(repeated.as_array().is_some_and(|hits| !hits.is_empty()));
    assert_eq!(hits(server.get("/v1/search?q=cells&sections=abstract,conclusion").await.json()), repeated);
}

#[tokio::test]
async fn filters_hold_for_every_hit() {
    let server = Server::new();
    let all = server.get("/v1/search?q=cells&limit=50&per_paper=50").await.json();
    let count = |answer: &Value| answer["hits"].as_array().map_or(0, Vec::len);
    let paper = all["hits"][0]["paper"]["id"].as_str().expect("an id").to_owned();
    let of_paper = server.get(&format!("/v1/search?q=cells&limit=50&per_paper=50&papers={paper}")).await.json();
    assert!(count(&of_paper) > 0 && count(&of_paper) < count(&all));
    assert!(of_paper["hits"].as_array().expect("hits").iter().all(|hit| hit["paper"]["id"] == paper.as_str()));
    let abstracts = server.get("/v1/search?q=cells&sections=abstract&sections=conclusion").await.json();
    assert!(count(&abstracts) > 0);
    for hit in abstracts["hits"].as_array().expect("hits") {
        let heading = hit["section"][0].as_str().unwrap_or_default().to_lowercase();
        assert!(heading.contains("abstract") || heading.contains("conclu"), "{heading}");
    }
    assert_eq!(count(&server.get("/v1/search?q=cells&year_to=1900").await.json()), 0);
    let body =
        json!({"q": "cells", "journals": ["STROMA sample reviews"], "types": ["review-article"], "year_from": 2026});
    let posted = server.post("/v1/search", body.to_string()).await.json();
    assert!(count(&posted) > 0, "{posted}");
    assert!(posted["hits"].as_array().expect("hits").iter().all(|hit| hit["paper"]["type"] == "review-article"));
}

#[tokio::test]
async fn pages_of_hits_follow_each_other() {
    let server = Server::new();
    let whole = server.get("/v1/search?q=stiffness&limit=6").await.json();
    let second = server.get("/v1/search?q=stiffness&limit=3&offset=3").await.json();
    assert_eq!(whole["hits"].as_array().map(|hits| &hits[3..]), second["hits"].as_array().map(Vec::as_slice));
}

#[tokio::test]
async fn an_answer_names_its_commit_and_need_not_be_sent_twice() {
    let server = Server::new();
    let first = server.get("/v1/search?q=stiffness").await;
    let tag = first.headers["etag"].to_str().expect("text").to_owned();
    assert!(tag.starts_with(&format!("W/\"{}-", first.json()["commit"].as_str().expect("a commit"))), "{tag}");
    let again = Request::get("/v1/search?q=stiffness").header("if-none-match", &tag).body(Body::empty());
    let again = server.send(again.expect("a request")).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    for (path, status) in [("/v1/papers/absent", 404), ("/v1/passages/absent:1", 404), ("/v1/search?q=", 400)] {
        let request = Request::get(path).header("if-none-match", &tag).body(Body::empty()).expect("a request");
        assert_eq!(server.send(request).await.status.as_u16(), status, "{path} whatever the client has");
    }
    assert!(first.headers.get_all("vary").iter().any(|names| names == "accept"), "{:?}", first.headers);
    let in_ris = Request::get("/v1/search?q=stiffness").header("accept", "application/x-research-info-systems");
    let in_ris = server.send(in_ris.header("if-none-match", &tag).body(Body::empty()).expect("a request")).await;
    assert_eq!(in_ris.status, 200, "another format is another answer");
    assert_ne!(in_ris.headers["etag"], *tag);
    let options = SearchOptions { candidates: 7, ..SearchOptions::default() };
    let engine = server.state.engine.with_options(options);
    let restarted = router(Arc::new(AppState::new(engine, limits())));
    let again = Request::get("/v1/search?q=stiffness").header("if-none-match", &tag).body(Body::empty());
    let again = restarted.oneshot(again.expect("a request")).await.expect("a response");
    assert_eq!(again.status(), StatusCode::OK, "other settings give other answers");
    let other = Request::get("/v1/search?q=stiffness").header("if-none-match", "W/\"0\"").body(Body::empty());
    assert_eq!(server.send(other.expect("a request")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_score_is_explained_where_asked() {
    let server = Server::new();
    let plain = server.get("/v1/search?q=mesenchymal+cells+and+fever").await.json();
    assert!(plain["hits"][0].get("explanation").is_none() && plain.get("stages_ms").is_none());
    let answer = server.get("/v1/search?q=mesenchymal+cells+and+fever&explain=true").await.json();
    assert!(answer["stages_ms"]["embed"].is_number());
    for hit in answer["hits"].as_array().expect("hits") {
        let explanation = &hit["explanation"];
        let number = |value: &Value| value.as_f64().expect("a number");
        let sum: f64 = explanation["parts"].as_object().expect("parts").values().map(number).sum();
        assert!((sum - number(&hit["score"])).abs() < 1e-5, "{hit}");
        let bm25: f64 = explanation["terms"].as_array().expect("terms").iter().map(|term| number(&term["score"])).sum();
        assert!((bm25 - number(&hit["scores"]["bm25"])).abs() < 1e-3, "{hit}");
    }
}

#[tokio::test]
async fn an_abbreviation_is_taken_as_the_asker_says() {
    let server = Server::new();
    let read = |answer: Value| answer["interpretation"]["abbreviations"].clone();
    let guessed = read(server.get("/v1/search?q=MSC+infusion").await.json());
    assert_eq!(guessed[0]["short"], "MSC", "{guessed}");
    assert!(guessed[0]["papers"].as_u64() > Some(0));
    let off = read(server.get("/v1/search?q=MSC+infusion&expand=false").await.json());
    assert_eq!(off, json!([]));
    let sense = server.get("/v1/search?q=MSC+infusion&senses=MSC").await;
    assert_eq!(sense.status, StatusCode::BAD_REQUEST);
    assert!(sense.text.contains("RA=retinoic acid"), "{}", sense.text);
}
