//! Finds the places where a text may define a short form: a bracket and the words before it.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::characters;
use crate::patterns::compile;
use crate::sentence::sentences;

/// Maximum number of letters and digits of a short form.
const MAX_SHORT_FORM_CHARACTERS: usize = 12;
/// Maximum number of bytes before a bracket in which the long form is searched for.
const MAX_WINDOW_BYTES: usize = 240;

/// Maximum number of bytes at each end of a bracket's content in which a definition is searched for.
const MAX_DEFINITION_BYTES: usize = 2 * MAX_WINDOW_BYTES;

/// A short form, and the text that may contain its long form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate<'a> {
    pub short: &'a str,
    pub window: &'a str,
    pub order: Order,
    /// A value follows the short form, as in "(OR = 1.8)". Such a short form is often defined elsewhere.
    pub has_value: bool,
}

/// The order of the short and the long form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// "bone marrow (BM)"
    LongFirst,
    /// "BM (bone marrow)": the window is the whole long form.
    ShortFirst,
    /// "bone marrow, abbreviated as BM": no bracket.
    Announced,
}

/// The candidates of `text`, in order. The long and the short form are always in one sentence.
pub(super) fn candidates(text: &str) -> Vec<Candidate<'_>> {
    let sentences = sentences(text);
    let mut sentences = sentences.iter().peekable();
    let mut found = Vec::new();
    for bracket in brackets(text) {
        while sentences.next_if(|sentence| sentence.end <= bracket.open).is_some() {}
        let Some(sentence) = sentences.peek().filter(|sentence| sentence.start <= bracket.open) else { continue };
        let start =
            floor_boundary(text, bracket.open.saturating_sub(MAX_WINDOW_BYTES)).max(sentence.start).max(bracket.outer);
        let before = &text[start..bracket.open];
        // A definition is at one end of the bracket's content. The outer ones of nested brackets are long, so the middle is
        // not searched.
        let inner = &text[bracket.inner()];
        let head = characters::prefix(inner, MAX_DEFINITION_BYTES).trim();
        found.extend(long_first(before, head));
        found.extend(short_first(before, head));
        found.extend(inside(characters::suffix(inner, MAX_DEFINITION_BYTES).trim()));
    }
    found.extend(named(text));
    found
}

/// Words that announce a short form without a bracket.
static ANNOUNCEMENT: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r",? (?:(?:hereafter|henceforth|hereinafter)(?: referred to as| called)?|abbreviated(?: as| to)?|(?:also )?(?:known|referred to|designated|denoted) as|also (?:called|termed)|or) ([\p{L}\p{N}][\p{L}\p{N}-]{1,15})\b",
    )
});

/// `long form, abbreviated as SF`
fn named(text: &str) -> impl Iterator<Item = Candidate<'_>> {
    ANNOUNCEMENT.captures_iter(text).filter_map(|found| {
        let (announcement, short) = (found.get(0)?, found.get(1)?.as_str());
        let capitals = short.chars().filter(|c| c.is_uppercase()).count();
        // "T cells or NK" is a choice: only "T cells, or TC" can be a definition.
        let is_choice = announcement.as_str().starts_with(" or ");
        if capitals < 2 || is_choice || !is_short_form(short) {
            return None;
        }
        let start = floor_boundary(text, announcement.start().saturating_sub(MAX_WINDOW_BYTES));
        let before = &text[start..announcement.start()];
        let sentence = sentences(before).last().map_or(before, |last| &before[last.start..]);
        let letters = short.chars().filter(|c| c.is_alphanumeric()).count();
        let window = last_words(last_clause(sentence), letters * 2);
        Some(Candidate { short, window, order: Order::Announced, has_value: false })
    })
}

/// A bracket that is opened and closed.
struct Bracket {
    open: usize,
    close: usize,
    /// The byte after the opening character of the bracket that encloses this one; 0 if there is none.
    outer: usize,
}

