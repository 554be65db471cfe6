//! Finds papers that an index contains more than once.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use xxhash_rust::xxh3::xxh3_64;

use crate::corpus::{Metadata, PaperId, Passage, family_name, plain_words};
use crate::store::{IndexError, PaperRecord, Snapshot, SourceRole};

/// The papers that an index contains more than once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Duplicates {
    /// Papers with several files, of which one is indexed.
    pub copies: Vec<Copies>,
    /// Pairs of indexed papers that may be the same paper, such as an article and its preprint.
    pub overlaps: Vec<Overlap>,
}

/// A paper with its files.
#[derive(Debug, Clone, PartialEq)]
pub struct Copies {
    pub paper: PaperId,
    pub metadata: Metadata,
    /// The files whose text is indexed: one, or several that each contain some of the pages.
    pub indexed: Vec<PathBuf>,
    /// The other files.
    pub others: Vec<PathBuf>,
}

/// Two papers that have much in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlap {
    /// The two papers with their metadata, in the order of their ids.
    pub papers: [(PaperId, Metadata); 2],
    /// Number of common sentences.
    pub sentences: usize,
    /// The number of common sentences, divided by the number of sentences of the shorter paper, from 0 to 1.
    pub share: f32,
    /// Whether they have the same title.
    pub same_title: bool,
}

/// Minimum length, in letters and digits, of a compared sentence. Shorter ones are headings and phrases that many
/// papers have.
const MIN_SENTENCE_CHARACTERS: usize = 40;
/// A sentence in more papers than this is assumed to be added by journals.
const MAX_PAPERS: usize = 8;
/// Minimum share of common sentences of two papers that overlap.
const MIN_SHARE: f32 = 0.3;
/// Minimum number of common sentences.
const MIN_SENTENCES: usize = 3;
/// Minimum length, in letters and digits, of a title that identifies a paper: `Editorial` does not.
const MIN_TITLE_CHARACTERS: usize = 24;

/// The papers of a commit that occur more than once, those with the most in common first.
///
/// # Errors
/// If a record cannot be read.
pub fn duplicates(snapshot: &Snapshot) -> Result<Duplicates, IndexError> {
    let mut papers: Vec<(PaperId, Metadata)> = Vec::new();
    let mut copies = Vec::new();
    let mut sentences = Sentences::default();
    snapshot.for_each_paper::<IndexError>(|paper| {
        copies.extend(copies_of(&paper));
        for (_, record) in snapshot.passages_of(paper.id.as_str())? {
            sentences.add(papers.len() as u32, &record.passage);
        }
        papers.push((paper.id, paper.metadata));
        Ok(())
    })?;
    Ok(Duplicates { copies, overlaps: overlaps(&papers, &sentences) })
}

fn copies_of(paper: &PaperRecord) -> Option<Copies> {
    let of_role = |role| paper.sources.iter().filter(|one| one.role == role).map(|one| one.path.clone()).collect();
    let others: Vec<PathBuf> = of_role(SourceRole::Duplicate);
    (!others.is_empty()).then(|| Copies {
        paper: paper.id.clone(),
        metadata: paper.metadata.clone(),
        indexed: of_role(SourceRole::Text),
        others,
    })
}

/// The sentences of all papers, by the hash of their letters and digits.
#[derive(Debug, Default)]
struct Sentences {
    /// The papers that contain a sentence, in order, and whether there are more than [`MAX_PAPERS`].
    papers: HashMap<u64, Vec<u32>>,
    /// Number of different sentences of each paper.
    counts: HashMap<u32, usize>,
}

impl Sentences {
    fn add(&mut self, paper: u32, passage: &Passage) {
        for sentence in &passage.sentences {
            let plain = plain_words(passage.text.get(sentence.range.clone()).unwrap_or_default()).concat();
            if plain.len() < MIN_SENTENCE_CHARACTERS {
                continue;
            }
            let papers = self.papers.entry(xxh3_64(plain.as_bytes())).or_default();
            if papers.last() == Some(&paper) {
                continue;
            }
            *self.counts.entry(paper).or_default() += 1;
            if papers.len() <= MAX_PAPERS {
                papers.push(paper);
            }
        }
    }

    /// Number of common sentences of each pair of papers.
    fn shared(&self) -> BTreeMap<(u32, u32), usize> {
        let mut shared = BTreeMap::new();
        for papers in self.papers.values().filter(|papers| papers.len() <= MAX_PAPERS) {
            for (at, one) in papers.iter().enumerate() {
                for other in &papers[at + 1..] {
                    *shared.entry((*one, *other)).or_default() += 1;
                }
            }
        }
        shared
    }

    fn share(&self, pair: (u32, u32), sentences: usize) -> f32 {
        let count = |paper| self.counts.get(&paper).copied().unwrap_or(0);
        sentences as f32 / count(pair.0).min(count(pair.1)).max(1) as f32
    }
}

fn overlaps(papers: &[(PaperId, Metadata)], sentences: &Sentences) -> Vec<Overlap> {
    let mut pairs = sentences.shared();
    pairs.retain(|pair, shared| *shared >= MIN_SENTENCES && sentences.share(*pair, *shared) >= MIN_SHARE);
    for pair in same_titles(papers) {
        pairs.entry(pair).or_insert(0);
    }
    let title = |number: u32| papers[number as usize].1.title.as_deref().map(|title| plain_words(title).concat());
    let overlap = |(pair, shared): ((u32, u32), usize)| Overlap {
        papers: [papers[pair.0 as usize].clone(), papers[pair.1 as usize].clone()],
        sentences: shared,
        share: sentences.share(pair, shared),
        same_title: title(pair.0).is_some() && title(pair.0) == title(pair.1),
    };
    let mut overlaps: Vec<Overlap> = pairs.into_iter().map(overlap).collect();
    overlaps.sort_by_cached_key(|overlap| Reverse(((overlap.share * 1e6) as u32, overlap.same_title)));
    overlaps
}

/// Pairs of papers with the same long title and the same first author.
fn same_titles(papers: &[(PaperId, Metadata)]) -> Vec<(u32, u32)> {
    let mut by_title: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (number, (_, metadata)) in (0..).zip(papers) {
        let title = metadata.title.as_deref().map(|title| plain_words(title).concat()).unwrap_or_default();
        let author = metadata.authors.first().and_then(|author| family_name(author));
        if title.len() >= MIN_TITLE_CHARACTERS && author.is_some() {
            by_title.entry(format!("{title} {}", author.unwrap_or_default())).or_default().push(number);
        }
    }
    // Many papers with the same title and author are a series.
    let few = by_title.into_values().filter(|papers| (2..=MAX_PAPERS).contains(&papers.len()));
    few.flat_map(|papers| papers.windows(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>()).collect()
}
