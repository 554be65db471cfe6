//! Checks an index for damage: that its files are unchanged, that each paper has all of its passages exactly once, with
//! their vectors and postings, and that the papers are those of the commit.
//!
//! Checksums show that a file is unchanged. Hashes that are stored in other files show that it is the right file.

use std::collections::{BTreeMap, HashMap};

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::Postings;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet, SegmentReader, TERMINATED};

use super::commit::Commit;
use super::embedded::PassageIndex;
use crate::store::analyzer::words;
use crate::store::digest::{self, CommitDigest};
use crate::store::{Finding, IndexError, PaperRecord, PassageAddress, PassageRecord};

impl PassageIndex {
    /// Checks the newest commit. Reads all of its files.
    pub(super) fn findings(&self) -> Result<Vec<Finding>, IndexError> {
        let mut findings: Vec<Finding> = self
            .damaged_files()?
            .into_iter()
            .map(|file| Finding {
                paper: None,
                what: format!("the file {file} is not as it was written"),
                remedy: "restore a snapshot, or rebuild the index".to_owned(),
                is_repairable: false,
            })
            .collect();
        if findings.is_empty() {
            let (commit, recorded) = self.commit_to_check()?;
            findings.extend(Check::new(&commit)?.run(recorded)?);
        }
        Ok(findings)
    }
}

/// A check in progress.
struct Check<'a> {
    commit: &'a Commit,
    /// For each segment, what the postings say about each document.
    postings: Vec<SegmentPostings>,
    /// The hashes of the passages found, by paper and ordinal.
    passages: HashMap<String, BTreeMap<u32, u64>>,
    findings: Vec<Finding>,
}

/// For each document of a segment, the sum of the hashes of its terms.
struct SegmentPostings {
    ids: Vec<u64>,
    /// Hashed with their positions.
    text: Vec<u64>,
}

impl<'a> Check<'a> {
    fn new(commit: &'a Commit) -> Result<Self, IndexError> {
        let of_segment = |reader: &SegmentReader| -> tantivy::Result<SegmentPostings> {
            let fields = &commit.fields;
            Ok(SegmentPostings { ids: term_hashes(reader, fields.id)?, text: term_hashes(reader, fields.text)? })
        };
        let postings = commit.searcher.segment_readers().iter().map(of_segment).collect::<Result<_, _>>()?;
        Ok(Self { commit, postings, passages: HashMap::new(), findings: Vec::new() })
    }

    fn run(mut self, recorded: Option<CommitDigest>) -> Result<Vec<Finding>, IndexError> {
        for address in self.commit.all_passages()? {
            self.passage(address)?;
        }
        let mut digest = CommitDigest::default();
        for address in self.commit.all_papers()? {
            digest.add(self.paper(address)?);
        }
        for (paper, passages) in std::mem::take(&mut self.passages) {
            if let Ok(id) = paper.parse() {
                let what = format!("{} passages of it are there, but not the paper itself", passages.len());
                self.findings.push(Finding::for_paper(&id, what));
            }
        }
        if recorded != Some(digest) {
            let what = match recorded {
                None => "the newest commit does not say which papers it has".to_owned(),
                Some(recorded) if recorded.papers != digest.papers => {
                    format!("{} papers are there, and the newest commit has {}", digest.papers, recorded.papers)
                }
                Some(_) => "the papers are not those of the newest commit".to_owned(),
            };
            let remedy = "use --repair and then `stroma index`, restore a snapshot, or run `stroma index --rebuild`";
            self.findings.push(Finding { paper: None, what, remedy: remedy.to_owned(), is_repairable: true });
        }
        Ok(self.findings)
    }

    fn passage(&mut self, address: PassageAddress) -> Result<(), IndexError> {
        let json = self.commit.record(address)?;
        let record: PassageRecord = serde_json::from_str(&json)?;
        let id = record.passage.id.as_str();
        let hash = digest::hash_passage(&json, self.commit.encoded_vectors(address).as_bytes());
        let of_paper = self.passages.entry(record.paper.as_str().to_owned()).or_default();
        let mut found = Vec::new();
        if of_paper.insert(record.passage.ordinal, hash).is_some() {
            found.push(format!("passage {id} is there twice"));
        }
        let (vectors, sentences) = (self.commit.sentence_vectors(address).len(), record.passage.sentences.len());
        if !self.commit.has_vector(address) || vectors != sentences {
            found.push(format!("passage {id} has {sentences} sentences and {vectors} vectors of them"));
        }
        let is_found_by_id = self.is_found_by(address, id)? && self.commit.paper_id(address)? == record.paper.as_str();
        if !is_found_by_id || !self.has_words(address, &record.passage.text)? {
            found.push(format!("passage {id} is not found by its id and its words"));
        }
        self.findings.extend(found.into_iter().map(|what| Finding::for_paper(&record.paper, what)));
        Ok(())
    }

