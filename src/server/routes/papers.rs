//! Papers and passages.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use crate::bibliography::Entry;
use crate::corpus::PassageId;
use crate::server::accept::{reference_format, references};
use crate::server::extract::FromQuery;
use crate::server::problem::Problem;
use crate::server::state::AppState;
use crate::store::{
    Candidate, Filter, IndexError, Labels, PaperFilter, PaperOrder, PaperRecord, PassageRecord, Snapshot,
};
use crate::wire::{
    PaperPassageItem, PaperPassagesRequest, PaperPassagesResponse, PaperResponse, PaperSummary, PapersRequest,
    PapersResponse, PassageItem, PassageRequest, PassageResponse, SimilarItem, SimilarRequest, SimilarResponse, Whole,
    year,
};

/// Lists papers
#[utoipa::path(get, path = "/v1/papers", tag = "papers", operation_id = "listPapers", params(PapersRequest), responses(
    (status = 200, body = PapersResponse),
))]
pub(in crate::server) async fn list(
    State(state): State<Arc<AppState>>,
    headers: HeaderMap,
    FromQuery(request): FromQuery<PapersRequest>,
) -> Result<Response, Problem> {
    let format = reference_format(request.format.as_deref(), &headers)?;
    let limit = Whole::value_or(request.limit, "limit", 20)?;
    let offset = Whole::value_or(request.offset, "offset", 0)?;
    let filter = filter(&request)?;
    let order = request.sort.map(PaperOrder::from).unwrap_or_default();
    let read = move |state: &AppState| {
        let snapshot = state.engine.store().snapshot();
        let page = snapshot.papers_page(&filter, order, offset, limit)?;
        let response = match format {
            Some(format) => {
                let entry = |paper: &PaperRecord| Entry::from_paper(paper.id.as_str(), &paper.metadata);
                references(&page.papers.iter().map(entry).collect::<Vec<_>>(), format)
            }
            None => {
                let papers = page.papers.iter().map(PaperSummary::from).collect();
                let commit = snapshot.commit_id().to_owned();
                Json(PapersResponse { commit, total: page.total, offset, papers }).into_response()
            }
        };
        Ok(response)
    };
    state.blocking(read).await
}

fn filter(request: &PapersRequest) -> Result<PaperFilter, Problem> {
    let passages = Filter {
        year_from: year("year_from", request.year_from)?,
        year_to: year("year_to", request.year_to)?,
        journals: request.journals.iter().cloned().collect(),
        article_types: request.types.iter().cloned().collect(),
        papers: request.papers.iter().cloned().collect(),
        ..Filter::default()
    };
    let text =
        |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(PaperFilter {
        passages,
        labels: Labels {
            collections: request.collection.iter().cloned().collect(),
            tags: request.tag.iter().cloned().collect(),
        },
        title: request.title.clone(),
        author: text(&request.author),
        identifier: text(&request.doi),
        words: text(&request.q),
    })
}

/// Returns a paper with its sections and references
#[utoipa::path(get, path = "/v1/papers/{id}", tag = "papers", operation_id = "getPaper", params(("id" = String, Path, example = "10.1186_ar2116")), responses(
    (status = 200, body = PaperResponse),
))]
pub(in crate::server) async fn paper(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
) -> Result<Json<PaperResponse>, Problem> {
    let read = move |state: &AppState| {
        let snapshot = state.engine.store().snapshot();
        let record = state.paper(&snapshot, &id)?;
        let passages: Vec<_> =
            snapshot.passages_of(record.id.as_str())?.into_iter().map(|(_, record)| record).collect();
        Ok(PaperResponse::new(&record, &passages))
    };
    Ok(Json(state.blocking(read).await?))
}

/// Lists the passages of a paper, in its order
#[utoipa::path(get, path = "/v1/papers/{id}/passages", tag = "papers", operation_id = "listPaperPassages", params(("id" = String, Path, example = "10.1186_ar2116"), PaperPassagesRequest), responses(
    (status = 200, body = PaperPassagesResponse),
))]
pub(in crate::server) async fn passages(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    FromQuery(request): FromQuery<PaperPassagesRequest>,
) -> Result<Json<PaperPassagesResponse>, Problem> {
    let limit = Whole::value_or(request.limit, "limit", 100)?;
    let offset = Whole::value_or(request.offset, "offset", 0)?;
    let read = move |state: &AppState| {
        let snapshot = state.engine.store().snapshot();
        let record = state.paper(&snapshot, &id)?;
        let all = snapshot.passages_of(record.id.as_str())?;
        let passages = all.iter().skip(offset).take(limit).map(|(_, passage)| PaperPassageItem::from(passage));
        let (total, passages) = (all.len(), passages.collect());
        Ok(PaperPassagesResponse { paper: record.id.to_string(), total, offset, passages })
    };
    Ok(Json(state.blocking(read).await?))
}

