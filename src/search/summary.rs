//! Makes the answer: a few sentences from different papers, or an abstention.

use std::collections::HashSet;

use super::answer::{Evidence, Hit, Scores, Summary, SummarySentence};
use crate::corpus::Reference;
use crate::embed::{Calibration, CosineScale, UnitVector};

/// A hit with the vectors of its evidence sentences, in their order.
pub(super) struct Source<'a> {
    pub(super) hit: &'a Hit,
    pub(super) vectors: Vec<UnitVector>,
}

/// Maximum number of sentences of an answer.
const MAX_SENTENCES: usize = 5;
/// Number of sentences up to which second sentences of one paper are added.
const MIN_SENTENCES: usize = 3;
/// Minimum score of a further sentence, as a share of the best score.
const MIN_SHARE_OF_BEST: f32 = 0.5;
/// Calibrated similarity from which on two sentences make the same statement; that of a sentence and its paraphrase is 1.
const SAME_STATEMENT: f32 = 1.6;

/// Answerability below which a question is not answered.
///
/// Its weights and this bound were chosen on questions over 376 articles and on those of SciFact, PubMedQA, COVID-QA
/// and others, so that a few in a hundred of the answerable ones are refused (`docs/quality.md` has the figures, also
/// for held-out questions). Paraphrases are mostly refused, because their first passage is seldom right.
const ANSWERABLE: f32 = 1.95;

/// Answerability: how well the first hit answers the question. Unlike its score, it can be compared between indexes and
/// models.
pub(super) fn answerability(first: &Scores, calibration: &Calibration) -> f32 {
    0.5 * calibration.passage.apply(first.paragraph) + calibration.sentence.apply(first.sentence) + 2.0 * first.coverage
}

/// Whether the question may be a paraphrase of the first hit: few words match, but a sentence is similar.
fn is_paraphrase(first: &Scores, calibration: &Calibration) -> bool {
    const FEW_WORDS: f32 = 0.3;
    const NEAR: f32 = 0.6;
    first.coverage < FEW_WORDS && calibration.sentence.apply(first.sentence) >= NEAR
}

/// Why a question is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No passage is similar to it.
    Far,
    /// The most similar passages have none of its words.
    Paraphrase,
    /// It does not say what it is about.
    Vague,
}

impl Refusal {
    /// Decides from the scores of the best passage whether to refuse an answer.
    pub(super) fn from_scores(first: &Scores, calibration: &Calibration) -> Option<Self> {
        let is_answered = answerability(first, calibration) >= ANSWERABLE;
        match is_paraphrase(first, calibration) {
            _ if is_answered => None,
            true => Some(Self::Paraphrase),
            false => Some(Self::Far),
        }
    }

    /// The summary that replaces an answer: the reason, and similar topics.
    pub(super) fn summary(self, question: &str, hits: &[Hit]) -> Summary {
        let nearest = hits.first().map_or("", |hit| {
            let title = hit.record.metadata.title.as_deref();
            title.unwrap_or(hit.record.paper.as_str())
        });
        match self {
            Self::Far => abstained(format!("no paragraph is close to this question; nearest: {nearest}")),
            Self::Paraphrase => abstained(format!(
                "no paragraph has the words of this question; one near in meaning, which may answer it: {nearest}"
            )),
            Self::Vague => {
                let suggestions = subjects(hits);
                let pronoun = pronoun(question).unwrap_or("it");
                let meant = match suggestions.as_slice() {
                    [] => format!("nearest: {nearest}"),
                    _ => format!("here it may be {}", suggestions.join(", or ")),
                };
                let reason = format!("the question does not say what \u{201c}{pronoun}\u{201d} is; {meant}");
                Summary { suggestions, ..abstained(reason) }
            }
        }
    }
}

