//! Checks of quotations.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use crate::corpus::manuscript::read_manuscript_text;
use crate::server::extract::FromJson;
use crate::server::problem::{Code, Problem};
use crate::server::state::AppState;
use crate::wire::{VerifyRequest, VerifyResponse, limit_quotations};

/// Maximum number of bytes of a manuscript's request. A chapter of a thesis has 100 KB.
pub(in crate::server) const MAX_BODY: usize = 1 << 20;

/// Checks the quotations of a manuscript
///
/// Finds quotations in quotation marks and in paragraphs of their own, and sentences that name a passage or a citation key, and says
/// for each whether a paper has it word by word: `verbatim`, `altered`, `other_paper` or `not_found`. Typographic differences, elisions
/// and insertions in square brackets do not count. A body has at most 1 MB and 2,000 quotations, of which
/// 200 may be shorter than 19 letters.
#[utoipa::path(post, path = "/v1/verify", tag = "search", operation_id = "verifyQuotes", request_body = VerifyRequest, responses(
    (status = 200, body = VerifyResponse),
))]
pub(in crate::server) async fn verify(
    State(state): State<Arc<AppState>>,
    request: Result<FromJson<VerifyRequest>, Problem>,
) -> Result<Json<VerifyResponse>, Problem> {
    let FromJson(request) = request.map_err(|problem| match problem.code {
        Code::BodyTooLarge => Problem::new(Code::BodyTooLarge, format!("a body has at most {MAX_BODY} bytes here")),
        _ => problem,
    })?;
    let format = request.format()?;
    let check = move |state: &AppState| {
        let mut manuscript = read_manuscript_text(&request.text, "", format);
        manuscript.read_bibliography(request.bibliography.as_deref().unwrap_or_default());
        limit_quotations(&manuscript)?;
        let snapshot = state.engine.store().snapshot();
        let Some(index) = state.quotes.of(&snapshot)? else {
            return Err(Problem::overloaded("the papers are being prepared for comparison; try again"));
        };
        let verdicts = index.check_all(&snapshot, &manuscript, &|| Some(state.engine.embedder()))?;
        Ok(VerifyResponse::new(snapshot.commit_id(), &manuscript, &verdicts))
    };
    Ok(Json(state.blocking(check).await?))
}
