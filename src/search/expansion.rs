//! Expands the abbreviations of a question by the senses that the indexed papers define.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::answer::Expansion;
use super::error::SearchError;
use super::query::Query;
use super::question_vectors::QuestionVectors;
use super::request::Expand;
use super::senses::{Sense, SenseCache};
use super::syntax::NotUnderstood;
use crate::corpus::normalise_short_form;
use crate::embed::{CosineScale, EmbedError};
use crate::store::analyzer::words;
use crate::store::{FieldWeights, PaperKey, Snapshot};

/// An expanded abbreviation with the data for ranking.
#[derive(Debug, Clone)]
pub(super) struct Expanded {
    pub(super) shown: Expansion,
    /// Terms of the long form.
    pub(super) terms: Vec<String>,
    /// The senses of the abbreviation in the library.
    senses: Arc<[Sense]>,
    /// Index of the chosen sense in `senses`.
    chosen: usize,
    /// Whether the user named the sense.
    pub(super) is_forced: bool,
}

impl Expanded {
    /// Whether the abbreviation is ambiguous: the papers define several senses, or the user named one.
    fn is_ambiguous(&self) -> bool {
        self.is_forced || !self.shown.others.is_empty()
    }

    /// Whether the library has other senses than the chosen one.
    pub(super) fn has_other_senses(&self) -> bool {
        self.senses.len() > 1
    }

    /// Whether a paper uses the abbreviation only in other senses.
    pub(super) fn is_other_sense_of(&self, paper: PaperKey) -> bool {
        let has = |index: usize| self.senses[index].papers.contains(paper);
        !has(self.chosen) && (0..self.senses.len()).any(has)
    }
}

/// The data on which the choice of a sense depends.
pub(super) struct ExpansionContext<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) senses: &'a SenseCache,
    pub(super) fields: FieldWeights,
    pub(super) question: &'a str,
    pub(super) query: &'a Query,
    /// `None` if the model must not be used.
    pub(super) vectors: Option<&'a QuestionVectors<'a>>,
    /// The scale of cosines of two questions.
    pub(super) scale: CosineScale,
    /// Whether the question is also embedded with the long forms of ambiguous abbreviations.
    pub(super) is_spelled_out: bool,
}

/// Finds the question's abbreviations and chooses a sense for each.
pub(super) fn expand(options: &Expand, context: &ExpansionContext<'_>) -> Result<Vec<Expanded>, SearchError> {
    if !options.on {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for (short, senses) in context.abbreviations()? {
        let forced = forced(options, short).and_then(|long| Sense::named(&senses, long));
        let candidates = match forced {
            Some(index) => vec![(index, 0.0)],
            None => context.candidates(short, &senses)?,
        };
        found.push(Abbreviation { short, senses, candidates, is_forced: forced.is_some() });
    }
    context.add_similarity(&mut found)?;
    Ok(found.iter().filter_map(Abbreviation::expanded).collect())
}

/// An abbreviation of the question with its possible senses.
struct Abbreviation<'q> {
    short: &'q str,
    senses: Arc<[Sense]>,
    /// Indices of the possible senses in `senses`, each with its score.
    candidates: Vec<(usize, f32)>,
    is_forced: bool,
}

impl Abbreviation<'_> {
    fn is_open(&self) -> bool {
        self.candidates.len() > 1
    }

    /// The expansion with the sense of the highest score; of senses with equal scores, the most frequent one.
    fn expanded(&self) -> Option<Expanded> {
        let better = |best: (usize, f32), next: (usize, f32)| if next.1 > best.1 { next } else { best };
        let (chosen, _) = self.candidates.iter().copied().reduce(better)?;
        let sense = self.senses.get(chosen)?;
        let others = self.senses.iter().enumerate().filter(|(index, _)| *index != chosen).map(|(_, other)| other);
        Some(Expanded {
            shown: Expansion {
                short: self.short.to_owned(),
                long: sense.long.clone(),
                papers: sense.papers.len(),
                others: others.map(|other| (other.long.clone(), other.papers.len())).collect(),
            },
            terms: sense.terms.clone(),
            senses: Arc::clone(&self.senses),
            chosen,
            is_forced: self.is_forced,
        })
    }
}

fn forced<'a>(options: &'a Expand, short: &str) -> Option<&'a str> {
    let short = normalise_short_form(short);
    options.forced.iter().find(|(known, _)| normalise_short_form(known) == short).map(|(_, long)| long.as_str())
}

