//! The kinds of quotations.

/// How a text claims to be somebody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QuotationKind {
    /// In quotation marks within a paragraph.
    Inline,
    /// A paragraph of its own.
    Block,
    /// A sentence without quotation marks that names a passage by its id, and so says where its words are.
    Passage,
    /// A sentence without quotation marks that cites a work by its key. Its words may be the author's own.
    Sentence,
}

impl QuotationKind {
    /// Whether the author says that the words are somebody else's, so that they must be those of the paper.
    pub fn claims_wording(self) -> bool {
        self != Self::Sentence
    }
}
