//! A question's abbreviations, expanded by what the indexed papers mean by them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::str::FromStr;

use super::SearchError;
use super::senses::{Sense, SenseTable};
use crate::corpus::normal_short;
use crate::index::analyzer::words;

/// How the question was understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interpretation {
    /// The abbreviations that were expanded, in the question's order.
    pub abbreviations: Vec<Expansion>,
}

/// An abbreviation of the question with the sense that was searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expansion {
    /// As the question has it.
    pub short: String,
    pub long: String,
    /// Papers that define it so.
    pub papers: usize,
    /// What else it stands for in other papers, with their number, the commonest first.
    pub others: Vec<(String, usize)>,
}

/// An expansion with what ranking needs of it.
#[derive(Debug, Clone)]
pub(super) struct Expanded {
    pub(super) shown: Expansion,
    /// Terms of the long form.
    pub(super) terms: Vec<String>,
    /// Papers in which it means something else, and only that.
    pub(super) strangers: HashSet<String>,
}

/// What the asker says of abbreviations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expand {
    /// Whether abbreviations are expanded at all.
    pub on: bool,
    /// Senses that are settled: short form to long form.
    pub forced: BTreeMap<String, String>,
}

impl Default for Expand {
    fn default() -> Self {
        Self { on: true, forced: BTreeMap::new() }
    }
}

/// A sense that the asker settles, as `RA=retinoic acid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForcedSense {
    pub short: String,
    pub long: String,
}

impl FromStr for ForcedSense {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').map(|(short, long)| (short.trim().to_owned(), long.trim().to_owned()));
        match parts {
            Some((short, long)) if !short.is_empty() && !long.is_empty() => Ok(Self { short, long }),
            _ => Err(format!("{text:?} settles no sense, expected one as \"RA=retinoic acid\"")),
        }
    }
}

/// What is asked of index and model where an abbreviation has several senses.
pub(super) trait Context {
    /// How well the best passage of each paper that has the abbreviation fits the question's other words, by paper.
    fn by_words(&self, short: &str, senses: &[Sense]) -> Result<HashMap<String, f32>, SearchError>;

    /// How near the question is to each of the senses: 0 for unrelated ones, 1 for the same text.
    fn by_meaning(&self, senses: &[&Sense]) -> Result<Vec<f32>, SearchError>;
}

/// Finds the question's abbreviations and settles their senses.
pub(super) fn expand(
    question: &str,
    wish: &Expand,
    table: &SenseTable,
    context: &impl Context,
) -> Result<Vec<Expanded>, SearchError> {
    if !wish.on {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for (short, senses) in abbreviations(question, table) {
        let contenders = match forced(wish, short) {
            Some(long) => vec![(senses.iter().position(|sense| means(sense, long)).unwrap_or(0), 0.0)],
            None => contenders(question, short, senses, context)?,
        };
        found.push(Ambiguous { short, senses, contenders });
    }
    weigh_by_meaning(&mut found, context)?;
    Ok(found.iter().filter_map(Ambiguous::settled).collect())
}

/// An abbreviation of the question with what it may stand for.
struct Ambiguous<'q, 't> {
    short: &'q str,
    senses: &'t [Sense],
    /// Places in `senses` of those that may be meant, with how well they fit.
    contenders: Vec<(usize, f32)>,
}

impl Ambiguous<'_, '_> {
    fn is_open(&self) -> bool {
        self.contenders.len() > 1
    }

    /// The expansion by the sense that fits best; of equal ones the commonest.
    fn settled(&self) -> Option<Expanded> {
        let better = |best: (usize, f32), next: (usize, f32)| if next.1 > best.1 { next } else { best };
        let (chosen, _) = self.contenders.iter().copied().reduce(better)?;
        let sense = self.senses.get(chosen)?;
        let others = self.senses.iter().enumerate().filter(|(place, _)| *place != chosen).map(|(_, other)| other);
        let strangers = others.clone().flat_map(|other| &other.papers).filter(|paper| !sense.papers.contains(*paper));
        Some(Expanded {
            shown: Expansion {
                short: self.short.to_owned(),
                long: sense.long.clone(),
                papers: sense.papers.len(),
                others: others.clone().map(|other| (other.long.clone(), other.papers.len())).collect(),
            },
            terms: sense.terms.clone(),
            strangers: strangers.cloned().collect(),
        })
    }
}

fn forced<'a>(wish: &'a Expand, short: &str) -> Option<&'a str> {
    let short = normal_short(short);
    wish.forced.iter().find(|(known, _)| normal_short(known) == short).map(|(_, long)| long.as_str())
}