/// Selects the sentences of the answer from the hits, best first.
pub(super) fn summarise(sources: &[Source<'_>], calibration: &Calibration) -> Summary {
    let mut chosen: Vec<Candidate<'_>> = Vec::new();
    for candidate in candidates(sources) {
        let overlap = |other: &Candidate<'_>| other.overlap(&candidate, calibration.sentences);
        let same = chosen.iter_mut().find_map(|other| Some((overlap(other)?, other)));
        match same {
            Some((Overlap::Statement, other)) => drop(other.papers.insert(candidate.hit.record.paper.as_str())),
            Some((Overlap::Study, _)) => {}
            None => chosen.push(candidate),
        }
    }
    if chosen.is_empty() {
        return abstained("no sentence of the nearest paragraphs says anything about this question".to_owned());
    }
    let best = chosen.first().map_or(0.0, |best| best.merit);
    chosen.retain(|candidate| candidate.merit >= MIN_SHARE_OF_BEST * best);
    Summary { sentences: diversified(chosen).iter().map(Candidate::shown).collect(), ..Summary::default() }
}

fn abstained(reason: String) -> Summary {
    Summary { abstained: true, reason: Some(reason), ..Summary::default() }
}

/// A sentence that may be part of the answer.
struct Candidate<'a> {
    hit: &'a Hit,
    evidence: &'a Evidence,
    vector: &'a UnitVector,
    merit: f32,
    /// Identities of the cited studies, which are equal in all papers.
    identities: Vec<String>,
    /// Number of papers with this statement.
    papers: HashSet<&'a str>,
}

/// The overlap of two sentences.
enum Overlap {
    /// They cite the same primary studies. One study in three reviews counts once as evidence.
    Study,
    /// They make the same statement.
    Statement,
}

