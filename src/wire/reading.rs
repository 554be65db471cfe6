//! What is left out of a paper's file, in the JSON of clients.

use std::ops::Range;

use serde::Serialize;
use utoipa::ToSchema;

use super::search::Span;
use crate::corpus::{Article, Block, Dropped, Format};

/// Maximum number of Unicode characters of one text that is left out. A table may have a million.
const MAX_TEXT: usize = 4000;

/// Maximum number of texts that are left out in one response.
const MAX_DROPPED: usize = 5000;

/// What the reader leaves out of the file that a paper is indexed from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReadingResponse {
    /// The paper's id.
    pub paper: String,
    /// The format as the reader takes it.
    #[schema(value_type = String)]
    pub format: Format,
    /// Number of passages that the reader keeps.
    pub passages: usize,
    /// Problems that were found while reading.
    pub warnings: Vec<String>,
    /// The texts that are left out, in the order of the reader; at most 5,000.
    pub dropped: Vec<DroppedItem>,
    /// How many there are in all.
    pub total: usize,
}

/// A text that is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DroppedItem {
    /// The stable name of the rule: `running-header`.
    #[schema(example = "running-header")]
    pub rule: &'static str,
    /// The text, at most 4,000 characters of it.
    pub text: String,
    /// Whether the text is longer.
    pub is_cut: bool,
    pub page: Option<u32>,
    /// Where it is in the decoded file, in Unicode characters, if the format has linear text.
    pub source: Option<Span>,
    /// Index of the last passage that begins before it, from 0; by its page where nothing else is known. `null` if it is before all,
    /// or its place is not known.
    pub after: Option<usize>,
}

impl ReadingResponse {
    pub fn new(paper: &str, article: &Article) -> Self {
        let dropped = article.dropped.iter().take(MAX_DROPPED);
        Self {
            paper: paper.to_owned(),
            format: article.format,
            passages: article.blocks.len(),
            warnings: article.warnings.clone(),
            dropped: dropped.map(|dropped| DroppedItem::new(dropped, &article.blocks)).collect(),
            total: article.dropped.len(),
        }
    }
}

impl DroppedItem {
    fn new(dropped: &Dropped, blocks: &[Block]) -> Self {
        let text: String = dropped.text.chars().take(MAX_TEXT).collect();
        let span = |range: &Range<usize>| Span { start: range.start, end: range.end };
        Self {
            rule: dropped.rule.name(),
            is_cut: text.len() < dropped.text.len(),
            text,
            page: dropped.page,
            source: dropped.source.as_ref().map(span),
            after: blocks.iter().rposition(|block| begins_before(block, dropped)),
        }
    }
}

/// Whether a block begins before a text that is left out, by the finest place that both have.
fn begins_before(block: &Block, dropped: &Dropped) -> bool {
    match (&block.source, &dropped.source, block.pages, dropped.page) {
        (Some(kept), Some(dropped), ..) => kept.start <= dropped.start,
        (.., Some((first, _)), Some(page)) => first <= page,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::DropRule;

    #[test]
    fn what_is_left_out_has_its_place_among_the_passages() {
        let block = |source: Option<Range<usize>>, page: Option<u32>| Block {
            source,
            pages: page.map(|page| (page, page)),
            ..Block::default()
        };
        let mut article =
            Article { blocks: vec![block(Some(10..20), None), block(Some(40..50), None)], ..Article::default() };
        for start in [0, 25, 60] {
            article.drop_text(DropRule::Table, "cells", None, Some(start..start + 1));
        }
        article.drop_text(DropRule::Table, &"α".repeat(5000), Some(1), None);
        let read = ReadingResponse::new("a", &article);
        assert_eq!(read.dropped.iter().map(|one| one.after).collect::<Vec<_>>(), [None, Some(0), Some(1), None]);
        assert_eq!((read.dropped[3].text.chars().count(), read.dropped[3].is_cut), (MAX_TEXT, true));

        let mut pages = Article { blocks: vec![block(None, Some(1)), block(None, Some(2))], ..Article::default() };
        pages.drop_text(DropRule::RunningHeader, "Knees", Some(1), None);
        assert_eq!(ReadingResponse::new("a", &pages).dropped[0].after, Some(0));
    }
}