/// The senses that the user chose for abbreviations of the question, but that no paper defines.
pub(super) fn unknown_senses(options: &Expand, expanded: &[Expanded]) -> Vec<NotUnderstood> {
    let unknown = |Expanded { shown, is_forced, .. }: &Expanded| {
        let long = forced(options, &shown.short).filter(|_| !is_forced)?;
        let others = shown.others.iter().map(|(long, _)| long.as_str());
        let known: Vec<&str> = [shown.long.as_str()].into_iter().chain(others).collect();
        Some(NotUnderstood {
            typed: format!("{}={long}", shown.short),
            reason: format!("no paper here defines it so, but as {}", known.join(" or ")),
        })
    };
    expanded.iter().filter_map(unknown).collect()
}

/// Weight of BM25: the sense's papers have passages with the abbreviation and the question's other words.
const WORDS_WEIGHT: f32 = 0.5;
/// Weight of the similarity of question and sense.
const MEANING_WEIGHT: f32 = 0.5;
/// Weight of the sense's share of papers.
const PAPERS_WEIGHT: f32 = 0.2;

/// Number of passages that are compared to choose the sense of an abbreviation.
const PASSAGES_FOR_SENSES: usize = 100;

/// Words of a question, each with its senses.
type WordSenses<'q> = Vec<(&'q str, Arc<[Sense]>)>;

impl<'a> ExpansionContext<'a> {
    /// The words of the question that papers define as short forms, without duplicates. A compound (UC-MSC) is split
    /// into its parts, unless it is a short form itself.
    fn abbreviations(&self) -> Result<WordSenses<'a>, SearchError> {
        let mut found = WordSenses::new();
        for word in self.question.split_whitespace() {
            let whole = word.trim_matches(|c: char| !c.is_alphanumeric());
            let parts: Vec<&str> = match self.senses.lookup(whole, self.snapshot)?.is_empty() {
                true => whole.split(|c: char| !c.is_alphanumeric()).collect(),
                false => vec![whole],
            };
            for part in parts.into_iter().filter(|part| part.chars().count() > 1) {
                let senses = self.senses.lookup(part, self.snapshot)?;
                let is_new = found.iter().all(|(known, _)| normalise_short_form(known) != normalise_short_form(part));
                if is_new && !senses.is_empty() {
                    found.push((part, senses));
                }
            }
        }
        Ok(found)
    }

    /// The possible senses, with the part of their scores that does not depend on similarity: whether the question has
    /// words of the sense, the passages of its papers for the other words of the question, and the number of its
    /// papers. Senses that could not become first by similarity are left out.
    fn candidates(&self, short: &str, senses: &[Sense]) -> Result<Vec<(usize, f32)>, SearchError> {
        if senses.len() < 2 {
            return Ok(vec![(0, 0.0)]);
        }
        let own: HashSet<String> = words(self.question).into_iter().map(|word| word.term).collect();
        let by_paper = self.best_bm25_of_papers(short)?;
        let best = |sense: &Sense| {
            let of_sense = by_paper.iter().filter(|(paper, _)| sense.papers.contains(**paper));
            of_sense.map(|(_, score)| *score).fold(0.0, f32::max)
        };
        let best_of_all = senses.iter().map(best).fold(f32::MIN_POSITIVE, f32::max);
        let all = senses.iter().map(|sense| sense.papers.len()).sum::<usize>().max(1) as f32;
        let score = |sense: &Sense| {
            let named = sense.terms.iter().filter(|term| own.contains(*term)).count() as f32;
            PAPERS_WEIGHT * sense.papers.len() as f32 / all
                + WORDS_WEIGHT * best(sense) / best_of_all
                + named / sense.terms.len().max(1) as f32
        };
        let mut scored: Vec<(usize, f32)> = senses.iter().map(score).enumerate().collect();
        let enough = scored.iter().map(|(_, score)| *score).fold(0.0, f32::max) - MEANING_WEIGHT;
        scored.retain(|(_, score)| *score >= enough);
        Ok(scored)
    }

    /// BM25 of the question's other words in the best passage of each paper that has the abbreviation, by paper.
    fn best_bm25_of_papers(&self, short: &str) -> Result<HashMap<PaperKey, f32>, SearchError> {
        let (own, others) = self.query.split_at_word(short);
        let mut best: HashMap<PaperKey, f32> = HashMap::new();
        for candidate in self.snapshot.lexical_with_any_of(&own, &others, self.fields, PASSAGES_FOR_SENSES)? {
            let score = best.entry(self.snapshot.paper_key(candidate.address)?).or_default();
            *score = score.max(candidate.score);
        }
        Ok(best)
    }

    /// Adds the similarity of the candidates and the question. The model takes as long as the rest of an answer, so it
    /// is used once for all abbreviations, and only for those with several candidates.
    fn add_similarity(&self, found: &mut [Abbreviation<'_>]) -> Result<(), SearchError> {
        let open = found.iter().filter(|abbreviation| abbreviation.is_open());
        let senses: Vec<&Sense> =
            open.flat_map(|open| open.candidates.iter().map(|(index, _)| &open.senses[*index])).collect();
        if senses.is_empty() {
            return Ok(());
        }
        // Mostly it stays the choice, so that its text is embedded beside the question's and not after it.
        let likely: Vec<Expanded> = found.iter().filter_map(Abbreviation::expanded).collect();
        let likely = if self.is_spelled_out { disambiguated(self.question, &likely) } else { None };
        let similarities = self.similarities(&senses, likely)?;
        let open = found.iter_mut().filter(|abbreviation| abbreviation.is_open());
        let scores = open.flat_map(|open| open.candidates.iter_mut().map(|(_, score)| score));
        scores.zip(similarities).for_each(|(score, similarity)| *score += MEANING_WEIGHT * similarity);
        Ok(())
    }

    /// The calibrated similarity of the question and each of the senses: 0 for unrelated ones, 1 for the same text. Also embeds
    /// the text that is `likely` to be needed next.
    fn similarities(&self, senses: &[&Sense], likely: Option<String>) -> Result<Vec<f32>, SearchError> {
        let Some(vectors) = self.vectors else { return Ok(vec![0.0; senses.len()]) };
        let unknown: Vec<&Sense> = senses.iter().copied().filter(|sense| sense.vector.get().is_none()).collect();
        let mut texts = vec![self.question.to_owned()];
        texts.extend(unknown.iter().map(|sense| sense.long.clone()));
        texts.extend(likely);
        let vectors = vectors.get(&texts)?;
        let (question, longs) = vectors.split_first().ok_or(EmbedError::Stopped)?;
        for (sense, vector) in unknown.iter().zip(longs) {
            // Another thread may have set it first, to the same vector.
            let _ = sense.vector.set(vector.clone());
        }
        let similarity =
            |sense: &&Sense| sense.vector.get().map_or(0.0, |long| self.scale.apply(question.cosine(long)));
        Ok(senses.iter().map(similarity).collect())
    }
}

