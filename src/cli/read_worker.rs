//! `stroma read-worker`: reads papers for another process of this program. Not for people.

use super::outcome::Outcome;
use crate::ingest::serve_reads;

pub(super) fn run() -> anyhow::Result<Outcome> {
    serve_reads()?;
    Ok(Outcome::Success)
}
