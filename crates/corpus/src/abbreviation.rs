//! Detects the abbreviations that a paper defines, and the places where it uses them.
//!
//! Only definitions in the paper itself count: "rheumatoid arthritis (RA)" and "RA (rheumatoid arthritis)".

mod alignment;
mod candidate;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

pub use super::Abbreviation;
use super::dash::is_dash;
use alignment::align;
use candidate::{Candidate, Order, candidates};

/// The abbreviations that `paragraphs` define, in the order of their definitions.
///
/// A short form is returned as it is written in the text ("MSCs"). A definition that is repeated with the same long form is
/// returned once; a short form with two long forms is returned with each. Takes time linear in the text, because the text
/// that is searched before each bracket is bounded.
pub fn detect<'a>(paragraphs: impl Iterator<Item = &'a str>) -> Vec<Abbreviation> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for paragraph in paragraphs {
        for candidate in candidates(paragraph) {
            let Some(long) = long_form(&candidate) else { continue };
            if seen.insert((normalise_short_form(candidate.short), plain(long).trim_end_matches('s').to_owned())) {
                found.push(Abbreviation { short: candidate.short.to_owned(), long: long.to_owned() });
            }
        }
    }
    found
}

/// The long form of a candidate, if its alignment with the short form is good enough.
fn long_form<'a>(candidate: &Candidate<'a>) -> Option<&'a str> {
    let window = without_citation(candidate.window)
        .trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '"' | '”' | '\''));
    let alignment = align(candidate.short, window)?;
    let is_whole = candidate.order != Order::ShortFirst || alignment.start == 0;
    let long = window.get(alignment.start..)?.trim();
    (is_whole
        && alignment.cost <= max_cost(candidate)
        && is_longer(long, candidate.short)
        && is_balanced(long)
        && !has_citation(long))
    .then_some(long)
}

/// The highest cost at which an alignment is accepted. It grows with the number of letters, because longer short forms match
/// by chance less often.
fn max_cost(candidate: &Candidate) -> f32 {
    let letters = candidate.short.chars().filter(|c| c.is_alphanumeric()).count() as f32;
    let capitals = candidate.short.chars().filter(|c| c.is_uppercase()).count();
    match (candidate.order, capitals) {
        (_, 0) if letters < 2.0 => -1.0,
        (_, _) if letters < 2.0 => 0.0,
        _ if candidate.has_value => 0.2 * (letters - 1.0),
        (Order::ShortFirst | Order::Announced, _) => 0.4 * (letters - 1.0),
        (Order::LongFirst, 0) => 0.35 * letters,
        (Order::LongFirst, _) => 0.5 + 1.8 * (letters - 1.0),
    }
}

/// Whether the long form has more letters than the short form, and does not contain the short form as a word. A single word
/// must have twice as many letters: "rare" contains the letters of RA by chance.
fn is_longer(long: &str, short: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    let repeats = long.split(|c: char| !c.is_alphanumeric()).any(|word| word == short);
    let least = if long.contains(char::is_whitespace) { letters(short) } else { 2 * letters(short) };
    letters(long) > least && !repeats
}

/// `text` without the numbers in square brackets at its end: `rheumatoid arthritis [12]`.
fn without_citation(text: &str) -> &str {
    let text = text.trim_end();
    let citation = text.ends_with(']').then(|| text.rfind('[')).flatten();
    citation.filter(|&at| has_citation(&text[at..])).map_or(text, |at| &text[..at])
}

