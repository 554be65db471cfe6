//! Problems that a check of a store finds.

use serde::Serialize;

use crate::corpus::PaperId;

/// A problem with the store, and its remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The paper concerned, if the problem is with one paper.
    pub paper: Option<PaperId>,
    pub what: String,
    pub remedy: String,
    /// Whether a writer that [accepts the papers](crate::store::StoreWriter::accept_papers) and removes this one mends it. False for
    /// files that are damaged.
    #[serde(skip)]
    pub is_repairable: bool,
}

impl Finding {
    /// A problem with one paper, which indexing its file again mends.
    pub fn for_paper(paper: &PaperId, what: String) -> Self {
        let remedy = "remove it and index its file again".to_owned();
        Self { paper: Some(paper.clone()), what, remedy, is_repairable: true }
    }
}
