//! Looks into the index for the tools other than `search`.

use super::output::{
    Count, FoundPassage, LibraryOutput, Neighbour, OutlineEntry, PaperOutput, PassageOutput, SimilarOutput, marks,
    source, study,
};
use crate::corpus::PassageId;
use crate::store::{IndexError, PaperFilter, PaperOrder, PassageRecord, Snapshot};

/// Values of a facet that are listed.
const MAX_VALUES: usize = 30;

/// The newest papers that are listed.
const NEWEST: usize = 10;

/// A passage with `neighbours` passages from before and from after it.
pub(super) fn passage(
    snapshot: &Snapshot,
    id: &str,
    neighbours: u32,
    max_characters: usize,
) -> Result<Option<PassageOutput>, IndexError> {
    let Some(address) = snapshot.find_passage(id)? else { return Ok(None) };
    let record = snapshot.passage(address)?;
    let here = record.passage.ordinal;
    let mut left = max_characters.saturating_sub(record.passage.text.len());
    let mut found = Vec::new();
    // The nearest first, so that the limit cuts the farthest.
    for distance in 1..=neighbours {
        for ordinal in [here.checked_sub(distance), here.checked_add(distance)].into_iter().flatten() {
            let id = PassageId::new(&record.paper, ordinal);
            let Some(address) = snapshot.find_passage(id.as_str())? else { continue };
            let text = snapshot.passage(address)?.passage.text;
            if text.len() <= left {
                left -= text.len();
                found.push((ordinal, Neighbour { id: id.to_string(), text }));
            }
        }
    }
    found.sort_by_key(|(ordinal, _)| *ordinal);
    let page = record.passage.pages.map(|(first, _)| first);
    Ok(Some(PassageOutput {
        id: record.passage.id.to_string(),
        source: source(&record.metadata),
        section: record.passage.section.join(" › "),
        page,
        open: open(snapshot, &record, page)?,
        cites: record.cited.values().map(study).collect(),
        text: record.passage.text,
        neighbours: found.into_iter().map(|(_, neighbour)| neighbour).collect(),
    }))
}

/// The address that opens a passage for the user.
fn open(snapshot: &Snapshot, record: &PassageRecord, page: Option<u32>) -> Result<Option<String>, IndexError> {
    let sources = snapshot.sources_of_paper(record.paper.as_str())?;
    let item = sources.first().and_then(|source| source.item.as_deref());
    let in_manager = item.and_then(|item| item.url(page));
    Ok(in_manager.or_else(|| record.metadata.doi.as_ref().map(|doi| format!("https://doi.org/{doi}"))))
}

/// A paper by its id or an identifier, with the studies it cites if they are asked for.
pub(super) fn paper(snapshot: &Snapshot, name: &str, with_references: bool) -> Result<Option<PaperOutput>, IndexError> {
    let Some(record) = snapshot.paper_named(name)? else { return Ok(None) };
    let passages = snapshot.passages_of(record.id.as_str())?;
    Ok(Some(PaperOutput {
        id: record.id.to_string(),
        source: source(&record.metadata),
        doi: record.metadata.doi.clone(),
        pmid: record.metadata.pmid.clone(),
        marks: marks(&record.metadata),
        outline: outline(passages.iter().map(|(_, record)| record)),
        references: record.references.len(),
        cites: if with_references { record.references.iter().map(study).collect() } else { Vec::new() },
    }))
}

fn outline<'a>(passages: impl Iterator<Item = &'a PassageRecord>) -> Vec<OutlineEntry> {
    let mut outline: Vec<OutlineEntry> = Vec::new();
    for record in passages {
        let (section, id) = (record.passage.section.join(" › "), record.passage.id.to_string());
        match outline.last_mut() {
            Some(entry) if entry.section == section => entry.last = id,
            _ => outline.push(OutlineEntry { section, first: id.clone(), last: id }),
        }
    }
    outline
}

/// The passages of other papers that are nearest in meaning to one.
pub(super) fn similar(snapshot: &Snapshot, id: &str, limit: usize) -> Result<Option<SimilarOutput>, IndexError> {
    let Some(address) = snapshot.find_passage(id)? else { return Ok(None) };
    let similar = snapshot.similar(address, limit, false)?.into_iter();
    let passages = similar.map(|found| Ok(FoundPassage::without_evidence(&snapshot.passage(found.address)?)));
    let passages = passages.collect::<Result<_, IndexError>>()?;
    Ok(Some(SimilarOutput { passages }))
}

/// What is in the library.
pub(super) fn library(snapshot: &Snapshot) -> Result<LibraryOutput, IndexError> {
    let (counts, facets) = (snapshot.counts(), snapshot.paper_facets()?);
    let newest = snapshot.papers_page(&PaperFilter::default(), PaperOrder::Newest, 0, NEWEST)?.papers;
    Ok(LibraryOutput {
        papers: counts.papers,
        passages: counts.passages,
        years: facets.years.into_iter().map(|(year, papers)| Count { value: year.to_string(), papers }).collect(),
        journals: largest(facets.journals),
        types: largest(facets.article_types),
        collections: largest(facets.collections),
        tags: largest(facets.tags),
        newest: newest.iter().map(|paper| format!("[{}] {}", paper.id, source(&paper.metadata))).collect(),
    })
}

fn largest(counts: impl IntoIterator<Item = (String, usize)>) -> Vec<Count> {
    let mut counts: Vec<Count> = counts.into_iter().map(|(value, papers)| Count { value, papers }).collect();
    counts.sort_by(|a, b| b.papers.cmp(&a.papers).then_with(|| a.value.cmp(&b.value)));
    counts.truncate(MAX_VALUES);
    counts
}
