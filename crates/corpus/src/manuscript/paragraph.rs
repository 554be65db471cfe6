//! A paragraph of a manuscript, with the positions of its text in the source.

use std::ops::Range;

/// The text of a paragraph without markup. Citations are in pandoc's syntax, `[@key]`.
#[derive(Debug, Default)]
pub(super) struct Paragraph {
    text: String,
    /// Pairs of a byte offset in `text` and the byte offset in the source from which it was copied, up to the next pair.
    copied: Vec<(usize, usize)>,
    /// The end, in the source, of the text that was added last.
    end: usize,
    /// Whether it is a block quotation.
    pub(super) is_quotation: bool,
}

impl Paragraph {
    pub(super) fn new(is_quotation: bool) -> Self {
        Self { is_quotation, ..Self::default() }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Adds the text for a range of the source. Either both have the same length, or the text replaces the source.
    pub(super) fn push(&mut self, text: &str, source: Range<usize>) {
        if !text.is_empty() {
            self.copied.push((self.text.len(), source.start));
            self.text.push_str(text);
            self.end = source.end;
        }
    }

    /// The source range of a range of the text.
    pub(super) fn source(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.origin(range.start);
        let end = if range.end >= self.text.len() { self.end } else { self.origin(range.end) };
        start..end.max(start)
    }

    fn origin(&self, byte: usize) -> usize {
        let next = self.copied.partition_point(|(start, _)| *start <= byte);
        let Some((start, from)) = next.checked_sub(1).and_then(|last| self.copied.get(last)) else { return 0 };
        // A text that is longer than its source does not extend into the following text.
        let limit = self.copied.get(next).map_or(self.end, |(_, from)| *from);
        (from + (byte - start)).min(limit.max(*from))
    }
}

/// Collects paragraphs.
#[derive(Debug, Default)]
pub(super) struct Paragraphs {
    done: Vec<Paragraph>,
    open: Paragraph,
}

impl Paragraphs {
    pub(super) fn push(&mut self, text: &str, source: Range<usize>) {
        self.open.push(text, source);
    }

    pub(super) fn open(&self) -> &Paragraph {
        &self.open
    }

    /// Ends the open paragraph. The argument says whether the next one is a block quotation.
    pub(super) fn end(&mut self, next_is_quotation: bool) {
        let ended = std::mem::replace(&mut self.open, Paragraph::new(next_is_quotation));
        if !ended.text.trim().is_empty() {
            self.done.push(ended);
        }
    }

    /// Suspends the open paragraph for one that interrupts it.
    pub(super) fn interrupt(&mut self) -> Paragraph {
        std::mem::take(&mut self.open)
    }

    /// Ends a paragraph that interrupted another one, and resumes that one.
    pub(super) fn resume(&mut self, interrupted: Paragraph) {
        self.end(false);
        self.open = interrupted;
    }

    pub(super) fn finish(mut self) -> Vec<Paragraph> {
        self.end(false);
        self.done
    }
}
