//! Restricts the passages that a search considers.

use std::collections::BTreeSet;

use crate::corpus::SectionKind;

/// Conditions on passages, all of which must hold. Both legs apply them before ranking, so a filtered search is exact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// First year, inclusive. A paper without a year matches no range.
    pub year_from: Option<u16>,
    /// Last year, inclusive.
    pub year_to: Option<u16>,
    /// Journals, compared case-insensitively; a paper matches any of them.
    pub journals: BTreeSet<String>,
    /// Article types as the papers give them (`review-article`); a paper matches any of them.
    pub article_types: BTreeSet<String>,
    /// Ids of papers; a passage matches any of them.
    pub papers: BTreeSet<String>,
    /// Kinds of sections; a passage matches any of them.
    pub sections: BTreeSet<SectionKind>,
    /// Phrases that the text must contain, in any inflected form of their words; all of them.
    pub phrases: BTreeSet<String>,
    /// Words or phrases that neither the text nor its headings may contain, in any inflected form.
    pub excluded: BTreeSet<String>,
}

impl Filter {
    /// Whether the filter matches every passage.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The conditions on papers alone: those on fields that papers share with their passages.
    #[must_use]
    pub fn of_papers(&self) -> Self {
        let (sections, phrases, excluded) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { sections, phrases, excluded, ..self.clone() }
    }
}