/// All evidence sentences, sorted by the scores of the sentence and of its hit.
fn candidates<'a>(sources: &'a [Source<'a>]) -> Vec<Candidate<'a>> {
    let mut all: Vec<Candidate<'a>> = Vec::new();
    for Source { hit, vectors } in sources {
        for (evidence, vector) in hit.evidence.iter().zip(vectors) {
            let merit = evidence.score * hit.score;
            let papers = HashSet::from([hit.record.paper.as_str()]);
            let identities = studies(hit, evidence).into_iter().map(identity).collect();
            all.push(Candidate { hit, evidence, vector, merit, identities, papers });
        }
    }
    all.sort_by(|a, b| b.merit.total_cmp(&a.merit));
    all
}

/// One sentence of each paper; second sentences only up to [`MIN_SENTENCES`].
fn diversified(chosen: Vec<Candidate<'_>>) -> Vec<Candidate<'_>> {
    let mut papers = HashSet::new();
    let (mut first, second): (Vec<_>, Vec<_>) =
        chosen.into_iter().partition(|candidate| papers.insert(candidate.hit.record.paper.as_str()));
    first.truncate(MAX_SENTENCES);
    let missing = MIN_SENTENCES.saturating_sub(first.len());
    first.extend(second.into_iter().take(missing));
    first
}

impl Candidate<'_> {
    fn overlap(&self, other: &Self, scale: CosineScale) -> Option<Overlap> {
        let is_known = |study: &String| self.identities.contains(study);
        if !other.identities.is_empty() && other.identities.iter().all(is_known) {
            return Some(Overlap::Study);
        }
        (scale.apply(self.vector.cosine(other.vector)) >= SAME_STATEMENT).then_some(Overlap::Statement)
    }

    fn shown(&self) -> SummarySentence {
        SummarySentence { papers: self.papers.len(), ..SummarySentence::new(self.hit, self.evidence) }
    }
}

impl SummarySentence {
    /// Creates a sentence of a hit, stated by its paper only.
    pub(super) fn new(hit: &Hit, evidence: &Evidence) -> Self {
        let record = &hit.record;
        Self {
            text: record.passage.text.get(evidence.range.clone()).unwrap_or_default().to_owned(),
            passage: record.passage.id.clone(),
            paper: record.paper.clone(),
            metadata: record.metadata.clone(),
            score: evidence.score,
            studies: studies(hit, evidence).into_iter().cloned().collect(),
            papers: 1,
        }
    }
}

/// Pronouns that refer to something mentioned before.
const PRONOUNS: [&str; 9] = ["it", "they", "them", "this", "these", "those", "he", "she", "its"];

/// Words that do not tell what a question is about.
const GENERAL: [&str; 57] = [
    "a",
    "about",
    "all",
    "and",
    "any",
    "are",
    "as",
    "at",
    "bad",
    "be",
    "been",
    "can",
    "cause",
    "causes",
    "could",
    "cure",
    "did",
    "do",
    "does",
    "done",
    "effective",
    "for",
    "from",
    "good",
    "had",
    "has",
    "have",
    "help",
    "helpful",
    "how",
    "in",
    "is",
    "known",
    "mean",
    "much",
    "of",
    "often",
    "on",
    "safe",
    "safety",
    "say",
    "should",
    "the",
    "to",
    "treated",
    "true",
    "use",
    "used",
    "was",
    "well",
    "were",
    "what",
    "when",
    "why",
    "will",
    "work",
    "works",
];

/// The pronoun of a question that does not say what it is about.
pub(super) fn pronoun(question: &str) -> Option<&str> {
    let words: Vec<&str> = question.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_one_of = |list: &[&str], word: &str| list.iter().any(|known| known.eq_ignore_ascii_case(word));
    let says_nothing = words.iter().all(|word| is_one_of(&PRONOUNS, word) || is_one_of(&GENERAL, word));
    words.iter().find(|word| is_one_of(&PRONOUNS, word)).filter(|_| says_nothing).copied()
}

/// The subjects of the hits' papers, most frequent first: their keywords, or their titles.
fn subjects(hits: &[Hit]) -> Vec<String> {
    const MOST: usize = 5;
    let mut papers = HashSet::new();
    let papers: Vec<&Hit> = hits.iter().filter(|hit| papers.insert(hit.record.paper.as_str())).collect();
    let mut counted: Vec<(String, usize)> = Vec::new();
    for keyword in papers.iter().flat_map(|hit| &hit.record.metadata.keywords) {
        match counted.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(keyword)) {
            Some((_, count)) => *count += 1,
            None => counted.push((keyword.clone(), 1)),
        }
    }
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let keywords: Vec<String> = counted.into_iter().map(|(keyword, _)| keyword).take(MOST).collect();
    match keywords.as_slice() {
        [] => papers.iter().filter_map(|hit| hit.record.metadata.title.clone()).take(3).collect(),
        _ => keywords,
    }
}

/// The references cited within the sentence, or at its end.
fn studies<'a>(hit: &'a Hit, evidence: &Evidence) -> Vec<&'a Reference> {
    hit.record.cited_within(&evidence.range).into_iter().map(|(_, reference)| reference).collect()
}

/// The identity of a study, which is equal in the reference lists of different papers.
fn identity(study: &Reference) -> String {
    let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let name = study.doi.as_deref().or(study.pmid.as_deref()).or(study.title.as_deref());
    plain(name.unwrap_or(&study.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_found_is_said() {
        let summary = summarise(&[], &Calibration::IDENTITY);
        assert!(summary.abstained && summary.sentences.is_empty() && summary.reason.is_some());
    }

    #[test]
    fn a_far_paragraph_with_a_common_word_is_no_answer() {
        let far = Scores { paragraph: 0.3, sentence: 0.35, coverage: 0.2, ..Scores::default() };
        let near = Scores { paragraph: 0.9, sentence: 0.9, coverage: 0.6, ..Scores::default() };
        let paraphrase = Scores { sentence: 0.7, ..far };
        assert!(is_paraphrase(&paraphrase, &Calibration::IDENTITY) && !is_paraphrase(&far, &Calibration::IDENTITY));
        let answerability = |scores| answerability(scores, &Calibration::IDENTITY);
        assert!(answerability(&far) < ANSWERABLE && answerability(&near) > ANSWERABLE);
    }
}
