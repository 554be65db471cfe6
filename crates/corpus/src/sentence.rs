//! Splits a paragraph into sentences.
//!
//! It uses rules instead of a model: every decision can be explained, takes nanoseconds, and is the same on every
//! machine. A full stop ends a sentence if the text before it is not an abbreviation and the text after it looks like
//! the beginning of a sentence.

mod context;
mod lexicon;
mod marks;

use std::ops::Range;

use context::{Following, MAX_WORD_BYTES, Preceding};
use marks::{is_closer, is_stop};

use super::dash::is_dash;

/// Parentheses of up to this many bytes are never split. Longer ones may contain whole sentences.
const MAX_PARENTHESIS_BYTES: usize = 400;
/// Maximum length in bytes of a citation marker between a stop and the next sentence.
const MAX_MARKER_BYTES: usize = 80;

/// The sentences of `text` as byte ranges: in order, without surrounding white space, covering all visible characters.
///
/// A citation after the stop (`…cells.[12] The`, `…cells.12 The`) belongs to the sentence before it; a list marker
/// (`2. The`) to the one after. Takes time linear in the length of `text`.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let parentheses = short_parentheses(text);
    let mut parentheses = parentheses.iter().peekable();
    let mut ranges = Vec::new();
    let mut start = skip_space(text, 0);
    let mut resume = 0;
    for (stop, character) in text.char_indices() {
        if stop < resume || !is_stop(character) {
            continue;
        }
        while parentheses.next_if(|range| range.end <= stop).is_some() {}
        if parentheses.peek().is_some_and(|range| range.start < stop) {
            continue;
        }
        if let Some(end) = sentence_end(text, start, stop) {
            ranges.push(start..end);
            start = skip_space(text, end);
            resume = end;
        }
    }
    let end = text.trim_end().len();
    if start < end {
        ranges.push(start..end);
    }
    ranges
}

/// The end of the sentence that begins at `start`, if the stop at `stop` ends it.
fn sentence_end(text: &str, start: usize, stop: usize) -> Option<usize> {
    let stops = text[stop..].chars().take_while(|&c| is_stop(c)).take(MAX_WORD_BYTES);
    let after_stops = stop + stops.map(char::len_utf8).sum::<usize>();
    let closers = text[after_stops..].chars().take_while(|&c| is_closer(c)).take(MAX_WORD_BYTES);
    let end = after_stops + closers.map(char::len_utf8).sum::<usize>();
    let preceding = Preceding::new(text, start, stop);
    let end = end + spaced_quote(&text[end..]);
    let rest = &text[end..];
    if let Some(marker) = attached_citation(rest).filter(|_| preceding.carries_citation()) {
        let following = Following::new(&rest[marker..]);
        return (following.spaced && following.opened != Some('(') && following.is_plain_beginning())
            .then_some(end + marker);
    }
    let following = Following::new(rest);
    if !following.spaced {
        return (following.is_glued_beginning() && preceding.is_long_lower_word()).then_some(end);
    }
    let is_end = match text[stop..].chars().next() {
        Some('.') if after_stops == stop + 1 => preceding.ends_sentence(&following, end > after_stops),
        Some('?' | '!') => following.is_beginning(),
        _ => following.is_plain_beginning(),
    };
    if !is_end {
        return None;
    }
    Some(end + spaced_citation(rest).unwrap_or(0))
}

/// Length of a closing quotation mark that has a space on both sides, as in `it ended. " Then`, with the space before it.
fn spaced_quote(rest: &str) -> usize {
    let quote = rest.strip_prefix(" \"").filter(|after| after.starts_with(char::is_whitespace));
    quote.map_or(0, |_| 2)
}

/// Length of a citation directly after a stop: `12`, `12,13`, `12–14`, `¹²`, `[12]`, `(12, 13)`.
fn attached_citation(rest: &str) -> Option<usize> {
    if let Some(length) = bracketed_numbers(rest) {
        return Some(length);
    }
    let is_part = |c: char| c.is_numeric() || c == ',' || is_dash(c);
    let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let begins = rest.chars().next().is_some_and(char::is_numeric);
    let ends = rest[..length].chars().next_back().is_some_and(char::is_numeric);
    (begins && ends && length <= MAX_MARKER_BYTES).then_some(length)
}

/// Length of a bracketed citation after a stop and a space, with the space: ` [12–14]`. The beginning of a sentence must
/// follow: in `[12] showed`, the citation is the subject.
fn spaced_citation(rest: &str) -> Option<usize> {
    let trimmed = rest.trim_start();
    let length = bracketed_numbers(trimmed).filter(|_| trimmed.starts_with('['))?;
    let following = Following::new(&trimmed[length..]);
    (following.spaced && following.is_plain_beginning()).then_some(rest.len() - trimmed.len() + length)
}