/// Whether the asker's words name the sense: most of its terms are among them.
fn means(sense: &Sense, long: &str) -> bool {
    let said: HashSet<String> = words(long).into_iter().map(|word| word.term).collect();
    2 * sense.terms.iter().filter(|term| said.contains(*term)).count() >= sense.terms.len()
}

/// The words of the question that papers define as short forms, each once; of a compound (UC-MSC) its parts, if it is
/// none itself.
fn abbreviations<'q, 't>(question: &'q str, table: &'t SenseTable) -> Vec<(&'q str, &'t [Sense])> {
    let mut found: Vec<(&str, &[Sense])> = Vec::new();
    for word in question.split_whitespace() {
        let whole = word.trim_matches(|c: char| !c.is_alphanumeric());
        let parts: Vec<&str> = match table.senses(whole) {
            [] => whole.split(|c: char| !c.is_alphanumeric()).collect(),
            _ => vec![whole],
        };
        for part in parts.into_iter().filter(|part| part.chars().count() > 1) {
            let senses = table.senses(part);
            let is_new = found.iter().all(|(known, _)| normal_short(known) != normal_short(part));
            if is_new && !senses.is_empty() {
                found.push((part, senses));
            }
        }
    }
    found
}

/// What it counts that a sense's papers have passages with the abbreviation and the question's other words.
const WORDS_WEIGHT: f32 = 0.5;
/// What the nearness of question and sense counts.
const MEANING_WEIGHT: f32 = 0.5;
/// What the sense's share of papers counts.
const PAPERS_WEIGHT: f32 = 0.2;

/// The senses that may be meant: by whether the question names them itself, by the passages that papers have on its other
/// words, and by how many papers mean them. How near they are to the question in meaning is not in it yet; those that
/// could not catch up by that are left out.
fn contenders(
    question: &str,
    short: &str,
    senses: &[Sense],
    context: &impl Context,
) -> Result<Vec<(usize, f32)>, SearchError> {
    if senses.len() < 2 {
        return Ok(vec![(0, 0.0)]);
    }
    let own: HashSet<String> = words(question).into_iter().map(|word| word.term).collect();
    let by_paper = context.by_words(short, senses)?;
    let best = |sense: &Sense| sense.papers.iter().filter_map(|paper| by_paper.get(paper)).copied().fold(0.0, f32::max);
    let best_of_all = senses.iter().map(best).fold(f32::MIN_POSITIVE, f32::max);
    let all = senses.iter().map(|sense| sense.papers.len()).sum::<usize>().max(1) as f32;
    let fit = |sense: &Sense| {
        let named = sense.terms.iter().filter(|term| own.contains(*term)).count() as f32;
        PAPERS_WEIGHT * sense.papers.len() as f32 / all
            + WORDS_WEIGHT * best(sense) / best_of_all
            + named / sense.terms.len().max(1) as f32
    };
    let mut fits: Vec<(usize, f32)> = senses.iter().map(fit).enumerate().collect();
    let enough = fits.iter().map(|(_, fit)| *fit).fold(0.0, f32::max) - MEANING_WEIGHT;
    fits.retain(|(_, fit)| *fit >= enough);
    Ok(fits)
}

/// Adds how near the contenders are to the question. The model costs as much as all else of a question: it is asked once
/// for all abbreviations, and only of those that are still open.
fn weigh_by_meaning(found: &mut [Ambiguous<'_, '_>], context: &impl Context) -> Result<(), SearchError> {
    let open = found.iter().filter(|abbreviation| abbreviation.is_open());
    let asked: Vec<&Sense> =
        open.flat_map(|open| open.contenders.iter().map(|(place, _)| &open.senses[*place])).collect();
    if asked.is_empty() {
        return Ok(());
    }
    let near = context.by_meaning(&asked)?;
    let open = found.iter_mut().filter(|abbreviation| abbreviation.is_open());
    let fits = open.flat_map(|open| open.contenders.iter_mut().map(|(_, fit)| fit));
    fits.zip(near).for_each(|(fit, near)| *fit += MEANING_WEIGHT * near);
    Ok(())
}

/// The question with each abbreviation followed by what it stands for, for the model: `RA (rheumatoid arthritis)`.
pub(super) fn written_out(question: &str, expanded: &[Expanded]) -> String {
    let mut text = question.to_owned();
    for Expanded { shown, .. } in expanded {
        let is_word = |(place, short): &(usize, &str)| {
            let (before, after) = (text[..*place].chars().next_back(), text[place + short.len()..].chars().next());
            ![before, after].into_iter().flatten().any(char::is_alphanumeric)
        };
        let found = text.match_indices(shown.short.as_str()).find(is_word).map(|(place, short)| place + short.len());
        if let Some(end) = found {
            text.insert_str(end, &format!(" ({})", shown.long));
        }
    }
    text
}