/// Whether `text` contains a number in square brackets.
fn has_citation(text: &str) -> bool {
    text.split('[').skip(1).any(|inner| inner.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether every opening bracket has a closing one, and the other way round.
fn is_balanced(long: &str) -> bool {
    let mut depth = 0_i32;
    for character in long.chars() {
        depth += match character {
            '(' | '[' => 1,
            ')' | ']' => -1,
            _ => 0,
        };
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}

/// The normal form of a short form, which is the same for all of its spellings: without the plural s, hyphens, spaces and
/// full stops.
///
/// `MSCs` and `MSC` have the same normal form, as have `IL-6` and `IL6`. Case is kept, because `AS` and `As` differ.
pub fn normalise_short_form(short: &str) -> String {
    let kept: String = short.chars().filter(|c| !c.is_whitespace() && !is_dash(*c) && *c != '.').collect();
    match kept.strip_suffix('s') {
        Some(singular) if ends_like_a_short_form(singular) => singular.to_owned(),
        _ => kept,
    }
}

fn ends_like_a_short_form(word: &str) -> bool {
    word.chars().count() > 1 && word.chars().next_back().is_some_and(|c| c.is_uppercase() || c.is_numeric())
}

/// Maximum number of senses of one short form whose uses are searched for. Bounds the work on a paper that defines one short
/// form again and again.
const MAX_SENSES: usize = 16;

/// Finds the uses of a paper's short forms in its paragraphs.
#[derive(Debug)]
pub struct ShortForms<'a> {
    /// The abbreviations of each short form: several if the paper defines it with several long forms.
    senses: HashMap<String, Vec<&'a Abbreviation>>,
    /// The different lengths of short forms, in words, in descending order.
    lengths: Vec<usize>,
}

impl<'a> ShortForms<'a> {
    pub fn new(abbreviations: &'a [Abbreviation]) -> Self {
        let mut senses: HashMap<String, Vec<&'a Abbreviation>> = HashMap::new();
        let mut lengths = BTreeSet::new();
        for abbreviation in abbreviations {
            let senses = senses.entry(singular(&abbreviation.short).to_owned()).or_default();
            if senses.len() < MAX_SENSES {
                senses.push(abbreviation);
            }
            lengths.insert(tokens(&abbreviation.short).len());
        }
        let lengths = lengths.into_iter().rev().filter(|&count| count > 0).collect();
        ShortForms { senses, lengths }
    }

    /// The byte ranges where `text` uses a short form: whole words, with or without a plural s, in the same case.
    ///
    /// Ranges are in text order. If several short forms begin at one position, the longest is returned; a short form
    /// with two senses is returned with each. Takes time linear in the text: each word is looked up once for each
    /// length of short forms.
    pub fn spans(&self, text: &str) -> Vec<(Range<usize>, &'a Abbreviation)> {
        let tokens = tokens(text);
        let mut found = Vec::new();
        let mut next = 0;
        while next < tokens.len() {
            let here = self.lengths.iter().find_map(|&count| {
                let last = tokens.get(next + count - 1)?;
                let range = tokens[next].start..last.end;
                Some((range.clone(), self.senses.get(singular(&text[range]))?, count))
            });
            if let Some((range, senses, count)) = here {
                found.extend(senses.iter().map(|&sense| (range.clone(), sense)));
                next += count;
            } else {
                next += 1;
            }
        }
        found
    }
}

/// The byte ranges of runs of letters and digits.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let mut tokens: Vec<Range<usize>> = Vec::new();
    let mut is_inside = false;
    for (at, character) in text.char_indices() {
        let end = at + character.len_utf8();
        match (character.is_alphanumeric(), tokens.last_mut().filter(|_| is_inside)) {
            (true, Some(token)) => token.end = end,
            (true, None) => tokens.push(at..end),
            (false, _) => {}
        }
        is_inside = character.is_alphanumeric();
    }
    tokens
}

fn singular(short: &str) -> &str {
    let trimmed = short.trim_matches(|c: char| !c.is_alphanumeric());
    trimmed.strip_suffix('s').filter(|singular| ends_like_a_short_form(singular)).unwrap_or(trimmed)
}

/// The letters and digits of a long form in lower case. Long forms that agree in them are the same.
fn plain(long: &str) -> String {
    long.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The pairs found in one paragraph, as `short|long`.
    fn found(text: &str) -> Vec<String> {
        detect(std::iter::once(text)).into_iter().map(|pair| format!("{}|{}", pair.short, pair.long)).collect()
    }

    #[test]
    fn long_form_first() {
        assert_eq!(found("Most mesenchymal stem cells (MSCs) grew."), ["MSCs|mesenchymal stem cells"]);
        assert_eq!(found("the “quality of life” (QOL; n = 3)"), ["QOL|quality of life"]);
        assert_eq!(found("tumour necrosis factor-α (TNF-α)"), ["TNF-α|tumour necrosis factor-α"]);
        assert_eq!(found("given 5-hydroxytryptamine (5-HT)"), ["5-HT|5-hydroxytryptamine"]);
        assert_eq!(found("by 1,2-diacylglycerol (DAG)"), ["DAG|1,2-diacylglycerol"]);
        assert_eq!(found("rheumatoid arthritis (hereafter RA)"), ["RA|rheumatoid arthritis"]);
        assert_eq!(found("a cytokine (tumour necrosis factor (TNF)) rose"), ["TNF|tumour necrosis factor"]);
        assert_eq!(found("rheumatoid arthritis [12] (RA)"), ["RA|rheumatoid arthritis"]);
        assert_eq!(found("rheumatoid arthritis [RA]"), ["RA|rheumatoid arthritis"]);
    }

    #[test]
    fn short_form_first() {
        assert_eq!(found("The MSC (mesenchymal stem cell) grew."), ["MSC|mesenchymal stem cell"]);
        assert_eq!(found("a factor (bone marrow factor, BMF)"), ["BMF|bone marrow factor"]);
    }

    #[test]
    fn without_a_bracket() {
        assert_eq!(found("In bone marrow, abbreviated as BM, cells grow."), ["BM|bone marrow"]);
        assert_eq!(found("Mesenchymal stem cells, also known as MSCs, grow."), ["MSCs|Mesenchymal stem cells"]);
        assert!(found("Given bone, muscle or BM cells.").is_empty());
    }

    #[test]
    fn what_defines_nothing() {
        for text in [
            "They recovered. Arthritis was rare (RA).",
            "Rats yielded (Yi, 2012) and rats yielded (Yi et al., 2012).",
            "It rose (i) here, (ii) there, in mice (5 mg) and in others (see Fig. 2).",
            "Many cells (MSCs) grew, and so did men (n = 5).",
            "of an odd occurrence (OR = 1.8)",
            "((((((",
            "()",
            "(RA)",
        ] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn senses_are_kept_and_repetitions_are_not() {
        let text = "retinoic acid (RA), Retinoic acid (RA), rheumatoid arthritis (RA)";
        assert_eq!(found(text), ["RA|retinoic acid", "RA|rheumatoid arthritis"]);
    }

    #[test]
    fn normal_forms() {
        let pairs =
            [("MSCs", "MSC"), ("IL-6", "IL6"), ("AS", "AS"), ("As", "As"), ("C.A.H.", "CAH"), ("miRNAs", "miRNA")];
        for (short, normal) in pairs {
            assert_eq!(normalise_short_form(short), normal);
        }
    }

    #[test]
    fn occurrences_are_whole_words() {
        let pair = |short: &str, long: &str| Abbreviation { short: short.into(), long: long.into() };
        let pairs = [pair("MSCs", "mesenchymal stem cells"), pair("IL-6", "interleukin 6"), pair("IL", "interleukin")];
        let text = "MSC and BM-MSCs secrete IL-6, not ILK; MSCsx, (MSCs), msc.";
        let spans: Vec<(&str, &str)> = ShortForms::new(&pairs)
            .spans(text)
            .into_iter()
            .map(|(range, a)| (&text[range], a.short.as_str()))
            .collect();
        assert_eq!(spans, [("MSC", "MSCs"), ("MSCs", "MSCs"), ("IL-6", "IL-6"), ("MSCs", "MSCs")]);
        assert!(ShortForms::new(&pairs).spans("").is_empty() && ShortForms::new(&[]).spans(text).is_empty());
    }

    #[test]
    fn adversarial_text_takes_linear_time() {
        for unit in ["(", "(A", "a (A) ", "A (a b) ", "([", "α (", "word (WORD) ", ", AA)"] {
            found(&unit.repeat(50_000));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[a-cA-C α(),;.\\[\\]-]{0,80}", other in "\\PC{0,60}") {
            let pairs = detect([text.as_str(), other.as_str()].into_iter());
            for pair in &pairs {
                prop_assert!(text.contains(&pair.long) || other.contains(&pair.long));
                prop_assert!(text.contains(&pair.short) || other.contains(&pair.short));
            }
            let mut end = 0;
            for (range, _) in ShortForms::new(&pairs).spans(&text) {
                prop_assert!(text.get(range.clone()).is_some_and(|word| !word.is_empty()));
                prop_assert!(range.end >= end);
                end = range.end;
            }
        }
    }
}
