//! What the tools return. Whole numbers are `i64` in the schemas, since JSON Schema has no names for unsigned ones.

use schemars::JsonSchema;
use serde::Serialize;

use crate::corpus::{Metadata, Reference};
use crate::quotes::{Place, Status, Verdict};
use crate::search::{Answer, Evidence, Hit, Interpretation, SummarySentence};
use crate::store::PassageRecord;

/// The answer to a question.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SearchOutput {
    /// Whether the library has no answer. Then say so, and do not answer from these passages.
    pub abstained: bool,
    /// Why there is no answer, or why nothing was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Conditions of the question that were ignored, with the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_understood: Vec<String>,
    /// How the question was read: senses of its abbreviations, and corrected words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub read_as: Vec<String>,
    /// Sentences that answer, quoted verbatim, the best first.
    pub answer: Vec<AnswerSentence>,
    /// The passages found, the best first.
    pub passages: Vec<FoundPassage>,
    /// Whether passages were left out because of `max_characters`.
    pub cut: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct AnswerSentence {
    pub text: String,
    /// The id of its passage.
    pub passage: String,
    /// The review that has it, where the passage is not among `passages`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Primary studies that it cites, in the same case, if `max_characters` leaves room. The tool `passage` has them always.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cites: Vec<String>,
    /// How many papers say so.
    #[schemars(with = "i64")]
    pub papers: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct FoundPassage {
    /// Cite it by this id, as in `[10.1186_ar2116:12]`.
    pub id: String,
    /// The review that has it: authors, year, title, journal, and marks such as `[retracted]`.
    pub source: String,
    /// Headings, from the outermost to the innermost.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub section: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i64>")]
    pub page: Option<u32>,
    /// The sentences that answer, verbatim, with the primary studies they cite.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<EvidenceSentence>,
    /// The text, where no sentence answers by itself; cut at a sentence. The tool `passage` has all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct EvidenceSentence {
    pub text: String,
    /// Primary studies that it cites.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cites: Vec<String>,
}

/// A passage with those around it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PassageOutput {
    pub id: String,
    pub source: String,
    pub section: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<i64>")]
    pub page: Option<u32>,
    /// The address that opens it for the user: in the reference manager that has the paper, on its page; else the article by its DOI.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
    pub text: String,
    /// Primary studies that it cites.
    pub cites: Vec<String>,
    /// Passages before and after it, in the order of the paper.
    pub neighbours: Vec<Neighbour>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Neighbour {
    pub id: String,
    pub text: String,
}

/// A paper.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct PaperOutput {
    pub id: String,
    pub source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doi: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pmid: Option<String>,
    /// Such as `retracted` or `preprint`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<String>,
    pub outline: Vec<OutlineEntry>,
    /// How many studies it cites.
    #[schemars(with = "i64")]
    pub references: usize,
    /// The studies it cites, if they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cites: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct OutlineEntry {
    pub section: String,
    /// The ids of its first and its last passage.
    pub first: String,
    pub last: String,
}

/// Passages similar to one.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SimilarOutput {
    pub passages: Vec<FoundPassage>,
}

/// Whether a quotation is in a paper word for word.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct QuoteOutput {
    /// `verbatim`: a paper has it word for word, typography aside. `altered`: with other words. `other_paper`: it is in another paper
    /// than the one that was named. `not_found`: no paper has it; do not quote it.
    pub status: &'static str,
    /// The id of the passage that has it, or what is most similar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Whether that is the paper that was named. If not, do not credit it with these words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credited: Option<bool>,
    /// The passage's own words, where they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Ids of other passages that have it word for word.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_in: Vec<String>,
}

impl QuoteOutput {
    pub(super) fn new(verdict: &Verdict) -> Self {
        let status = match verdict.status {
            Status::Verbatim => "verbatim",
            Status::Altered => "altered",
            Status::OtherPaper => "other_paper",
            Status::NotFound => "not_found",
        };
        let place = verdict.found.as_ref().or(verdict.nearest.as_ref());
        let differs = matches!(verdict.status, Status::Altered | Status::NotFound);
        let text = |place: &Place| place.record.passage.text.get(place.range.clone()).map(str::to_owned);
        Self {
            status,
            passage: place.map(|place| place.record.passage.id.to_string()),
            source: place.map(|place| source(&place.record.metadata)),
            credited: verdict.is_credited,
            text: place.filter(|_| differs).and_then(text),
            also_in: verdict.also_in.clone(),
        }
    }
}

/// What the library has.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct LibraryOutput {
    #[schemars(with = "i64")]
    pub papers: u64,
    #[schemars(with = "i64")]
    pub passages: u64,
    /// Papers by year.
    pub years: Vec<Count>,
    /// Papers by journal, the largest first.
    pub journals: Vec<Count>,
    /// Papers by type of article, the largest first.
    pub types: Vec<Count>,
    /// Papers by collection of the user's reference manager, the largest first, with those in collections below.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<Count>,
    /// Papers by tag of the user's reference manager, the largest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Count>,
    /// The newest papers.
    pub newest: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Count {
    pub value: String,
    #[schemars(with = "i64")]
    pub papers: usize,
}

/// Characters of a passage that are shown where no sentence of it answers.
const EXCERPT: usize = 400;

