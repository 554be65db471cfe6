//! The Model Context Protocol over HTTP: what assistants are told, and the limits on what they ask.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use stroma::server::{AppState, Limits};
use stroma::wire::QuestionLimits;

use crate::http_support::{Reply, Server, limits};
use crate::support::{HashEmbedderAfter, Library};

/// Calls a tool, as a client does.
async fn reply(server: &Server, tool: &str, arguments: Value) -> Reply {
    let call =
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}});
    let request = Request::post("/mcp").header("host", "localhost").header("content-type", "application/json");
    let request = request.header("accept", "application/json, text/event-stream");
    server.send(request.body(Body::from(call.to_string())).expect("a request")).await
}

/// What a tool returns.
async fn call(server: &Server, tool: &str, arguments: Value) -> Value {
    let result = reply(server, tool, arguments).await.json()["result"].clone();
    assert_ne!(result["isError"], true, "{result}");
    result["structuredContent"].clone()
}

/// The reason why a tool refuses.
async fn refusal(server: &Server, tool: &str, arguments: Value) -> String {
    let result = reply(server, tool, arguments).await.json()["result"].clone();
    assert_eq!(result["isError"], true, "{result}");
    result["content"][0]["text"].as_str().expect("a text").to_owned()
}

/// The words of another paper confirm nothing of the paper that is named.
#[tokio::test]
async fn a_quotation_is_confirmed_only_for_a_paper_that_is_there() {
    let server = Server::new();
    let quote = "fever is the only event that controlled trials associate firmly with the cells";
    let anywhere = call(&server, "verify_quote", json!({"quote": quote})).await;
    assert_eq!((&anywhere["status"], &anywhere["credited"]), (&json!("verbatim"), &Value::Null));
    let id = anywhere["passage"].as_str().expect("an id");
    let verify = async |paper: &str| call(&server, "verify_quote", json!({"quote": quote, "paper": paper})).await;
    let right = verify(id).await;
    assert_eq!((&right["status"], &right["credited"]), (&json!("verbatim"), &json!(true)));
    let papers = server.get("/v1/papers?limit=50").await.json()["papers"].clone();
    let others = papers.as_array().expect("papers").iter().filter_map(|paper| paper["id"].as_str());
    let other = others.into_iter().find(|paper| !id.starts_with(*paper)).expect("another paper");
    let wrong = verify(other).await;
    assert_eq!((&wrong["status"], &wrong["credited"]), (&json!("other_paper"), &json!(false)));
    let invented = refusal(&server, "verify_quote", json!({"quote": quote, "paper": "10.9999/invented"})).await;
    assert!(invented.contains("no paper \"10.9999/invented\""), "{invented}");
}

/// A server over reviews on knees, one of them retracted.
fn with_a_retracted_review() -> Server {
    let library = Library::without_model();
    let retracted = "<article article-type=\"retracted-article\"><front><article-meta><title-group><article-title>Gait after \
         cells</article-title></title-group></article-meta></front><body><sec><title>Findings</title><p>In all trials the gait of \
         the patients was better after cells.</p></sec></body></article>";
    library.write("retracted.xml", retracted);
    for (number, sentence) in [
        "Marrow cells changed nothing in the gait of elderly women during the second year of that study.",
        "Whether gait depends on how many cells survive in worn cartilage remains open, as animals were small.",
        "Slow gait and weak grip were common before donors gave cells for the third cohort of athletes.",
    ]
    .into_iter()
    .enumerate()
    {
        library.write(&format!("{number}.md"), &format!("# Review {number}\n\n{sentence}\n"));
    }
    library.index(&[library.papers()]);
    let state = AppState::new(library.engine(), limits());
    Server::over(library, state)
}

#[tokio::test]
async fn a_retracted_source_is_marked_wherever_it_is_named() {
    let server = with_a_retracted_review();
    let is_marked = |source: &Value| source.as_str().is_some_and(|source| source.ends_with("[retracted]"));
    let question = "gait of the patients in all trials after cells";
    let found = call(&server, "search", json!({"question": question})).await;
    let passage = found["passages"].as_array().and_then(|all| all.iter().find(|one| is_marked(&one["source"])));
    let passage = passage.unwrap_or_else(|| panic!("{found}"));
    let marked = found["passages"].as_array().map(|all| all.iter().filter(|one| is_marked(&one["source"])).count());
    assert_eq!(marked, Some(1), "{found}");
    let read = call(&server, "passage", json!({"id": passage["id"]})).await;
    assert!(is_marked(&read["source"]), "{read}");
    let answer = server.post("/v1/search", json!({"q": question}).to_string()).await.json()["answer"].clone();
    let sentences = answer["sentences"].as_array().expect("sentences");
    assert!(sentences.iter().any(|sentence| sentence["marks"] == json!(["retracted"])), "{answer}");
}

#[tokio::test]
async fn what_was_not_understood_of_a_question_is_said() {
    let server = with_a_retracted_review();
    let found = call(&server, "search", json!({"question": "gait of patients year:abc"})).await;
    assert!(found["not_understood"][0].as_str().is_some_and(|part| part.starts_with("year:abc: ")), "{found}");
    let server = Server::new();
    let found = call(&server, "search", json!({"question": "MSC infusion"})).await;
    assert!(found["read_as"][0].as_str().is_some_and(|sense| sense.starts_with("MSC as ")), "{found}");
}

/// The answer is made from more passages than are returned.
#[tokio::test]
async fn a_sentence_of_the_answer_has_its_source() {
    let server = Server::new();
    let question = "adverse events of mesenchymal stromal cells";
    let found = call(&server, "search", json!({"question": question, "limit": 1})).await;
    let shown = &found["passages"][0]["id"];
    let sentences = found["answer"].as_array().expect("sentences");
    assert!(sentences.iter().any(|sentence| sentence["passage"] != *shown), "{found}");
    for sentence in sentences {
        assert_eq!(sentence["source"].is_string(), sentence["passage"] != *shown, "{found}");
    }
}

#[tokio::test]
async fn the_limits_of_the_server_hold_for_assistants() {
    let question = QuestionLimits { default_per_paper: 1, ..limits().question };
    let server = Server::with(Limits { question, ..limits() });
    let found = call(&server, "search", json!({"question": "mesenchymal cells", "limit": 20})).await;
    let mut papers: Vec<&str> =
        found["passages"].as_array().expect("passages").iter().filter_map(|one| one["id"].as_str()).collect();
    papers.iter_mut().for_each(|id| *id = id.rsplit_once(':').expect("the id of a passage").0);
    let count = papers.len();
    papers.sort_unstable();
    papers.dedup();
    assert!(count > 1 && papers.len() == count, "one passage of each paper: {papers:?}");
    let long = refusal(&server, "search", json!({"question": "a".repeat(201)})).await;
    assert!(long.contains("201") && long.contains("200"), "{long}");
    let many = refusal(&server, "search", json!({"question": "cells", "tag": vec!["a"; 101]})).await;
    assert!(many.contains("tag has 101 values"), "{many}");
    reply(&server, "search", json!({"question": "a".repeat(5000)})).await.problem(413, "body_too_large");
    let busy = Server::with(Limits { max_concurrent: 0, ..limits() });
    assert!(refusal(&busy, "search", json!({"question": "cells"})).await.contains("try again"));
    let slow = HashEmbedderAfter::new(32, |_| std::thread::sleep(Duration::from_millis(500)));
    let slow = Server::empty(Arc::new(slow), Limits { timeout: Duration::from_millis(20), ..limits() });
    assert!(refusal(&slow, "search", json!({"question": "stiffness"})).await.contains("no answer within 20 ms"));
}
