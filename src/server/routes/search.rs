//! Questions and answers.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::server::extract::{FromJson, FromQuery};
use crate::server::problem::Problem;
use crate::server::state::AppState;
use crate::server::wire::{SearchRequest, SearchResponse};

type Answered = Result<Json<SearchResponse>, Problem>;

/// A question in the query string.
pub(in crate::server) async fn get(
    State(state): State<Arc<AppState>>,
    FromQuery(request): FromQuery<SearchRequest>,
) -> Answered {
    answer(&state, request).await
}

/// A question in a JSON body.
pub(in crate::server) async fn post(
    State(state): State<Arc<AppState>>,
    FromJson(request): FromJson<SearchRequest>,
) -> Answered {
    answer(&state, request).await
}

async fn answer(state: &Arc<AppState>, request: SearchRequest) -> Answered {
    let request = request.check(&state.limits)?;
    let respond = move |state: &AppState| Ok(SearchResponse::from(&state.engine.search(&request)?));
    Ok(Json(state.blocking(respond).await?))
}