/// The text that the model embeds, with each ambiguous abbreviation followed by its long form: `RA (rheumatoid
/// arthritis)`. `None` if nothing is ambiguous: the long form of an abbreviation with a single sense changes nothing
/// (nDCG@10 within .001 on five collections), and would need a second pass of the model.
pub(super) fn disambiguated(question: &str, expanded: &[Expanded]) -> Option<String> {
    let mut text = question.to_owned();
    for Expanded { shown, .. } in expanded.iter().filter(|expanded| expanded.is_ambiguous()) {
        let is_word = |(start, short): &(usize, &str)| {
            let (before, after) = (text[..*start].chars().next_back(), text[start + short.len()..].chars().next());
            ![before, after].into_iter().flatten().any(char::is_alphanumeric)
        };
        let found = text.match_indices(shown.short.as_str()).find(is_word).map(|(start, short)| start + short.len());
        if let Some(end) = found {
            text.insert_str(end, &format!(" ({})", shown.long));
        }
    }
    (text != question).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(short: &str, long: &str, others: &[&str]) -> Expanded {
        let others = others.iter().map(|other| ((*other).to_owned(), 1)).collect();
        Expanded {
            shown: Expansion { short: short.into(), long: long.into(), papers: 1, others },
            terms: Vec::new(),
            senses: Arc::default(),
            chosen: 0,
            is_forced: false,
        }
    }

    #[test]
    fn only_ambiguous_abbreviations_are_spelled_out_for_the_model() {
        let ra = expanded("RA", "rheumatoid arthritis", &["retinoic acid"]);
        let msc = expanded("MSC", "mesenchymal stem cell", &[]);
        let text = disambiguated("MSC effect on RA stiffness", &[msc.clone(), ra]);
        assert_eq!(text.as_deref(), Some("MSC effect on RA (rheumatoid arthritis) stiffness"));
        assert_eq!(disambiguated("MSC effect", std::slice::from_ref(&msc)), None);
        let forced = Expanded { is_forced: true, ..msc };
        assert!(disambiguated("MSC effect", &[forced]).is_some());
    }
}