    /// Checks a paper, and returns its hash.
    fn paper(&mut self, address: PassageAddress) -> Result<u64, IndexError> {
        let json = self.commit.record(address)?;
        let paper: PaperRecord = serde_json::from_str(&json)?;
        let passages = self.passages.remove(paper.id.as_str()).unwrap_or_default();
        let content = self.commit.paper_content(address)?;
        if passages.len() != paper.passages as usize {
            let what = format!("{} of {} passages are there", passages.len(), paper.passages);
            self.findings.push(Finding::for_paper(&paper.id, what));
        } else if digest::hash_passages(passages.into_values()) != content {
            let what = "its passages or their vectors are not those that were written".to_owned();
            self.findings.push(Finding::for_paper(&paper.id, what));
        } else if !self.is_found_by(address, paper.id.as_str())? {
            self.findings.push(Finding::for_paper(&paper.id, "it is not found by its id".to_owned()));
        }
        Ok(digest::hash_paper(&json, content))
    }

    /// Whether a document has this id, both in its column and in the term dictionary.
    fn is_found_by(&self, address: PassageAddress, id: &str) -> Result<bool, IndexError> {
        let in_dictionary = self.postings[address.segment as usize].ids[address.doc as usize];
        Ok(in_dictionary == digest::hash_term(id.as_bytes()) && self.commit.passage_id(address)? == id)
    }

    /// Whether a document's postings and its field length match a text.
    fn has_words(&self, address: PassageAddress, text: &str) -> Result<bool, IndexError> {
        let (mut hash, mut length) = (0u64, 0);
        // tantivy does not index longer terms.
        for word in words(text).iter().filter(|word| word.term.len() <= MAX_TERM_BYTES) {
            hash = hash.wrapping_add(at_position(digest::hash_term(word.term.as_bytes()), word.position));
            length += 1;
        }
        let lengths = self.commit.searcher.segment_reader(address.segment);
        let lengths = lengths.get_fieldnorms_reader(self.commit.fields.text)?;
        let in_postings = self.postings[address.segment as usize].text[address.doc as usize];
        Ok(in_postings == hash && lengths.fieldnorm_id(address.doc) == FieldNormReader::fieldnorm_to_id(length))
    }
}

/// Maximum length of a term in bytes.
const MAX_TERM_BYTES: usize = u16::MAX as usize - 5;

/// For each document of a segment, the sum of the hashes of its terms in a field. If the field has positions, each
/// occurrence of a term counts, with its position.
fn term_hashes(reader: &SegmentReader, field: Field) -> tantivy::Result<Vec<u64>> {
    let index = reader.inverted_index(field)?;
    let mut hashes = vec![0u64; reader.max_doc() as usize];
    let mut terms = index.terms().stream()?;
    let mut positions = Vec::new();
    while terms.advance() {
        let hash = digest::hash_term(terms.key());
        let option = IndexRecordOption::WithFreqsAndPositions;
        let mut postings = index.read_postings_from_terminfo(terms.value(), option)?;
        while postings.doc() != TERMINATED {
            // A damaged posting list may contain documents that the segment does not have.
            if let Some(sum) = hashes.get_mut(postings.doc() as usize) {
                postings.positions(&mut positions);
                let here = positions.iter().map(|position| at_position(hash, *position as usize));
                let of_term = if positions.is_empty() { hash } else { here.fold(0, u64::wrapping_add) };
                *sum = sum.wrapping_add(of_term);
            }
            postings.advance();
        }
    }
    Ok(hashes)
}

fn at_position(hash: u64, position: usize) -> u64 {
    hash.wrapping_mul(2 * position as u64 + 1)
}
