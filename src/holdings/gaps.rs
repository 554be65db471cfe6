//! Finds works that many papers of an index cite and that are not in the index.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use xxhash_rust::xxh3::xxh3_64;

use crate::corpus::{PaperId, PassageId, Reference, plain_words};
use crate::store::{IndexError, PassageRecord, Snapshot, StudyName};

/// A cited work that is not in the index.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// The most complete of the entries that cite it.
    pub reference: Reference,
    /// The papers that list it among their references, in the order of their ids.
    pub papers: Vec<PaperId>,
    /// The sentences that cite it, paper by paper.
    pub sentences: Vec<CitingSentence>,
}

/// A sentence that cites a work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitingSentence {
    pub passage: PassageId,
    pub text: String,
}

/// The cited works that are not in the index.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gaps {
    /// The works that most papers cite come first; among these, those that most sentences cite.
    pub works: Vec<Gap>,
    /// Number of works that are not in the index and are cited by at least the requested number of papers.
    pub total: usize,
}

/// The works that at least `min_papers` papers of the commit cite and that are not in the index; at most `limit`.
///
/// Entries refer to the same work if they have a DOI, a PMID, a long title or the position in a journal (author, year,
/// volume and first page) in common. Entries with only an author and a year are not counted.
///
/// # Errors
/// If a record cannot be read.
pub fn gaps(snapshot: &Snapshot, min_papers: usize, limit: usize) -> Result<Gaps, IndexError> {
    let cited = Cited::read(snapshot)?;
    let held = cited.held();
    let mut absent = cited.most_cited(min_papers);
    absent.retain(|(work, _)| !held.contains(work));
    let total = absent.len();
    absent.truncate(limit);
    let gap = |papers: Vec<u32>| Gap {
        reference: Reference::default(),
        papers: papers.into_iter().map(|paper| cited.papers[paper as usize].clone()).collect(),
        sentences: Vec::new(),
    };
    let mut gaps = absent.into_iter().map(|(work, papers)| (work, gap(papers))).collect();
    cited.describe(snapshot, &mut gaps)?;
    let mut works: Vec<Gap> = gaps.into_values().collect();
    works.sort_by_cached_key(|gap| {
        let Gap { reference, papers, sentences } = gap;
        (Reverse(papers.len()), Reverse(sentences.len()), Reverse(reference.year), reference.text.clone())
    });
    Ok(Gaps { works, total })
}

/// All cited works of a commit. Only hashes of their names are stored.
#[derive(Debug, Default)]
struct Cited {
    papers: Vec<PaperId>,
    /// The hashes of the names of the indexed papers themselves.
    own_names: HashSet<u64>,
    /// The work for the hash of each of its names.
    by_name: HashMap<u64, u32>,
    works: UnionFind,
    /// The hashes of the words of each work's title as first seen, sorted; empty if the title is not known.
    titles: Vec<Box<[u32]>>,
    /// Pairs of a work as first seen and the number of a paper that cites it.
    citations: Vec<(u32, u32)>,
}

impl Cited {
    fn read(snapshot: &Snapshot) -> Result<Self, IndexError> {
        let mut cited = Self::default();
        snapshot.for_each_paper::<IndexError>(|paper| {
            let number = cited.papers.len() as u32;
            for reference in &paper.references {
                cited.add(number, reference);
            }
            cited.own_names.extend(paper.identity_keys().iter().map(|key| xxh3_64(key.as_bytes())));
            cited.papers.push(paper.id);
            Ok(())
        })?;
        Ok(cited)
    }

    fn add(&mut self, paper: u32, reference: &Reference) {
        let (names, title) = (names(reference), title_words(reference));
        if names.is_empty() {
            return;
        }
        let mut work = self.work_named(&names, &title).unwrap_or_else(|| {
            self.titles.push(title.clone());
            self.works.add()
        });
        for name in names {
            let same = *self.by_name.entry(name).or_insert(work);
            if self.may_be_one(same, &title) {
                work = self.works.join(work, same);
            }
        }
        if self.titles[work as usize].is_empty() {
            self.titles[work as usize] = title;
        }
        self.citations.push((work, paper));
    }

