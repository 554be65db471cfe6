//! Citations by number: `[12, 14–16]`, `(1-3,7)`, `¹²`.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::resolved::ResolvedCitations;
use crate::characters;
use crate::dash::is_dash;
use crate::superscript::from_superscript;
use crate::{Block, Citation, Reference};

/// Maximum number of entries that one marker may name.
const MAX_NUMBERS: usize = 60;
/// Maximum length of a marker in bytes.
const MAX_MARKER_BYTES: usize = 200;

/// Number of bytes before a bracket in which a label such as "Equation" is searched for.
const MAX_LABEL_BYTES: usize = 32;

/// The way in which a paper prints citation numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NumberStyle {
    Square,
    Round,
    /// Unicode's superscript digits.
    Superscript,
    /// Superscripts that the source gives as plain digits after a full stop or comma: "cells.12,13 The".
    Raised,
}

/// Resolves the numeric citations of a paper in the single style that it uses. Empty if it does not cite by number.
pub(super) fn resolve(blocks: &[Block], references: &[Reference]) -> ResolvedCitations {
    let labels = labels(references);
    let styles = [
        (NumberStyle::Square, 0.1),
        (NumberStyle::Superscript, 0.2),
        (NumberStyle::Round, 0.5),
        (NumberStyle::Raised, 0.3),
    ];
    for (style, least_share) in styles {
        let markers: Vec<Vec<NumericMarker>> = blocks.iter().map(|block| markers(&block.text, style)).collect();
        if is_used(&markers, &labels, references.len(), least_share) {
            return citations(&markers, &labels);
        }
    }
    ResolvedCitations::default()
}

/// A citation marker that consists of numbers.
struct NumericMarker {
    range: Range<usize>,
    numbers: Vec<usize>,
}

/// The reference that each number refers to, by the labels of the entries, or by their order if most entries have no
/// label.
fn labels(references: &[Reference]) -> HashMap<usize, usize> {
    let plain = |label: &str| label.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok();
    let labelled: HashMap<usize, usize> =
        (0..).zip(references).filter_map(|(index, r)| Some((plain(r.label.as_deref()?)?, index))).collect();
    // Labels such as "Berg01" are not numbers, and a list with a few lost numbers is still a numbered list.
    if labelled.len() * 2 > references.len() { labelled } else { (0..references.len()).map(|i| (i + 1, i)).collect() }
}

/// Whether the paper cites in this style: most markers must refer to entries, and together they must refer to at least
/// the share `least_share` of the list.
fn is_used(markers: &[Vec<NumericMarker>], labels: &HashMap<usize, usize>, listed: usize, least_share: f32) -> bool {
    let mut named = HashSet::new();
    let (mut known, mut all) = (0, 0);
    for marker in markers.iter().flatten() {
        let is_known = marker.numbers.iter().all(|number| labels.contains_key(number));
        all += 1;
        known += usize::from(is_known);
        if is_known {
            named.extend(marker.numbers.iter().copied());
        }
    }
    named.len() > 1 && known * 10 >= all * 6 && named.len() as f32 >= least_share * listed as f32
}

fn citations(markers: &[Vec<NumericMarker>], labels: &HashMap<usize, usize>) -> ResolvedCitations {
    let mut found = ResolvedCitations::default();
    for block in markers {
        let mut citations = Vec::new();
        for marker in block {
            let mut references = Vec::new();
            for reference in marker.numbers.iter().filter_map(|number| labels.get(number)) {
                if !references.contains(reference) {
                    references.push(*reference);
                }
            }
            if references.is_empty() {
                found.unresolved += 1;
            } else {
                citations.push(Citation { range: marker.range.clone(), references });
            }
        }
        found.citations.push(citations);
    }
    found
}

fn markers(text: &str, style: NumberStyle) -> Vec<NumericMarker> {
    match style {
        NumberStyle::Square => bracketed(text, '[', ']'),
        NumberStyle::Round => bracketed(text, '(', ')'),
        NumberStyle::Superscript => superscripts(text),
        NumberStyle::Raised => raised(text),
    }
}

fn bracketed(text: &str, open: char, close: char) -> Vec<NumericMarker> {
    let mut markers = Vec::new();
    for (start, _) in text.match_indices(open) {
        let inner = &text[start + open.len_utf8()..];
        let is_part = |c: char| c.is_ascii_digit() || c.is_whitespace() || is_dash(c) || matches!(c, ',' | ';');
        let Some(length) = inner.find(|c| !is_part(c)).filter(|length| *length <= MAX_MARKER_BYTES) else { continue };
        if !inner[length..].starts_with(close) || is_label(text, start, open) {
            continue;
        }
        let end = start + open.len_utf8() + length + close.len_utf8();
        markers.extend(numbers(&inner[..length]).map(|numbers| NumericMarker { range: start..end, numbers }));
    }
    markers
}

