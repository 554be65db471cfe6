//! Compares two texts word by word.

use std::ops::Range;

use super::normal::Normalised;
use super::ranges::Parts;

/// A word, including adjacent punctuation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Its normalised text, by which it is compared; never empty.
    pub(super) key: String,
    /// The byte range in the text.
    pub(super) range: Range<usize>,
}

/// The words of a text outside of the `omitted` ranges, which are [`joined`](super::ranges::joined). The two halves of a
/// word that is hyphenated at the end of a line are one word.
pub(super) fn words(text: &str, omitted: &[Range<usize>]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut joins = false;
    let mut omitted = Parts(omitted);
    for part in parts(text) {
        let piece = &text[part.clone()];
        let key = Normalised::new(piece, &omitted.within(&part)).text;
        let continues = joins && piece.starts_with(char::is_lowercase);
        joins = piece.ends_with(['-', '\u{2010}', '\u{ad}']) && piece.len() > 1;
        if let Some(last) = words.last_mut().filter(|_| continues) {
            last.key.push_str(&key);
            last.range.end = part.end;
        } else if !key.is_empty() {
            words.push(Word { key, range: part });
        }
    }
    words
}

/// The parts of a text between white space, also split after long dashes.
fn parts(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        let is_break = matches!(c, '—' | '/');
        if c.is_whitespace() || is_break {
            let end = if is_break { at + c.len_utf8() } else { at };
            if start < end {
                parts.push(start..end);
            }
            start = at + c.len_utf8();
        }
    }
    if start < text.len() {
        parts.push(start..text.len());
    }
    parts
}

/// A step of an alignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The same word: its index in the quotation and in the paper.
    Same(usize, usize),
    /// A word of the quotation that the paper does not have at this position.
    Added(usize),
    /// A word of the paper that the quotation does not have.
    Removed(usize),
    /// A word of the paper that the quotation omits at an elision.
    Elided(usize),
}

/// Maximum number of words of a quotation, and of a passage, that are aligned.
const MAX_WORDS: usize = 1500;

/// The cost of a word that is only in the quotation, and of one that is only in the paper. Replacing a word thus costs
/// less than adding two.
const ADDED: u32 = 3;
const REMOVED: u32 = 2;

/// The alignment of a whole quotation with a part of a passage that has the fewest added and removed words. Words
/// before and after that part, and at elisions, are free (Sellers, 1980). Takes time proportional to the product of
/// both lengths.
pub(super) fn align(quote: &[Word], after_gap: &[bool], passage: &[Word]) -> Vec<Step> {
    let quote = &quote[..quote.len().min(MAX_WORDS)];
    let passage = &passage[..passage.len().min(MAX_WORDS)];
    let width = passage.len() + 1;
    let is_gap = |row: usize| row > 0 && row < quote.len() && after_gap.get(row).copied().unwrap_or(false);
    let mut costs = vec![0_u32; (quote.len() + 1) * width];
    for row in 0..=quote.len() {
        for column in 0..width {
            if row == 0 {
                continue;
            }
            let at = row * width + column;
            let mut best = costs[at - width] + ADDED;
            if column > 0 {
                if quote[row - 1].key == passage[column - 1].key {
                    best = best.min(costs[at - width - 1]);
                }
                best = best.min(costs[at - 1] + if is_gap(row) { 0 } else { REMOVED });
            }
            costs[at] = best;
        }
    }
    let last = &costs[quote.len() * width..];
    let mut column = (0..width).min_by_key(|&column| last[column]).unwrap_or(0);
    let mut row = quote.len();
    let mut steps = Vec::new();
    while row > 0 {
        let at = row * width + column;
        if column > 0 && quote[row - 1].key == passage[column - 1].key && costs[at] == costs[at - width - 1] {
            (row, column) = (row - 1, column - 1);
            steps.push(Step::Same(row, column));
        } else if column > 0 && is_gap(row) && costs[at] == costs[at - 1] {
            column -= 1;
            steps.push(Step::Elided(column));
        } else if costs[at] == costs[at - width] + ADDED {
            row -= 1;
            steps.push(Step::Added(row));
        } else {
            column -= 1;
            steps.push(Step::Removed(column));
        }
    }
    steps.reverse();
    steps
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn steps(quote: &str, passage: &str) -> Vec<Step> {
        let quote = words(quote, &[]);
        align(&quote, &vec![false; quote.len()], &words(passage, &[]))
    }

    #[test]
    fn a_changed_word_is_one_added_and_one_removed() {
        use Step::{Added, Removed, Same};
        let found = steps("cells rose at night", "All cells fell at night, as Lee says.");
        assert!(
            found == [Same(0, 1), Removed(2), Added(1), Same(2, 3), Same(3, 4)]
                || found == [Same(0, 1), Added(1), Removed(2), Same(2, 3), Same(3, 4)],
            "{found:?}"
        );
    }

    #[test]
    fn hyphenated_words_are_one() {
        let keys = |text: &str| words(text, &[]).into_iter().map(|word| word.key).collect::<Vec<_>>();
        assert_eq!(keys("mesen-\nchymal stem cells — (IL-6)"), ["mesenchymal", "stem", "cells", "il6"]);
    }

    proptest! {
        /// An alignment contains each word of the quotation once, in order, and the words of the passage in order.
        #[test]
        fn alignments_are_whole(quote in "[ab ]{0,20}", passage in "[ab ]{0,20}", gap in 0_usize..10) {
            let (quote, passage) = (words(&quote, &[]), words(&passage, &[]));
            let gaps: Vec<bool> = (0..quote.len()).map(|at| at == gap).collect();
            let steps = align(&quote, &gaps, &passage);
            let of_quote: Vec<usize> = steps.iter().filter_map(|step| match step {
                Step::Same(at, _) | Step::Added(at) => Some(*at),
                _ => None,
            }).collect();
            prop_assert_eq!(of_quote, (0..quote.len()).collect::<Vec<_>>());
            let of_passage: Vec<usize> = steps.iter().filter_map(|step| match step {
                Step::Same(_, at) | Step::Removed(at) | Step::Elided(at) => Some(*at),
                Step::Added(_) => None,
            }).collect();
            prop_assert!(of_passage.windows(2).all(|pair| pair[0] + 1 == pair[1]));
        }
    }
}
