//! What the reader leaves out of an indexed paper.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path as PathParameter, State};

use super::manage::on_disk;
use super::source::{gone, indexed_files};
use crate::server::problem::{Code, Problem};
use crate::server::state::AppState;
use crate::wire::ReadingResponse;

/// Shows what is left out of the file that a paper was indexed from
///
/// The file is read once more, in a process of its own within the limits of reading, and by the reader of this program, also where a
/// GROBID server read it for the index. One paper is read at a time.
#[utoipa::path(get, path = "/v1/papers/{id}/reading", tag = "papers", operation_id = "getPaperReading", params(("id" = String, Path, example = "10.1186_ar2116")), responses(
    (status = 200, body = ReadingResponse),
))]
pub(in crate::server) async fn reading(
    State(state): State<Arc<AppState>>,
    PathParameter(id): PathParameter<String>,
) -> Result<Json<ReadingResponse>, Problem> {
    let jobs = Arc::clone(state.jobs()?);
    let named = id.clone();
    let find = move |state: &AppState| {
        let record = state.paper(&state.engine.store().snapshot(), &named)?;
        indexed_files(&record).map(|files| (record.id, files)).ok_or_else(|| gone(&named))
    };
    let (paper, files) = state.blocking(find).await?;
    let permit = Arc::clone(&state.rereading).try_acquire_owned();
    let permit = permit.map_err(|_| Problem::overloaded("another paper is being read; try again"))?;
    let response = on_disk(move || {
        // Held until the work is done, even if the client disconnects.
        let _permit = permit;
        let describe = jobs.library().options.describe;
        let unreadable = |detail: String| Problem::new(Code::UnreadablePaper, detail);
        let read = jobs.rereads().read(&files).map_err(|failure| unreadable(describe(&failure.error)))?;
        // Files that look like pages of one paper may be several papers.
        let same = read.iter().find(|one| one.id == paper).or(read.first());
        let read = same.ok_or_else(|| gone(&id))?;
        Ok(ReadingResponse::new(paper.as_str(), &read.article))
    });
    Ok(Json(response.await?))
}
