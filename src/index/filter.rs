//! Which documents a question may be answered from.

use std::collections::BTreeSet;
use std::ops::Bound;

use tantivy::query::{BooleanQuery, EnableScoring, Query, RangeQuery, TermQuery, TermSetQuery};
use tantivy::schema::IndexRecordOption;
use tantivy::{BitSet, Searcher, TERMINATED, Term};

use super::schema::Fields;
use crate::corpus::SectionKind;

/// Conditions on passages; all must hold. Applied in both legs before ranking, so a filtered search is exact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// First year, inclusive. A paper without a year is outside of any range.
    pub year_from: Option<u16>,
    /// Last year, inclusive.
    pub year_to: Option<u16>,
    /// Journals, compared without regard to case; any of them.
    pub journals: BTreeSet<String>,
    /// Article types as the papers give them (`review-article`); any of them.
    pub article_types: BTreeSet<String>,
    /// Papers by their ids; any of them.
    pub papers: BTreeSet<String>,
    /// Kinds of sections; any of them.
    pub sections: BTreeSet<SectionKind>,
}

impl Filter {
    /// Whether it lets everything pass.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The filter as a tantivy query over passages; `None` where it lets everything pass.
    pub(super) fn query(&self, fields: &Fields) -> Option<Box<dyn Query>> {
        if self.is_empty() {
            return None;
        }
        let mut conditions: Vec<Box<dyn Query>> = Vec::new();
        let mut any_of = |field, values: Vec<String>| {
            let term = |value: &String| Term::from_field_text(field, value);
            match values.as_slice() {
                [] => {}
                [only] => conditions.push(Box::new(TermQuery::new(term(only), IndexRecordOption::Basic))),
                several => conditions.push(Box::new(TermSetQuery::new(several.iter().map(term)))),
            }
        };
        any_of(fields.journal, self.journals.iter().map(|journal| journal.to_lowercase()).collect());
        any_of(fields.article_type, self.article_types.iter().cloned().collect());
        any_of(fields.paper, self.papers.iter().cloned().collect());
        any_of(fields.section_kind, self.sections.iter().map(|kind| kind.name().to_owned()).collect());
        if self.year_from.is_some() || self.year_to.is_some() {
            let term = |year: u16| Term::from_field_u64(fields.year, u64::from(year));
            let from = self.year_from.map_or(Bound::Included(term(0)), |year| Bound::Included(term(year)));
            let to = self.year_to.map_or(Bound::Unbounded, |year| Bound::Included(term(year)));
            conditions.push(Box::new(RangeQuery::new(from, to)));
        }
        Some(Box::new(BooleanQuery::intersection(conditions)))
    }
}

/// The documents that a query matches, for each segment.
pub(super) fn matching(searcher: &Searcher, query: &dyn Query) -> tantivy::Result<Vec<BitSet>> {
    let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
    searcher
        .segment_readers()
        .iter()
        .map(|reader| {
            let mut set = BitSet::with_max_value(reader.max_doc());
            let mut scorer = weight.scorer(reader, 1.0)?;
            let mut doc = scorer.doc();
            while doc != TERMINATED {
                set.insert(doc);
                doc = scorer.advance();
            }
            Ok(set)
        })
        .collect()
}
