//! The kinds of quotations.

/// How a text indicates that its words are quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuotationKind {
    /// In quotation marks within a paragraph.
    Inline,
    /// A separate paragraph.
    Block,
    /// A sentence without quotation marks that cites a passage by its id, and thereby states the source of its words.
    Passage,
    /// A sentence without quotation marks that cites a work by its key. Its words may be the author's own.
    Sentence,
}

impl QuotationKind {
    /// Whether the author states that the words are quoted, so that they must be those of the paper.
    pub fn claims_wording(self) -> bool {
        self != Self::Sentence
    }
}
