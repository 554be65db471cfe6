//! The Model Context Protocol over HTTP: what assistants are told, and the limits on what they ask.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::http_support::{Reply, Server};

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
    let found = call(&server, "search", json!({"question": "fever after infusion in controlled trials"})).await;
    let passage = found["passages"].as_array().expect("passages").iter().find(|one| one["evidence"].is_array());
    let passage = passage.unwrap_or_else(|| panic!("{found}"));
    let (quote, id) = (&passage["evidence"][0]["text"], passage["id"].as_str().expect("an id"));
    let verify = async |paper: &str| call(&server, "verify_quote", json!({"quote": quote, "paper": paper})).await;
    let right = verify(id).await;
    assert_eq!((&right["status"], &right["credited"]), (&json!("verbatim"), &json!(true)));
    let papers = server.get("/v1/papers?limit=50").await.json()["papers"].clone();
    let others = papers.as_array().expect("papers").iter().filter_map(|paper| paper["id"].as_str());
    let other = others.into_iter().find(|paper| !id.starts_with(*paper)).expect("another paper");
    let wrong = verify(other).await;
    assert_eq!((&wrong["status"], &wrong["credited"]), (&json!("other_paper"), &json!(false)));
    let anywhere = call(&server, "verify_quote", json!({"quote": quote})).await;
    assert_eq!((&anywhere["status"], &anywhere["credited"]), (&json!("verbatim"), &Value::Null));
    let invented = refusal(&server, "verify_quote", json!({"quote": quote, "paper": "10.9999/invented"})).await;
    assert!(invented.contains("no paper \"10.9999/invented\""), "{invented}");
}