/// Gives the paper with a DOI, which may be written with its slash
#[utoipa::path(get, path = "/v1/papers/{prefix}/{suffix}", tag = "papers", operation_id = "getPaperByDoi",
    params(("prefix" = String, Path), ("suffix" = String, Path)),
    responses(
        (status = 200, body = PaperResponse),
    ))]
pub(in crate::server) async fn paper_of_doi(
    state: State<Arc<AppState>>,
    Path((prefix, suffix)): Path<(String, String)>,
) -> Result<Json<PaperResponse>, Problem> {
    paper(state, Path(format!("{prefix}/{suffix}"))).await
}

/// Returns a passage with its neighbours
#[utoipa::path(get, path = "/v1/passages/{id}", tag = "papers", operation_id = "getPassage", params(("id" = String, Path, example = "10.1186_ar2116:12"), PassageRequest), responses(
    (status = 200, body = PassageResponse),
))]
pub(in crate::server) async fn passage(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    FromQuery(request): FromQuery<PassageRequest>,
) -> Result<Json<PassageResponse>, Problem> {
    let count = Whole::value_or(request.neighbours, "neighbours", 1)? as u32;
    let read = move |state: &AppState| {
        let snapshot = state.engine.store().snapshot();
        let address = snapshot.find_passage(&id)?.ok_or_else(|| Problem::not_found("passage", &id))?;
        let record = snapshot.passage(address)?;
        let here = record.passage.ordinal;
        let at = |ordinals: std::ops::Range<u32>| {
            let ids = ordinals.map(|ordinal| PassageId::new(&record.paper, ordinal));
            ids.filter_map(|id| neighbour(&snapshot, &id).transpose()).collect::<Result<Vec<_>, _>>()
        };
        let before = at(here.saturating_sub(count)..here)?;
        let after = at(here.saturating_add(1)..here.saturating_add(1).saturating_add(count))?;
        Ok(PassageResponse::new(&record, before, after))
    };
    Ok(Json(state.blocking(read).await?))
}

fn neighbour(snapshot: &Snapshot, id: &PassageId) -> Result<Option<PassageItem>, IndexError> {
    let Some(address) = snapshot.find_passage(id.as_str())? else { return Ok(None) };
    Ok(Some(PassageItem::from(&snapshot.passage(address)?)))
}

/// Returns the passages that are nearest in meaning to a passage
#[utoipa::path(get, path = "/v1/passages/{id}/similar", tag = "papers", operation_id = "listSimilarPassages", params(("id" = String, Path, example = "10.1186_ar2116:12"), SimilarRequest),
    responses(
        (status = 200, body = SimilarResponse),
    ))]
pub(in crate::server) async fn similar(
    State(state): State<Arc<AppState>>,
    Path(id): Path<String>,
    FromQuery(request): FromQuery<SimilarRequest>,
) -> Result<Json<SimilarResponse>, Problem> {
    let limit = Whole::value_or(request.limit, "limit", 10)?;
    let same_paper = request.same_paper.unwrap_or(false);
    let read = move |state: &AppState| {
        let snapshot = state.engine.store().snapshot();
        let address = snapshot.find_passage(&id)?.ok_or_else(|| Problem::not_found("passage", &id))?;
        let found = snapshot.similar(address, limit, same_paper)?;
        let records = snapshot.passages(&found.iter().map(|found| found.address).collect::<Vec<_>>())?;
        let papers: Vec<&str> = records.iter().map(|record| record.paper.as_str()).collect();
        let sources = snapshot.sources_of_papers(&papers)?;
        let item = |(found, record): (&Candidate, &PassageRecord)| {
            let mut item = SimilarItem::new(found.score, record);
            item.hit.add_library(sources.get(record.paper.as_str()).map_or(&[], Vec::as_slice));
            item
        };
        Ok(SimilarResponse { id, hits: found.iter().zip(&records).map(item).collect() })
    };
    Ok(Json(state.blocking(read).await?))
}
