//! What a paper's short forms stand for, found where the paper defines them, and where it uses them.
//!
//! Only what the paper itself says is believed: "rheumatoid arthritis (RA)" and "RA (rheumatoid arthritis)".

mod alignment;
mod candidate;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

pub use super::Abbreviation;
use alignment::align;
use candidate::{Candidate, Order, candidates};

/// What the short forms of a paper stand for, in the order of their definitions.
///
/// A short form is given as the text has it ("MSCs"). One that is defined again with the same long form is listed once;
/// one that is given another sense is listed with both. Time is linear in the text but for a bounded window before each
/// bracket.
pub fn detect<'a>(paragraphs: impl Iterator<Item = &'a str>) -> Vec<Abbreviation> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for paragraph in paragraphs {
        for candidate in candidates(paragraph) {
            let Some(long) = long_form(&candidate) else { continue };
            if seen.insert((normal_short(candidate.short), plain(long))) {
                found.push(Abbreviation { short: candidate.short.to_owned(), long: long.to_owned() });
            }
        }
    }
    found
}

/// The long form of a candidate, if its letters can be believed to stand for it.
fn long_form<'a>(candidate: &Candidate<'a>) -> Option<&'a str> {
    let window = candidate.window.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '"' | '”' | '\''));
    let alignment = align(candidate.short, window)?;
    let is_whole = candidate.order == Order::LongFirst || alignment.start == 0;
    let long = window.get(alignment.start..)?.trim();
    (is_whole && alignment.cost <= believed_cost(candidate) && is_longer(long, candidate.short) && is_balanced(long))
        .then_some(long)
}

/// What an alignment may cost. More letters agree by chance less often, and so may be matched more loosely.
fn believed_cost(candidate: &Candidate) -> f32 {
    let letters = candidate.short.chars().filter(|c| c.is_alphanumeric()).count() as f32;
    let capitals = candidate.short.chars().filter(|c| c.is_uppercase()).count();
    match (candidate.order, capitals) {
        (_, _) if letters < 2.0 => 0.0,
        (Order::ShortFirst, _) => 0.4 * (letters - 1.0),
        (Order::LongFirst, 0) => 0.35 * letters,
        (Order::LongFirst, _) => 0.5 + 1.3 * (letters - 1.0),
    }
}

/// A long form has more letters than its short form, and is not the short form with something around it.
fn is_longer(long: &str, short: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
    let repeats = long.split(|c: char| !c.is_alphanumeric()).any(|word| word == short);
    letters(long) > letters(short) && !repeats
}

/// Every bracket that is opened is closed, and the other way round.
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

/// The short form under which a paper's and a reader's spelling meet: without its plural's s, hyphens and spaces.
///
/// `MSCs` and `MSC` are one, as are `IL-6` and `IL6`; case is kept, since `AS` and `As` differ.
pub fn normal_short(short: &str) -> String {
    let kept: String = short.chars().filter(|c| !c.is_whitespace() && !is_hyphen(*c) && *c != '.').collect();
    match kept.strip_suffix('s') {
        Some(singular) if ends_like_a_short_form(singular) => singular.to_owned(),
        _ => kept,
    }
}

fn ends_like_a_short_form(word: &str) -> bool {
    word.chars().count() > 1 && word.chars().next_back().is_some_and(|c| c.is_uppercase() || c.is_numeric())
}

/// Where `text` uses the short forms of `abbreviations`: whole words, with or without a plural's s, in the same case.
///
/// In order, and the longest where several begin at one place; a short form with two senses gives both. Linear in the
/// text: each word is looked up once for each different length, in words, of the short forms.
pub fn spans<'a>(text: &str, abbreviations: &'a [Abbreviation]) -> Vec<(Range<usize>, &'a Abbreviation)> {
    let mut senses: HashMap<String, Vec<&'a Abbreviation>> = HashMap::new();
    let mut pieces = HashSet::new();
    for abbreviation in abbreviations {
        senses.entry(singular(&abbreviation.short).to_owned()).or_default().push(abbreviation);
        pieces.insert(tokens(&abbreviation.short).len());
    }
    let mut pieces: Vec<usize> = pieces.into_iter().filter(|&count| count > 0).collect();
    pieces.sort_unstable_by(|a, b| b.cmp(a));
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut next = 0;
    while next < tokens.len() {
        let here = pieces.iter().find_map(|&count| {
            let last = tokens.get(next + count - 1)?;
            let range = tokens[next].start..last.end;
            Some((range.clone(), senses.get(singular(&text[range]))?, count))
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

/// Runs of letters and digits.
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

fn is_hyphen(character: char) -> bool {
    matches!(character, '-' | '\u{2010}'..='\u{2014}' | '−')
}

/// Letters and digits in lower case: what tells two long forms apart.
fn plain(long: &str) -> String {
    long.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
