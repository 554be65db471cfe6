//! The studies that papers cite, in the JSON of clients.

use serde::Serialize;
use utoipa::ToSchema;

use crate::corpus::Reference;

/// An entry of a paper's reference list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReferenceItem {
    /// Its index in the list, from 0.
    pub place: usize,
    /// The label by which the paper cites it, if any.
    pub label: Option<String>,
    pub authors: Vec<String>,
    pub title: Option<String>,
    pub journal: Option<String>,
    pub year: Option<u16>,
    pub doi: Option<String>,
    pub pmid: Option<String>,
    /// The entry as printed.
    pub text: String,
}

impl ReferenceItem {
    pub(super) fn new(place: usize, reference: &Reference) -> Self {
        let reference = reference.clone();
        Self {
            place,
            label: reference.label,
            authors: reference.authors,
            title: reference.title,
            journal: reference.journal,
            year: reference.year,
            doi: reference.doi,
            pmid: reference.pmid,
            text: reference.text,
        }
    }
}