impl Bracket {
    fn inner(&self) -> Range<usize> {
        self.open + 1..self.close
    }
}

fn brackets(text: &str) -> Vec<Bracket> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut found = Vec::new();
    for (at, character) in text.char_indices() {
        match character {
            '(' => open.push((at, ')')),
            '[' => open.push((at, ']')),
            ')' | ']' if open.last().is_some_and(|(_, close)| *close == character) => {
                let Some((start, _)) = open.pop() else { continue };
                let outer = open.last().map_or(0, |(outer, _)| outer + 1);
                found.push(Bracket { open: start, close: at, outer });
            }
            _ => {}
        }
    }
    found.sort_by_key(|bracket| bracket.open);
    found
}

/// `before (SF)`
fn long_first<'a>(before: &'a str, inner: &'a str) -> Option<Candidate<'a>> {
    // A bracket without a space before it is part of a name, as in NAD(P)H and Ca(2+), or has lost its space.
    let is_glued = !before.ends_with(char::is_whitespace);
    if is_glued && inner.chars().filter(|c| c.is_uppercase()).count() < 2 {
        return None;
    }
    let inner = without_announcement(inner);
    let (head, tail) = split_head(inner);
    let short = head.trim().trim_matches(['"', '“', '”', '\'', '‘', '’']).trim();
    if !is_short_form(short) || begins_with_year(tail) {
        return None;
    }
    let window = last_clause(before);
    let words = short.chars().filter(|c| c.is_alphanumeric()).count();
    let window = last_words(window, (words + 5).min(words * 2));
    let has_value = inner[head.len()..].starts_with(" =");
    Some(Candidate { short, window, order: Order::LongFirst, has_value })
}

/// `SF (long form)`
fn short_first<'a>(before: &'a str, inner: &'a str) -> Option<Candidate<'a>> {
    let short = before.trim_end();
    let short = short.rsplit(char::is_whitespace).next()?.trim_start_matches(['(', '[', '"', '“']);
    let capitals = short.chars().filter(|c| c.is_uppercase()).count();
    let (long, tail) = inner.split_once([',', ';']).unwrap_or((inner, ""));
    let is_definition = capitals >= 2 && is_short_form(short) && long.split_whitespace().nth(1).is_some();
    (is_definition && long.len() <= MAX_WINDOW_BYTES && !begins_with_year(tail) && !long.contains(" et al"))
        .then_some(Candidate { short, window: long.trim(), order: Order::ShortFirst, has_value: false })
}

/// `(long form, SF)`
fn inside(inner: &str) -> Option<Candidate<'_>> {
    let (long, short) = inner.rsplit_once([',', ';'])?;
    let short = short.trim();
    let is_definition = short.len() >= 3 && is_short_form(short) && !short.contains(char::is_lowercase);
    let window = long.rsplit([',', ';', ':']).next()?.trim();
    (is_definition && window.len() <= MAX_WINDOW_BYTES).then_some(Candidate {
        short,
        window,
        order: Order::ShortFirst,
        has_value: false,
    })
}

/// Whether `short` can be a short form: it has a letter and at most two words, and is neither a numeral nor a common word.
pub(super) fn is_short_form(short: &str) -> bool {
    let letters = short.chars().filter(|c| c.is_alphanumeric()).count();
    let first = short.chars().next().is_some_and(char::is_alphanumeric);
    first
        && (1..=MAX_SHORT_FORM_CHARACTERS).contains(&letters)
        && short.len() <= 4 * MAX_SHORT_FORM_CHARACTERS
        && short.chars().any(char::is_alphabetic)
        && has_form_words(short)
        && !short.contains(['=', '<', '>', '%', '≥', '≤', '±', '~', '@', '*'])
        && !is_common(short)
}

