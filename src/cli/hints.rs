//! Hints for errors: the commands, flags and settings that help. The other modules do not know their names.

use crate::corpus::{Limited, ReadError};
use crate::embed::EmbedError;
use crate::eval::collection::EvalError;
use crate::ingest::IngestError;
use crate::search::SearchError;
use crate::server::{AccessError, RunError, ServeError};
use crate::store::IndexError;

/// The message, followed by a hint if there is one.
pub(super) fn with_hint(message: String, error: &anyhow::Error) -> String {
    match error.chain().find_map(of_cause) {
        Some(hint) => format!("{message}; {hint}"),
        None => message,
    }
}

/// Why a file was not read, with the setting of `[reading]` that sets the limit, if there is one.
pub(super) fn of_reading(error: &ReadError) -> String {
    let setting = match error {
        ReadError::TooLarge { .. } => "max_file_mb",
        ReadError::Timeout { .. } => "timeout_s",
        ReadError::OutOfMemory { .. } => "max_memory_mb",
        ReadError::OverLimit { what: Limited::Passages, .. } => "max_paragraphs",
        ReadError::OverLimit { what: Limited::Characters, .. } => "max_characters",
        ReadError::OverLimit { what: Limited::Sentences, .. } => "max_sentences",
        ReadError::OverLimit { what: Limited::References, .. } => "max_references",
        _ => return error.to_string(),
    };
    format!("{error}; `{setting}` of [reading] sets it")
}

fn of_cause(cause: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    if let Some(error) = cause.downcast_ref::<IndexError>() {
        return of_index(error);
    }
    if let Some(error) = cause.downcast_ref::<EmbedError>() {
        return of_embedding(error);
    }
    if let Some(error) = cause.downcast_ref::<IngestError>() {
        return of_ingest(error);
    }
    if let Some(error) = cause.downcast_ref::<SearchError>() {
        return of_search(error);
    }
    if let Some(error) = cause.downcast_ref::<EvalError>() {
        return match error {
            EvalError::Index(error) => of_index(error),
            EvalError::Ingest(error) => of_ingest(error),
            EvalError::Search(error) => of_search(error),
            _ => None,
        };
    }
    match cause.downcast_ref::<RunError>()? {
        RunError::Access(error) | RunError::Serve(ServeError::Access(error)) => of_access(error),
        _ => None,
    }
}

fn of_index(error: &IndexError) -> Option<&'static str> {
    match error {
        IndexError::Occupied { .. } => Some("name an empty or a new folder with --index"),
        IndexError::NotFound { .. } => Some("make one with `stroma index`"),
        IndexError::OtherVersion { .. } => Some(
            "run `stroma index --rebuild`, which leaves it as it is until the new one is there, or name another index with \
             --index",
        ),
        IndexError::OtherModel { .. } => Some("set [model] back, or run `stroma index --rebuild`"),
        IndexError::Replaced { .. } => Some("set [model] accordingly"),
        IndexError::Damaged { .. } => Some("to rebuild it, run `stroma index --rebuild`"),
        IndexError::Embed(error) => of_embedding(error),
        _ => None,
    }
}

fn of_embedding(error: &EmbedError) -> Option<&'static str> {
    match error {
        EmbedError::MissingFile { .. } => Some("run `stroma model fetch`, or set `folder` of [model]"),
        EmbedError::NoInt8 => Some("set `precision` of [model] to \"auto\""),
        EmbedError::Unsupported { .. } => Some("see models/README.md, and `pooling` of [model]"),
        _ => None,
    }
}

fn of_ingest(error: &IngestError) -> Option<&'static str> {
    match error {
        IngestError::Stopped => Some("the same command goes on from there"),
        IngestError::Emptied { .. } => Some("if it is meant to be empty, use --emptied"),
        IngestError::Index(error) => of_index(error),
        IngestError::Embed(error) => of_embedding(error),
        _ => None,
    }
}

fn of_search(error: &SearchError) -> Option<&'static str> {
    match error {
        SearchError::Index(error) => of_index(error),
        SearchError::Embed(error) => of_embedding(error),
        SearchError::EmptyQuestion | SearchError::NoWords { .. } => None,
    }
}

fn of_access(error: &AccessError) -> Option<&'static str> {
    match error {
        AccessError::WithoutKeys { .. } => Some(
            "set search_key and admin_key of [server] (or STROMA_SERVER_SEARCH_KEY and STROMA_SERVER_ADMIN_KEY, or \
             keys_file), or allow_without_keys = true",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_found_behind_errors_that_wrap_it() {
        let missing = || IndexError::NotFound { folder: "index".into() };
        for error in [
            anyhow::Error::from(missing()),
            SearchError::from(missing()).into(),
            EvalError::from(IngestError::from(missing())).into(),
            anyhow::Error::from(missing()).context("cannot answer"),
        ] {
            assert_eq!(with_hint("no index".into(), &error), "no index; make one with `stroma index`");
        }
        assert_eq!(with_hint("no question".into(), &SearchError::EmptyQuestion.into()), "no question");
    }
}
