//! Counts the passages that a question finds, in total and by year, journal, article type and section.

use std::collections::HashMap;

use super::answer::Facets;
use super::error::SearchError;
use super::ranking::RankedPassage;
use crate::index::{PaperKey, Snapshot};

/// The ranked passages that can be shown: the best ones of each paper, up to the maximum for one paper.
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

/// Counts the values of passages. Reads the record of each passage.
pub(super) fn facets(snapshot: &Snapshot, passages: &[&RankedPassage]) -> Result<Facets, SearchError> {
    let mut facets = Facets::default();
    for ranked in passages {
        let record = snapshot.passage(ranked.address)?;
        let section = record.passage.section_kind().name();
        if let Some(year) = record.metadata.year {
            *facets.years.entry(year).or_default() += 1;
            *facets.sections_by_year.entry(year).or_default().entry(section).or_default() += 1;
        }
        if let Some(journal) = record.metadata.journal {
            *facets.journals.entry(journal).or_default() += 1;
        }
        if let Some(article_type) = record.metadata.article_type {
            *facets.article_types.entry(article_type).or_default() += 1;
        }
        *facets.sections.entry(section).or_default() += 1;
    }
    Ok(facets)
}
