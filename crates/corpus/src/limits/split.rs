//! Splits a block that is too long for a passage at the ends of its sentences.

use std::ops::Range;

use crate::Block;
use crate::sentence::sentences;

/// Splits `block` into blocks of at most `max` characters, in order. Together they contain all of its visible
/// characters.
///
/// A sentence that is too long is split at white space, or within a word that is too long. Each part has the citations
/// that begin in it, and the pages and the source range of the whole block.
pub(super) fn split(block: Block, max: usize) -> Vec<Block> {
    let ranges = pieces(&block.text, max);
    let last = ranges.len().saturating_sub(1);
    let mut citations = block.citations.into_iter().peekable();
    let mut split = Vec::with_capacity(ranges.len());
    for (index, SplitRange { range, is_cut }) in ranges.into_iter().enumerate() {
        let begins_cut = split.last().is_some_and(|before: &Block| before.truncated_end);
        let length = range.len();
        let mut piece = Block {
            kind: block.kind,
            section: block.section.clone(),
            pages: block.pages,
            source: block.source.clone(),
            text: block.text.get(range.clone()).unwrap_or_default().to_owned(),
            citations: Vec::new(),
            truncated_start: if index == 0 { block.truncated_start } else { begins_cut },
            truncated_end: if index == last { block.truncated_end } else { is_cut },
        };
        while let Some(mut citation) = citations.next_if(|citation| index == last || citation.range.start <= range.end)
        {
            // A marker that continues in the next part is truncated at the end of this one.
            let within = |byte: usize| byte.saturating_sub(range.start).min(length);
            citation.range = within(citation.range.start)..within(citation.range.end);
            piece.citations.push(citation);
        }
        split.push(piece);
    }
    split
}

struct SplitRange {
    range: Range<usize>,
    /// Whether it ends in mid-sentence.
    is_cut: bool,
}

fn pieces(text: &str, max: usize) -> Vec<SplitRange> {
    let mut pieces: Vec<SplitRange> = Vec::new();
    let mut open: Option<(Range<usize>, usize)> = None;
    for sentence in sentences(text) {
        let length = characters(text, &sentence);
        match &mut open {
            // The space between the two counts, too.
            Some((range, held)) if *held + characters(text, &(range.end..sentence.start)) + length <= max => {
                *held += characters(text, &(range.end..sentence.end));
                range.end = sentence.end;
            }
            _ => {
                pieces.extend(open.take().map(|(range, _)| SplitRange { range, is_cut: false }));
                let rest = if length > max { cut_sentence(text, sentence, max, &mut pieces) } else { sentence };
                let held = characters(text, &rest);
                open = Some((rest, held));
            }
        }
    }
    pieces.extend(open.map(|(range, _)| SplitRange { range, is_cut: false }));
    pieces
}

/// Splits a sentence that is too long. Returns its last part, to which further sentences may be added.
fn cut_sentence(text: &str, mut sentence: Range<usize>, max: usize, pieces: &mut Vec<SplitRange>) -> Range<usize> {
    while let Some((end, _)) = text.get(sentence.clone()).and_then(|rest| rest.char_indices().nth(max)) {
        let head = text.get(sentence.start..sentence.start + end).unwrap_or_default();
        // At the last white space, if it is in the second half.
        let at_space = head.rfind(char::is_whitespace).filter(|&space| space > head.len() / 2);
        let cut = sentence.start + at_space.unwrap_or(head.len());
        let kept = text.get(sentence.start..cut).unwrap_or_default().trim_end().len();
        pieces.push(SplitRange { range: sentence.start..sentence.start + kept, is_cut: true });
        let rest = text.get(cut..sentence.end).unwrap_or_default();
        sentence.start = cut + (rest.len() - rest.trim_start().len());
    }
    sentence
}

fn characters(text: &str, range: &Range<usize>) -> usize {
    text.get(range.clone()).map_or(0, |text| text.chars().count())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Citation;

    fn texts(text: &str, max: usize) -> Vec<String> {
        let block = Block { text: text.into(), ..Block::default() };
        split(block, max).into_iter().map(|piece| piece.text).collect()
    }

    #[test]
    fn sentences_stay_whole_where_they_can() {
        let text = "One came. Two came. Three and four and five came late. Six came.";
        assert_eq!(texts(text, 20), ["One came. Two came.", "Three and four and", "five came late.", "Six came."]);
        assert_eq!(texts(&"a".repeat(25), 10), ["a".repeat(10), "a".repeat(10), "a".repeat(5)]);
    }

    #[test]
    fn citations_and_marks_go_with_their_piece() {
        let block = Block {
            text: "One came [1]. Two came [2].".into(),
            citations: [9..12, 23..26].map(|range| Citation { range, references: vec![0] }).to_vec(),
            truncated_start: true,
            truncated_end: true,
            ..Block::default()
        };
        let pieces = split(block, 14);
        let cited: Vec<&str> = pieces.iter().map(|piece| &piece.text[piece.citations[0].range.clone()]).collect();
        assert_eq!(cited, ["[1]", "[2]"]);
        let marks: Vec<_> = pieces.iter().map(|piece| (piece.truncated_start, piece.truncated_end)).collect();
        assert_eq!(marks, [(true, false), (false, true)]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "[a-cA-C α.\\[\\]1]{1,120}", max in 1_usize..40, starts in proptest::collection::vec(0_usize..120, 0..6)) {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let visible = |text: &str| text.split_whitespace().collect::<String>();
            let mut places: Vec<usize> = starts.into_iter().filter(|&at| text.is_char_boundary(at)).collect();
            places.sort_unstable();
            let citations = places.iter().map(|&at| Citation { range: at..at, references: vec![0] });
            let block = Block { text: text.clone(), citations: citations.collect(), ..Block::default() };
            let pieces = split(block, max);
            prop_assert_eq!(pieces.iter().map(|piece| visible(&piece.text)).collect::<String>(), visible(&text));
            prop_assert_eq!(pieces.iter().map(|piece| piece.citations.len()).sum::<usize>(), if text.is_empty() { 0 } else { places.len() });
            for piece in &pieces {
                prop_assert!(!piece.text.is_empty() && piece.text.trim() == piece.text && piece.text.chars().count() <= max);
                prop_assert!(piece.citations.iter().all(|citation| piece.text.get(citation.range.clone()).is_some()));
            }
        }
    }
}