    /// The work that has one of the names and a compatible title.
    fn work_named(&self, names: &[u64], title: &[u32]) -> Option<u32> {
        let works = names.iter().filter_map(|name| self.by_name.get(name));
        works.map(|work| self.works.root(*work)).find(|work| self.may_be_one(*work, title))
    }

    /// Whether a work with this title may be a known one: identifiers in reference lists are sometimes wrong, and would
    /// join unrelated works.
    fn may_be_one(&self, work: u32, title: &[u32]) -> bool {
        let known = &self.titles[self.works.root(work) as usize];
        let common = known.iter().filter(|word| title.binary_search(word).is_ok()).count();
        known.is_empty() || title.is_empty() || 3 * common >= known.len().min(title.len())
    }

    /// The work that an entry cites.
    fn work(&self, reference: &Reference) -> Option<u32> {
        self.work_named(&names(reference), &title_words(reference))
    }

    /// The works that are papers of the commit.
    fn held(&self) -> HashSet<u32> {
        let held = self.by_name.iter().filter(|(name, _)| self.own_names.contains(name));
        held.map(|(_, work)| self.works.root(*work)).collect()
    }

    /// The works that at least `min_papers` papers cite, most cited first, with the numbers of these papers.
    fn most_cited(&self, min_papers: usize) -> Vec<(u32, Vec<u32>)> {
        let mut papers: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (work, paper) in &self.citations {
            papers.entry(self.works.root(*work)).or_default().push(*paper);
        }
        papers.values_mut().for_each(|papers| papers.dedup());
        let mut cited: Vec<_> = papers.into_iter().filter(|(_, papers)| papers.len() >= min_papers.max(1)).collect();
        cited.sort_by_key(|(work, papers)| (Reverse(papers.len()), *work));
        cited
    }

    /// Adds the most complete entry of each work, and the sentences that cite it.
    fn describe(&self, snapshot: &Snapshot, works: &mut HashMap<u32, Gap>) -> Result<(), IndexError> {
        let mut papers: Vec<PaperId> = works.values().flat_map(|gap| gap.papers.clone()).collect();
        papers.sort();
        papers.dedup();
        for paper in papers {
            let Some(record) = snapshot.paper(paper.as_str())? else { continue };
            let places: Vec<Option<u32>> = record.references.iter().map(|entry| self.work(entry)).collect();
            for (entry, work) in record.references.iter().zip(&places) {
                let gap = work.and_then(|work| works.get_mut(&work));
                if let Some(gap) = gap.filter(|gap| completeness(entry) > completeness(&gap.reference)) {
                    gap.reference = entry.clone();
                }
            }
            for (_, PassageRecord { passage, .. }) in snapshot.passages_of(paper.as_str())? {
                for (place, work) in (0..).zip(&places) {
                    let Some(gap) = work.and_then(|work| works.get_mut(&work)) else { continue };
                    for sentence in passage.sentences_citing(place) {
                        let range = passage.sentences[sentence].range.clone();
                        let text = passage.text.get(range).unwrap_or_default().to_owned();
                        gap.sentences.push(CitingSentence { passage: passage.id.clone(), text });
                    }
                }
            }
        }
        Ok(())
    }
}

/// The hashes of the names that identify a work.
fn names(reference: &Reference) -> Vec<u64> {
    let mut names = Vec::new();
    for name in StudyName::all_of(reference) {
        match &name {
            StudyName::Author(family, year) => {
                if let (Some(volume), Some(page)) = (&reference.volume, &reference.first_page) {
                    names.push(format!("place:{family}:{year}:{volume}:{page}"));
                }
            }
            _ => names.extend(name.paper_key()),
        }
    }
    names.iter().map(|name| xxh3_64(name.as_bytes())).collect()
}