impl SearchOutput {
    /// An answer in at most about `max_characters`; the first passage is always there.
    pub(super) fn new(answer: &Answer, max_characters: usize) -> Self {
        let summary = &answer.summary;
        let sentence = |sentence: &SummarySentence| AnswerSentence {
            text: sentence.text.clone(),
            passage: sentence.passage.to_string(),
            source: None,
            cites: Vec::new(),
            papers: sentence.papers,
        };
        let mut sentences: Vec<AnswerSentence> = summary.sentences.iter().map(sentence).collect();
        let mut left = max_characters.saturating_sub(sentences.iter().map(|sentence| sentence.text.len()).sum());
        let mut passages: Vec<FoundPassage> = Vec::new();
        for hit in &answer.hits {
            let passage = FoundPassage::from_hit(hit);
            let size = passage.size();
            if size > left && !passages.is_empty() {
                break;
            }
            left = left.saturating_sub(size);
            passages.push(passage);
        }
        for (sentence, of) in sentences.iter_mut().zip(&summary.sentences) {
            if !passages.iter().any(|passage| passage.id == sentence.passage) {
                sentence.source = Some(source(&of.metadata));
                let studies: Vec<String> = of.studies.iter().map(study).collect();
                let size: usize = studies.iter().map(String::len).sum();
                if size <= left {
                    left -= size;
                    sentence.cites = studies;
                }
            }
        }
        let ignored = answer.interpretation.not_understood.iter();
        Self {
            abstained: summary.abstained,
            reason: summary.reason.clone(),
            not_understood: ignored.map(|part| format!("{}: {}", part.typed, part.reason)).collect(),
            read_as: read_as(&answer.interpretation),
            cut: passages.len() < answer.hits.len(),
            answer: sentences,
            passages,
        }
    }
}

/// The senses of abbreviations, with those of other papers, and corrected words.
fn read_as(interpretation: &Interpretation) -> Vec<String> {
    let senses = interpretation.abbreviations.iter().map(|sense| {
        let others: Vec<&str> = sense.others.iter().map(|(long, _)| long.as_str()).collect();
        let others = if others.is_empty() { String::new() } else { format!("; in other papers {}", others.join(", ")) };
        format!("{} as {}{others}", sense.short, sense.long)
    });
    senses.chain(interpretation.spelling.iter().map(|slip| format!("{} as {}", slip.typed, slip.read))).collect()
}

impl FoundPassage {
    fn from_hit(hit: &Hit) -> Self {
        let evidence = hit.evidence.iter().map(|evidence| EvidenceSentence::new(&hit.record, evidence)).collect();
        Self { evidence, ..Self::without_evidence(&hit.record) }.without_repeated_text()
    }

    /// A passage with an excerpt of its text.
    pub(super) fn without_evidence(record: &PassageRecord) -> Self {
        let passage = &record.passage;
        Self {
            id: passage.id.to_string(),
            source: source(&record.metadata),
            section: passage.section.join(" › "),
            page: passage.pages.map(|(first, _)| first),
            evidence: Vec::new(),
            text: Some(excerpt(record)),
        }
    }

    fn without_repeated_text(mut self) -> Self {
        if !self.evidence.is_empty() {
            self.text = None;
        }
        self
    }

    fn size(&self) -> usize {
        let evidence =
            self.evidence.iter().map(|one| one.text.len() + one.cites.iter().map(String::len).sum::<usize>());
        self.source.len() + self.section.len() + evidence.sum::<usize>() + self.text.as_ref().map_or(0, String::len)
    }
}

impl EvidenceSentence {
    fn new(record: &PassageRecord, evidence: &Evidence) -> Self {
        Self {
            text: record.passage.text.get(evidence.range.clone()).unwrap_or_default().to_owned(),
            cites: record.cited_within(&evidence.range).into_iter().map(|(_, reference)| study(reference)).collect(),
        }
    }
}

/// Whole sentences of the beginning.
fn excerpt(record: &PassageRecord) -> String {
    let passage = &record.passage;
    let ends = passage.sentences.iter().map(|sentence| sentence.range.end);
    let end = ends.take_while(|end| *end <= EXCERPT).last().or(passage.sentences.first().map(|one| one.range.end));
    passage.text.get(..end.unwrap_or(passage.text.len())).unwrap_or(&passage.text).to_owned()
}

/// A review in one line, with its marks: `Straub et al. (2007). Title. Journal. [retracted]`.
pub(super) fn source(metadata: &Metadata) -> String {
    let title = metadata.title.clone().unwrap_or_default();
    let journal = metadata.journal.clone().unwrap_or_default();
    let marks = marks(metadata).into_iter().map(|mark| format!("[{mark}]")).collect::<Vec<_>>().join(" ");
    join(&[authors_and_year(&metadata.authors, metadata.year), title, journal, marks])
}

/// The status of a publication, such as `retracted` or `preprint`.
pub(super) fn marks(metadata: &Metadata) -> Vec<String> {
    metadata.marks.iter().map(|mark| mark.name().to_owned()).collect()
}

/// A cited study in one line, with its DOI.
pub(super) fn study(reference: &Reference) -> String {
    if reference.title.is_none() && reference.authors.is_empty() {
        return reference.text.clone();
    }
    let doi = reference.doi.as_ref().map(|doi| format!("doi:{doi}")).unwrap_or_default();
    let title = reference.title.clone().unwrap_or_default();
    join(&[authors_and_year(&reference.authors, reference.year), title, doi])
}

fn authors_and_year(authors: &[String], year: Option<u16>) -> String {
    let authors = match authors {
        [] => String::new(),
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        [first, ..] => format!("{first} et al."),
    };
    match year {
        Some(year) if authors.is_empty() => year.to_string(),
        Some(year) => format!("{authors} ({year})"),
        None => authors,
    }
}

fn join(parts: &[String]) -> String {
    let parts: Vec<&str> =
        parts.iter().map(|part| part.trim().trim_end_matches('.')).filter(|part| !part.is_empty()).collect();
    parts.join(". ")
}