/// Length of one or more brackets with numbers in them: `[12, 14–16]`, `(3)`, `[1][2]`.
fn bracketed_numbers(rest: &str) -> Option<usize> {
    let mut length = 0;
    while let Some(inner) = rest[length..].strip_prefix(['[', '(']) {
        let is_part = |c: char| c.is_numeric() || is_dash(c) || matches!(c, ',' | ';' | ' ' | '\u{a0}');
        let Some(close) = inner.find(|c| !is_part(c)).filter(|close| *close > 0 && *close <= MAX_MARKER_BYTES) else {
            break;
        };
        if !inner[close..].starts_with([']', ')']) || length > MAX_MARKER_BYTES {
            break;
        }
        length += close + 2;
    }
    (length > 0).then_some(length)
}

/// The outermost parentheses and square brackets that are too short to contain sentences.
fn short_parentheses(text: &str) -> Vec<Range<usize>> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (at, character) in text.char_indices() {
        match character {
            '(' => open.push((at, ')')),
            '[' => open.push((at, ']')),
            ')' | ']' => {
                let Some(matching) = open.iter().rev().take(4).position(|(_, close)| *close == character) else {
                    continue;
                };
                open.truncate(open.len() - matching);
                let Some((start, _)) = open.pop() else { continue };
                if at - start <= MAX_PARENTHESIS_BYTES {
                    while ranges.last().is_some_and(|inner| inner.start > start) {
                        ranges.pop();
                    }
                    ranges.push(start..at);
                }
            }
            _ => {}
        }
    }
    ranges
}

fn skip_space(text: &str, from: usize) -> usize {
    text.len() - text[from..].trim_start().len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `marked` has a `|` between its sentences.
    fn check(marked: &str) {
        let text = marked.replace(" | ", " ").replace('|', "");
        let found: Vec<&str> = sentences(&text).into_iter().map(|range| &text[range]).collect();
        let expected: Vec<&str> = marked.split('|').map(str::trim).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn plain_sentences() {
        check("Cells grew. | They were counted! | Did they differ? | Yes.");
        check("No stop at the end");
        assert!(sentences("").is_empty());
        assert!(sentences(" \u{a0} ").is_empty());
    }

    #[test]
    fn abbreviations() {
        check("Shown by Yi et al. (2012) and Wu et al. [3] in mice. | The dose was 2 mg i.v. or i.p. in all.");
        check("See Fig. 2 and Figs. 3, 4, cf. Ref. 5, i.e. the control vs. Treated mice, approx. 12 of them.");
        check("Dr. Smith and J. Smith sampled No. 12, e.g. E. coli and S. aureus. | It grew.");
        check(
            "He has a Ph.D. in the U.S. Army. | She works in the U.S. | The work was done by Kim et al. | The rest is new.",
        );
        check("It was high in MS. | Fertility fell in CF. | In it, OR of.61 (CI) was seen.");
        check("They lack vitamin D. | The dose rose. | It causes hepatitis B. | Infection spreads.");
    }

    #[test]
    fn numbers() {
        check("It fell by 0.5 (p < 0.05). | It rose to 3.2, p < 0.05. | 12 patients left.");
        check("1. Cells were washed. | 2. They were counted.");
        check("They had (i) skin, (ii) bone. | (b) Blood was drawn.");
    }

    #[test]
    fn citations_after_the_stop() {
        check(
            "It heals.[12] | The graft holds. [12–14] | The rest fails.12,13 | But it heals.¹² | We saw it.(4) | It is so.",
        );
        check("It heals. | [12] showed that it does.");
        check("It was given at Fig.12 The end.");
    }

    #[test]
    fn lower_case_beginnings() {
        check("It died. | p53 is lost. | mTOR acts. | α-SMA rose. | miR-21 fell.");
        check("It lasted … and ended. | He waited ... for long.");
    }

    #[test]
    fn brackets_and_quotes() {
        check(
            "He said “It heals.” | She agreed (it does. It really does.) and left. | \"It ended.\" | Then all slept.",
        );
        let inner = "Cells were seen again and again in it. ".repeat(12);
        assert!(sentences(&format!("Begin ({inner}) end.")).len() > 10);
    }

    #[test]
    fn lost_space() {
        check("The mice recovered.|The rats did not.");
        check("The E.coli in Sec.The grew.");
    }

    #[test]
    fn adversarial_text_takes_linear_time() {
        for unit in [".", "(", "a.", "e.g. ", " ", ".\"", ". (", "et al. ", "1,", "(]", ".12"] {
            sentences(&unit.repeat(200_000));
        }
        sentences(&format!("{}{}", " ".repeat(200_000), "e.g. ".repeat(100_000)));
    }

    proptest! {
        #[test]
        fn ranges_cover_all_visible_text(text in "([A-Za-c.!?… \\[\\]()12,–\"”α]|et al\\. |Fig\\. ){0,80}|\\PC{0,80}") {
            let mut end = 0;
            for range in sentences(&text) {
                prop_assert!(range.start < range.end && range.start >= end);
                prop_assert!(text.get(range.clone()).is_some_and(|sentence| sentence.trim() == sentence));
                prop_assert!(text[end..range.start].trim().is_empty());
                end = range.end;
            }
            prop_assert!(text[end..].trim().is_empty());
        }
    }
}
