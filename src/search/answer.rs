//! The result of a search.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use super::request::Mode;
use super::syntax::NotUnderstood;
use super::timing::Timings;
use crate::corpus::{Metadata, PaperId, PassageId, Reference};
use crate::store::PassageRecord;

/// The result of a search.
#[derive(Debug, Clone)]
pub struct Answer {
    pub question: String,
    pub mode: Mode,
    /// The answer above the hits. Only the first page of a hybrid search has one.
    pub summary: Summary,
    /// Best first.
    pub hits: Vec<Hit>,
    pub total: Total,
    /// If the request asks for them.
    pub facets: Option<Facets>,
    pub took: Duration,
    /// The time of each stage.
    pub timings: Timings,
    /// The commit that was searched.
    pub commit: String,
    /// The interpretation of the question.
    pub interpretation: Interpretation,
}

/// The number of passages that can be paged through: the candidates, without those beyond the maximum for one paper.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Total {
    pub passages: usize,
    /// Whether the number is an estimate: further pages may find other passages, and phrases are compared word for word
    /// only on the page that is shown, so that there may also be fewer.
    pub is_estimate: bool,
}

/// For each value, how many of the passages that [`Total`] counts have it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    pub years: BTreeMap<u16, usize>,
    /// Names as the papers write them.
    pub journals: BTreeMap<String, usize>,
    pub article_types: BTreeMap<String, usize>,
    /// By the names of the section kinds.
    pub sections: BTreeMap<&'static str, usize>,
    /// The sections of each year.
    pub sections_by_year: BTreeMap<u16, BTreeMap<&'static str, usize>>,
    /// Collections by path. Each count includes the collections below.
    pub collections: BTreeMap<String, usize>,
    pub tags: BTreeMap<String, usize>,
}

/// A passage that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    pub record: PassageRecord,
    /// The score by which hits are ranked. It can only be compared within one answer.
    pub score: f32,
    pub scores: Scores,
    /// The sentences that answer best, best first.
    pub evidence: Vec<Evidence>,
    /// The byte ranges of the question's words in the text, and of words that papers use in their place; in order.
    pub highlights: Vec<Range<usize>>,
    /// The explanation of the score.
    pub explanation: Explanation,
}

/// The explanation of a hit's score.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Explanation {
    /// The parts whose sum is the score.
    pub parts: Parts,
    /// Rank among the candidates by BM25, from 1; `None` if no word matched.
    pub lexical_rank: Option<usize>,
    /// Rank among the candidates by the paragraph's vector, from 1.
    pub vector_rank: Option<usize>,
    /// The terms that matched, by descending score. The sum of their scores is BM25.
    pub terms: Vec<TermMatch>,
    /// The terms that count in place of terms of the question, in the question's order.
    pub translated: Vec<TranslatedTerm>,
}

/// The parts whose sum is a score.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Parts {
    pub words: f32,
    /// From the paragraph's vector.
    pub paragraph: f32,
    /// From the mean of its sentences.
    pub body: f32,
    /// From its nearest sentence.
    pub sentence: f32,
    /// From similarity to the best passage.
    pub feedback: f32,
}

impl Parts {
    pub fn sum(&self) -> f32 {
        self.words + self.paragraph + self.body + self.sentence + self.feedback
    }
}

/// A term of the question in a passage.
#[derive(Debug, Clone, PartialEq)]
pub struct TermMatch {
    /// The indexed term: `stiff` for "stiffness".
    pub term: String,
    /// 1 for the question's own terms, usually less for those of expansions.
    pub weight: f32,
    /// Inverse document frequency.
    pub idf: f32,
    /// BM25 of this term.
    pub score: f32,
    /// The abbreviation whose expansion added the term, unless the question has it.
    pub expands: Option<String>,
}

/// A term of the question for which a passage has one that papers use in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct TranslatedTerm {
    /// The term of the question, as indexed: `kidney`.
    pub term: String,
    /// The term of the passage, as indexed: `renal`.
    pub by: &'static str,
    /// How well it stands for the other, above 0 and at most 1.
    pub strength: f32,
}

