//! Questions and answers.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::bibliography::{papers_found, studies_cited};
use crate::server::accept::{reference_format, references};
use crate::server::extract::{FromJson, FromQuery};
use crate::server::metrics::RequestStage;
use crate::server::problem::Problem;
use crate::server::response_cache::{CacheKey, RenderedResponse};
use crate::server::state::AppState;
use crate::wire::{SearchRequest, SearchResponse};

type Answered = Result<Response, Problem>;

/// Answers a question
#[utoipa::path(get, path = "/v1/search", tag = "search", operation_id = "searchPassages", params(SearchRequest), responses(
    (status = 200, body = SearchResponse),
))]
pub(in crate::server) async fn get(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    FromQuery(request): FromQuery<SearchRequest>,
) -> Answered {
    answer(&state, &headers, request).await
}

/// Answers a question in the body of the request
#[utoipa::path(post, path = "/v1/search", tag = "search", operation_id = "searchPassagesByBody", request_body = SearchRequest, responses(
    (status = 200, body = SearchResponse),
))]
pub(in crate::server) async fn post(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    FromJson(request): FromJson<SearchRequest>,
) -> Answered {
    answer(&state, &headers, request).await
}

async fn answer(state: &Arc<AppState>, headers: &HeaderMap, request: SearchRequest) -> Answered {
    let Some(format) = reference_format(request.format.as_deref(), headers)? else {
        return answer_as_json(state, request).await;
    };
    let cited = request.cited;
    let request = request.into_request(&state.limits.question)?;
    let find = move |state: &AppState| {
        let answer = state.engine.search(&request)?;
        Ok(if cited { studies_cited(&answer) } else { papers_found(&answer) })
    };
    Ok(references(&state.blocking(find).await?, format))
}

async fn answer_as_json(state: &Arc<AppState>, request: SearchRequest) -> Answered {
    let began = Instant::now();
    let key = CacheKey::new(state.engine.store().snapshot().commit_id().to_owned(), &request);
    let (question, explained, facets) = (request.q.clone(), request.explain, request.facets.clone());
    let request = request.into_request(&state.limits.question)?;
    if let Some(cached) = state.responses.get(&key) {
        state.metrics.count_cache_hit();
        let again = cached.again(&question, began.elapsed().as_secs_f64() * 1e3);
        return again.map(json).map_err(|error| Problem::internal(&error));
    }
    let respond = move |state: &AppState| {
        let answer = state.engine.search(&request)?;
        state.metrics.observe_search(&answer.timings);
        let began = Instant::now();
        let mut response = SearchResponse::new(&answer, explained, &facets);
        let snapshot = state.engine.store().snapshot();
        let papers: Vec<&str> = response.hits.iter().map(|hit| hit.hit.paper.id.as_str()).collect();
        let sources = snapshot.sources_of_papers(&papers)?;
        for hit in response.hits.iter_mut().map(|hit| &mut hit.hit) {
            hit.add_library(sources.get(&hit.paper.id).map_or(&[], Vec::as_slice));
        }
        let rendered = RenderedResponse::new(&response).map_err(|error| Problem::internal(&error))?;
        state.responses.insert(key, &response.commit, rendered.clone());
        state.metrics.observe_stage(RequestStage::Render, began.elapsed());
        Ok(rendered)
    };
    state.blocking(respond).await.map(json)
}

fn json(response: RenderedResponse) -> Response {
    ([(CONTENT_TYPE, mime::APPLICATION_JSON.as_ref())], response.into_json()).into_response()
}
