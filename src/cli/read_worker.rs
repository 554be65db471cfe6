//! `stroma read-worker`: reads papers for another process of this program. It is not meant to be called by users.

use super::outcome::Outcome;
use crate::ingest::serve_reads;

pub(super) fn run() -> anyhow::Result<Outcome> {
    serve_reads()?;
    Ok(Outcome::Success)
}