/// The values from which a score is computed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Scores {
    /// BM25; 0 if no word matched.
    pub bm25: f32,
    /// BM25 divided by its maximum for the question, from 0 to 1.
    pub lexical: f32,
    /// Share of the question's words that the passage has, weighted by idf, from 0 to 1.
    pub coverage: f32,
    /// Addition to the coverage by words of similar spelling, from 0 to 1.
    pub fuzzy: f32,
    /// Coverage by words that papers use in place of the question's, from 0 to 1; the question's own words count less than these.
    /// 0 for a question whose words are found in a passage, and in modes other than hybrid.
    pub translated: f32,
    /// Cosine of the question with the passage.
    pub paragraph: f32,
    /// Cosine of the question with the mean of the passage's sentences. It does not include title and headings, and covers the
    /// whole passage even if that is longer than the model reads.
    pub body: f32,
    /// Cosine of the question with the passage's nearest sentence.
    pub sentence: f32,
    /// Cosine of the passage with the passage that ranks first without this part, weighted by the confidence in that
    /// passage. 0 in modes other than hybrid.
    pub feedback: f32,
}

/// A sentence that answers the question, as a range of the passage's text.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Bytes of the passage's text.
    pub range: Range<usize>,
    /// The score of the sentence: similarity to the question, matched words, and the kind of statement.
    pub score: f32,
    /// Cosine of the question with the sentence.
    pub cosine: f32,
    /// Share of the question's words that the sentence has, weighted by idf.
    pub coverage: f32,
    /// Index of the sentence in its passage, from 0.
    pub sentence: usize,
}

/// The answer: sentences of the best passages.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    /// The sentences, best first; empty if it abstained.
    pub sentences: Vec<SummarySentence>,
    /// Whether nothing in the index is close enough to the question.
    pub abstained: bool,
    /// The reason, if it abstained or nothing was found.
    pub reason: Option<String>,
    /// Papers that the question names, best first. Their passages come first among the hits.
    pub papers: Vec<NamedPaper>,
    /// Studies that the question names and that papers of the index only cite; the most cited first. `sentences` then
    /// begin with the sentences that cite them.
    pub studies: Vec<CitedStudy>,
    /// Possible meanings of a question that does not say what it is about, in the papers' words.
    pub suggestions: Vec<String>,
}

/// A paper that a question names.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedPaper {
    pub id: PaperId,
    pub metadata: Metadata,
    pub by: NameKind,
}

/// How a question names a paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameKind {
    Doi,
    Pmid,
    Pmcid,
    /// The id of the paper in this index.
    Id,
    Title,
    /// Names of authors, with or without a year.
    Authors,
    /// Only conditions, without a word to search for.
    Conditions,
}

/// A study that papers of the index cite.
#[derive(Debug, Clone, PartialEq)]
pub struct CitedStudy {
    /// As one of the papers lists it.
    pub reference: Reference,
    /// Number of papers that cite it.
    pub papers: usize,
}

/// A sentence of the answer, with its source.
#[derive(Debug, Clone, PartialEq)]
pub struct SummarySentence {
    pub text: String,
    pub passage: PassageId,
    pub paper: PaperId,
    /// The metadata of the paper.
    pub metadata: Metadata,
    pub score: f32,
    /// The primary studies that it cites.
    pub studies: Vec<Reference>,
    /// Number of papers with this statement, including this one; papers that cite the same primary study count once.
    pub papers: usize,
}

/// How the question was interpreted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interpretation {
    /// The words that were searched for: the question without its conditions, with corrected misspellings.
    pub text: String,
    /// The conditions that passages had to meet: those of the request and those of the question.
    pub conditions: Vec<ConditionInForce>,
    /// Misspellings that were corrected, in the question's order.
    pub spelling: Vec<Correction>,
    /// Parts of the question that were not searched for, because they look like conditions but are not valid ones; and
    /// chosen senses that no paper defines.
    pub not_understood: Vec<NotUnderstood>,
    /// The abbreviations that were expanded, in the question's order.
    pub abbreviations: Vec<Expansion>,
}

/// A condition that passages had to meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionInForce {
    pub kind: ConditionName,
    /// The requested value in readable form: `2015 to 2020`.
    pub value: String,
    /// Number of passages that meet this condition, ignoring all others. Only set if nothing was found.
    pub passages: Option<usize>,
    /// Existing values, most similar first, if no passage meets the condition.
    pub known: Vec<String>,
}

/// The property that a condition restricts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConditionName {
    Phrase,
    Without,
    Author,
    Year,
    Journal,
    Title,
    Type,
    Section,
    Paper,
    Collection,
    Tag,
}

/// A misspelling with its correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    pub typed: String,
    pub read: String,
}

/// An abbreviation of the question with the sense that was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expansion {
    /// The short form as written in the question.
    pub short: String,
    pub long: String,
    /// Number of papers that define it with this sense.
    pub papers: usize,
    /// Its senses in other papers with the number of papers, most frequent first.
    pub others: Vec<(String, usize)>,
}
