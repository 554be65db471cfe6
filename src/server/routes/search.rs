//! Questions and answers.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::State;

use crate::server::extract::{FromJson, FromQuery};
use crate::server::metrics::RequestStage;
use crate::server::problem::Problem;
use crate::server::response_cache::CacheKey;
use crate::server::state::AppState;
use crate::wire::{SearchRequest, SearchResponse};

type Answered = Result<Json<SearchResponse>, Problem>;

/// Answers a question
#[utoipa::path(get, path = "/v1/search", tag = "search", operation_id = "searchPassages", params(SearchRequest), responses(
    (status = 200, body = SearchResponse),
))]
pub(in crate::server) async fn get(
    State(state): State<Arc<AppState>>,
    FromQuery(request): FromQuery<SearchRequest>,
) -> Answered {
    answer(&state, request).await
}

/// Answers a question in the body of the request
#[utoipa::path(post, path = "/v1/search", tag = "search", operation_id = "searchPassagesByBody", request_body = SearchRequest, responses(
    (status = 200, body = SearchResponse),
))]
pub(in crate::server) async fn post(
    State(state): State<Arc<AppState>>,
    FromJson(request): FromJson<SearchRequest>,
) -> Answered {
    answer(&state, request).await
}

async fn answer(state: &Arc<AppState>, request: SearchRequest) -> Answered {
    let began = Instant::now();
    let key = CacheKey::new(state.engine.index().snapshot().commit_id().to_owned(), &request);
    let (question, explained, facets) = (request.q.clone(), request.explain, request.facets.clone());
    let request = request.into_request(&state.limits.question)?;
    if let Some(cached) = state.responses.get(&key) {
        state.metrics.count_cache_hit();
        let took_ms = began.elapsed().as_secs_f64() * 1e3;
        return Ok(Json(SearchResponse { query: question, took_ms, stages_ms: None, ..cached.as_ref().clone() }));
    }
    let respond = move |state: &AppState| {
        let answer = state.engine.search(&request)?;
        state.metrics.observe_search(&answer.timings);
        let began = Instant::now();
        let response = SearchResponse::new(&answer, explained, &facets);
        state.metrics.observe_stage(RequestStage::Render, began.elapsed());
        state.responses.insert(key, Arc::new(response.clone()));
        Ok(response)
    };
    Ok(Json(state.blocking(respond).await?))
}
