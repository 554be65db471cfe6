//! A paper on a line of text.

use super::super::printable::printable;
use super::super::style;
use crate::corpus::{Metadata, PaperId};

/// A paper's id, title and year.
pub(super) fn named(id: &PaperId, metadata: &Metadata) -> String {
    let (title, reset) = (style::TITLE, style::RESET);
    let name = printable(metadata.title.as_deref().unwrap_or("(no title)"));
    let year = metadata.year.map(|year| format!(" ({year})")).unwrap_or_default();
    format!("{title}{id}{reset}  {name}{year}")
}