/// Whether a round bracket belongs to the word before it, as in "Ca(2)" and "Eq. (2)", and so names no reference.
fn is_label(text: &str, start: usize, open: char) -> bool {
    const LABELS: [&str; 7] = ["Eq.", "Eqs.", "Equation", "equation", "Eq", "step", "Fig."];
    let before = characters::suffix(&text[..start], MAX_LABEL_BYTES);
    let is_glued = || before.ends_with(char::is_alphanumeric);
    let word = || before.trim_end().rsplit([' ', '(', '\u{a0}']).next().unwrap_or_default();
    open == '(' && (is_glued() || LABELS.contains(&word()))
}

/// Markers in Unicode's superscript digits, which some sources have: `cells¹²,¹³`.
fn superscripts(text: &str) -> Vec<NumericMarker> {
    let mut markers = Vec::new();
    let mut rest = 0;
    while let Some(start) = text[rest..].find(|c| from_superscript(c).is_some()).map(|at| rest + at) {
        let is_part = |c: char| from_superscript(c).is_some() || is_dash(c) || matches!(c, ',' | '⁻' | ' ');
        let run = &text[start..];
        let run =
            run[..run.find(|c| !is_part(c)).unwrap_or(run.len())].trim_end_matches(|c| from_superscript(c).is_none());
        let plain: String =
            run.chars().map(|c| from_superscript(c).unwrap_or(c).to_string()).collect::<String>().replace('⁻', "-");
        rest = start + run.len();
        let is_exponent = text[..start].ends_with(|c: char| c.is_numeric() || is_dash(c) || c == '⁻');
        if !is_exponent && run.len() <= MAX_MARKER_BYTES {
            markers.extend(numbers(&plain).map(|numbers| NumericMarker { range: start..rest, numbers }));
        }
    }
    markers
}

fn raised(text: &str) -> Vec<NumericMarker> {
    let mut markers = Vec::new();
    let mut before = None;
    let mut rest = 0;
    for (start, character) in text.char_indices() {
        let is_glued =
            character.is_ascii_digit() && before.is_some_and(|c: char| !c.is_ascii_digit() && !c.is_whitespace());
        before = Some(character);
        if start < rest || !is_glued || !may_carry_number(&text[..start]) {
            continue;
        }
        let length = raised_length(&text[start..]);
        let run = text[start..start + length].trim_end_matches(|c: char| !c.is_ascii_digit());
        rest = start + run.len();
        let ends = text[rest..]
            .chars()
            .next()
            .is_none_or(|c| c.is_whitespace() || matches!(c, '.' | ',' | ';' | ':' | ')' | '?'));
        if ends && length <= MAX_MARKER_BYTES {
            markers.extend(numbers(run).map(|numbers| NumericMarker { range: start..rest, numbers }));
        }
    }
    markers
}

/// Length of the numbers at the beginning of `text`, such as `1,2`, `3–5` or `2, 3, 4`. Spaces are allowed only between a comma
/// and a digit.
fn raised_length(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    let mut before = ' ';
    while let Some((at, character)) = characters.next() {
        let is_space =
            character == ' ' && before == ',' && characters.peek().is_some_and(|(_, next)| next.is_ascii_digit());
        if !(character.is_ascii_digit() || is_dash(character) || character == ',' || is_space) {
            return at;
        }
        before = character;
    }
    text.len()
}

/// Whether a citation number can directly follow `text`: it ends with a word in lower case, or with a full stop after a
/// word. Names such as "IL6" and labels such as "Fig." have their own numbers.
fn may_carry_number(text: &str) -> bool {
    const LABELS: [&str; 10] = ["Fig", "Figs", "No", "no", "Eq", "Ref", "vol", "Vol", "pp", "Tab"];
    let word = text.trim_end_matches(['.', ',', ';', ':', '?', ')', ']', '”', '"', '’', '%']);
    let marks = text.len() - word.len();
    let is_lower = word.chars().rev().take(4).filter(|c| c.is_lowercase()).count() == 4;
    let is_word = word.chars().rev().take(2).filter(|c| c.is_alphabetic()).count() == 2;
    match marks {
        0 => is_lower,
        1..=8 => (is_word || marks > 1) && !LABELS.iter().any(|label| word.ends_with(label)),
        _ => false,
    }
}

/// Parses `1, 3–5` to 1, 3, 4, 5. `None` if a part is not a number, a range is descending, or a number may be a year.
fn numbers(inner: &str) -> Option<Vec<usize>> {
    let mut numbers = Vec::new();
    for part in inner.split([',', ';']).map(str::trim) {
        let mut ends = part.split(is_dash).map(|end| end.trim().parse::<usize>());
        let first = ends.next()?.ok().filter(|number| (1..1900).contains(number))?;
        let last = ends.next().transpose().ok()?.unwrap_or(first);
        if ends.next().is_some() || last < first || last - first > MAX_NUMBERS || numbers.len() > MAX_NUMBERS {
            return None;
        }
        numbers.extend(first..=last);
    }
    Some(numbers)
}