/// Whether `short` is one word, or two of which the first is no ordinary word: "Mach 2", but not "preterm PROM".
fn has_form_words(short: &str) -> bool {
    let mut words = short.split_whitespace();
    let first = words.next().unwrap_or_default();
    let is_ordinary = first.len() > 3 && first.chars().all(char::is_lowercase);
    words.next().is_none_or(|_| !is_ordinary) && words.next().is_none()
}

/// Whether `short` is a word or numeral that is often in brackets and defines nothing.
fn is_common(short: &str) -> bool {
    const WORDS: &[&str] = &[
        "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "e.g.", "i.e.", "eg", "ie", "and", "or", "in",
        "see", "not", "but", "with", "the", "a", "b", "c", "d", "e", "f", "yes", "no", "both", "all", "fig", "table",
        "eds", "ed", "review", "reviewed", "left", "right", "top", "bottom", "male", "female", "men", "women", "usa",
        "uk",
    ];
    WORDS.contains(&short.trim_end_matches('.').to_lowercase().as_str()) && short.chars().any(char::is_lowercase)
        || is_quantity(short)
}

/// Whether `short` is a quantity: "5 mg", "12h", "0.3 ml/kg".
fn is_quantity(short: &str) -> bool {
    let unit = short.trim_start_matches(|c: char| c.is_numeric() || matches!(c, '.' | ',' | '-' | '–' | ' '));
    unit.len() < short.len()
        && matches!(
            unit,
            "mg" | "g"
                | "kg"
                | "ml"
                | "mL"
                | "l"
                | "L"
                | "h"
                | "d"
                | "s"
                | "min"
                | "days"
                | "day"
                | "weeks"
                | "wk"
                | "years"
                | "yr"
                | "months"
                | "nM"
                | "mM"
                | "M"
                | "mm"
                | "cm"
                | "nm"
                | "kDa"
                | "Hz"
                | "th"
                | "st"
                | "nd"
                | "rd"
                | "bp"
                | "kb"
                | "C"
                | "U"
                | "IU"
                | "mg/kg"
                | "mg/ml"
                | "mg/day"
                | "hours"
                | "hr"
                | "cases"
                | "patients"
        )
}

/// Splits `inner` at the first comma, semicolon or other mark that ends a short form.
fn split_head(inner: &str) -> (&str, &str) {
    let cut = [", ", "; ", ": ", ";", " = ", " or "].iter().filter_map(|mark| inner.find(mark)).min();
    cut.map_or((inner, ""), |cut| (&inner[..cut], inner[cut..].trim_start_matches([';', ',', ':', ' '])))
}

/// `inner` without words such as "abbreviated as".
fn without_announcement(inner: &str) -> &str {
    const LEADS: &[&str] = &[
        "hereafter referred to as ",
        "hereafter called ",
        "hereafter ",
        "hereinafter ",
        "henceforth ",
        "abbreviated as ",
        "abbreviated to ",
        "abbreviated ",
        "also known as ",
        "also called ",
        "also termed ",
        "referred to as ",
        "termed ",
        "designated as ",
        "designated ",
        "called ",
        "denoted ",
        "or ",
        "i.e., ",
        "the ",
        "so-called ",
    ];
    LEADS.iter().find_map(|lead| inner.strip_prefix(lead)).unwrap_or(inner)
}

fn begins_with_year(text: &str) -> bool {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    digits == 4 && (text.starts_with("19") || text.starts_with("20")) || text.starts_with("et al")
}

/// The text after the last semicolon or colon.
fn last_clause(before: &str) -> &str {
    let cut = before.rfind("; ").into_iter().chain(before.rfind(": ")).max();
    cut.map_or(before, |cut| &before[cut + 2..])
}

fn last_words(text: &str, count: usize) -> &str {
    let starts = text.char_indices().rev().zip(text.char_indices().rev().skip(1));
    let starts = starts.filter(|((_, c), (_, before))| !c.is_whitespace() && before.is_whitespace());
    starts.map(|((at, _), _)| at).nth(count.saturating_sub(1)).map_or(text, |at| &text[at..])
}

fn floor_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
