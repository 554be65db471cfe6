//! Counts of what a question finds: how many passages, and of which years, journals, types and sections.

use std::collections::{BTreeMap, HashMap};

use super::error::SearchError;
use super::ranking::RankedPassage;
use crate::index::{PaperKey, Snapshot};

/// How many passages can be paged through: the candidates, without those beyond the maximum for one paper.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Total {
    pub passages: usize,
    /// Whether there may be others, which are found on further pages, or fewer, since phrases are compared word for word on the page
    /// that is shown only.
    pub is_estimate: bool,
}

/// How many of the passages that [`Total`] counts have each value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    pub years: BTreeMap<u16, usize>,
    /// As the papers write them.
    pub journals: BTreeMap<String, usize>,
    pub article_types: BTreeMap<String, usize>,
    /// By the names of their kinds.
    pub sections: BTreeMap<&'static str, usize>,
}

/// Those of the ranked passages that can be shown: the best of each paper, up to the maximum for one paper.
pub(super) fn shown<'a>(
    snapshot: &Snapshot,
    ranked: &'a [RankedPassage],
    per_paper: usize,
) -> Result<Vec<&'a RankedPassage>, SearchError> {
    let mut of_paper: HashMap<PaperKey, usize> = HashMap::new();
    let mut shown = Vec::new();
    for candidate in ranked {
        let count = of_paper.entry(snapshot.paper_key(candidate.address)?).or_default();
        *count += 1;
        if *count <= per_paper {
            shown.push(candidate);
        }
    }
    Ok(shown)
}

impl Facets {
    /// Counts the values of passages. Reads the record of each.
    pub(super) fn count(snapshot: &Snapshot, passages: &[&RankedPassage]) -> Result<Self, SearchError> {
        let mut facets = Self::default();
        for ranked in passages {
            let record = snapshot.passage(ranked.address)?;
            if let Some(year) = record.metadata.year {
                *facets.years.entry(year).or_default() += 1;
            }
            if let Some(journal) = record.metadata.journal {
                *facets.journals.entry(journal).or_default() += 1;
            }
            if let Some(article_type) = record.metadata.article_type {
                *facets.article_types.entry(article_type).or_default() += 1;
            }
            *facets.sections.entry(record.passage.section_kind().name()).or_default() += 1;
        }
        Ok(facets)
    }
}
