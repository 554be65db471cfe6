//! Counts the passages that a question finds, in total and by year, journal, article type, section,
//! collection and tag.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::answer::Facets;
use super::error::SearchError;
use super::ranking::RankedPassage;
use crate::library::with_parents;
use crate::store::{PaperKey, PassageAddress, Snapshot, labels};

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
    let mut papers: HashMap<PaperKey, (String, usize)> = HashMap::new();
    let addresses: Vec<PassageAddress> = passages.iter().map(|ranked| ranked.address).collect();
    for (ranked, record) in passages.iter().zip(snapshot.passages(&addresses)?) {
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
        let paper = papers.entry(snapshot.paper_key(ranked.address)?);
        paper.or_insert_with(|| (record.paper.to_string(), 0)).1 += 1;
    }
    count_labels(snapshot, &papers.into_values().collect(), &mut facets)?;
    Ok(facets)
}

/// Counts the labels of papers, each as often as it has passages.
fn count_labels(snapshot: &Snapshot, papers: &BTreeMap<String, usize>, facets: &mut Facets) -> Result<(), SearchError> {
    let ids: Vec<&str> = papers.keys().map(String::as_str).collect();
    for (paper, sources) in snapshot.sources_of_papers(&ids)? {
        let passages = papers.get(&paper).copied().unwrap_or_default();
        let collections = labels(&sources, |item| &item.collections);
        let collections: BTreeSet<&str> = collections.into_iter().flat_map(with_parents).collect();
        for collection in collections {
            *facets.collections.entry(collection.to_owned()).or_default() += passages;
        }
        for tag in labels(&sources, |item| &item.tags) {
            *facets.tags.entry(tag.to_owned()).or_default() += passages;
        }
    }
    Ok(())
}
