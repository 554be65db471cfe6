//! Questions and answers.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;

use crate::server::extract::{FromJson, FromQuery};
use crate::server::metrics::Stage;
use crate::server::problem::Problem;
use crate::server::state::AppState;
use crate::server::wire::{ProblemBody, SearchRequest, SearchResponse};

type Answered = Result<Json<SearchResponse>, Problem>;

/// Answers a question
#[utoipa::path(get, path = "/v1/search", tag = "search", params(SearchRequest), responses(
    (status = 200, body = SearchResponse),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::server) async fn get(
    State(state): State<Arc<AppState>>,
    FromQuery(request): FromQuery<SearchRequest>,
) -> Answered {
    answer(&state, request).await
}

/// Answers a question that is given in a body
#[utoipa::path(post, path = "/v1/search", tag = "search", request_body = SearchRequest, responses(
    (status = 200, body = SearchResponse),
    (status = "default", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(in crate::server) async fn post(
    State(state): State<Arc<AppState>>,
    FromJson(request): FromJson<SearchRequest>,
) -> Answered {
    answer(&state, request).await
}

async fn answer(state: &Arc<AppState>, request: SearchRequest) -> Answered {
    let explained = request.explain;
    let began = Instant::now();
    // All that the answer depends on, besides the commit; white space says nothing.
    let words: Vec<&str> = request.q.split_whitespace().collect();
    let asked = format!("{:?}", SearchRequest { q: words.join(" "), ..request.clone() });
    let question = request.q.clone();
    let request = request.check(&state.limits)?;
    if let Some(known) = state.remembered(&asked) {
        let took_ms = began.elapsed().as_secs_f64() * 1e3;
        return Ok(Json(SearchResponse { query: question, took_ms, stages_ms: None, ..known }));
    }
    let respond = move |state: &AppState| {
        let answer = state.engine.search(&request)?;
        state.metrics.answer(&answer.timings);
        let began = Instant::now();
        let response = SearchResponse::new(&answer, explained);
        state.metrics.stage(Stage::Render, began.elapsed());
        state.remember(asked, &response);
        Ok(response)
    };
    Ok(Json(state.blocking(respond).await?))
}