/// The hashes of the different words of a title, sorted.
fn title_words(reference: &Reference) -> Box<[u32]> {
    let words = reference.title.as_deref().map(plain_words).unwrap_or_default();
    let mut hashes: Vec<u32> = words.iter().map(|word| xxh3_64(word.as_bytes()) as u32).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes.into()
}

/// How complete an entry is, to choose the one that is shown.
fn completeness(reference: &Reference) -> (usize, usize) {
    let Reference { title, journal, doi, pmid, volume, first_page, .. } = reference;
    let texts = [title, journal, doi, pmid, volume, first_page];
    let known = texts.iter().filter(|text| text.is_some()).count() + usize::from(reference.year.is_some());
    (known + usize::from(!reference.authors.is_empty()), plain_words(&reference.text).len())
}

/// Disjoint sets of numbers.
#[derive(Debug, Default)]
struct UnionFind {
    /// The parent of each number; a root is its own parent.
    parents: Vec<u32>,
}

impl UnionFind {
    fn add(&mut self) -> u32 {
        let number = self.parents.len() as u32;
        self.parents.push(number);
        number
    }

    fn root(&self, mut number: u32) -> u32 {
        while self.parents[number as usize] != number {
            number = self.parents[number as usize];
        }
        number
    }

    /// Joins two sets and returns the new root, which is the smaller of the two.
    fn join(&mut self, a: u32, b: u32) -> u32 {
        let (a, b) = (self.root(a), self.root(b));
        let root = a.min(b);
        self.parents[a as usize] = root;
        self.parents[b as usize] = root;
        root
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(doi: Option<&str>, title: Option<&str>) -> Reference {
        Reference { doi: doi.map(Into::into), title: title.map(Into::into), ..Reference::default() }
    }

    #[test]
    fn entries_of_one_work_are_joined_by_any_name_also_later() {
        const TITLE: &str = "Circadian rhythms in rheumatoid arthritis";
        let mut cited = Cited::default();
        cited.add(0, &reference(Some("10.1002/art.22368"), None));
        cited.add(1, &reference(None, Some(TITLE)));
        cited.add(2, &reference(None, Some("Another title of some length")));
        assert_eq!(cited.most_cited(2), []);
        cited.add(3, &reference(Some("10.1002/ART.22368"), Some("Circadian Rhythms in Rheumatoid Arthritis.")));
        cited.add(3, &reference(None, Some(TITLE)));
        let most = cited.most_cited(2);
        assert_eq!(most.len(), 1);
        assert_eq!(most[0].1, [0, 1, 3]);
        assert_eq!(cited.work(&reference(None, Some(TITLE))), Some(most[0].0));
    }

    #[test]
    fn a_wrong_identifier_does_not_join_works_with_other_titles() {
        let one =
            reference(Some("10.1038/srep31772"), Some("Overexpression of calmodulin-like stress-responsive gene"));
        let other = reference(Some("10.1038/srep31772"), Some("Acid-sensing ion channels in intervertebral discs"));
        let mut cited = Cited::default();
        cited.add(0, &one);
        cited.add(1, &other);
        cited.add(2, &other);
        let most = cited.most_cited(1);
        assert_eq!(most.iter().map(|(_, papers)| papers.as_slice()).collect::<Vec<_>>(), [&[1, 2][..], &[0]]);
        assert_ne!(cited.work(&one), cited.work(&other));
    }

    #[test]
    fn an_author_and_a_year_alone_are_no_work() {
        let by = |volume: Option<&str>| Reference {
            authors: vec!["Straub RH".into()],
            year: Some(2007),
            volume: volume.map(Into::into),
            first_page: Some("399".into()),
            ..Reference::default()
        };
        assert_eq!(names(&by(None)), Vec::<u64>::new());
        assert_eq!(names(&by(Some("56"))).len(), 1);
    }
}
