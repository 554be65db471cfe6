//! Restricts the documents that a search considers.

use std::collections::BTreeSet;
use std::ops::Bound;

use tantivy::query::{BooleanQuery, EnableScoring, Occur, PhraseQuery, Query, RangeQuery, TermQuery, TermSetQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{BitSet, Searcher, TERMINATED, Term};

use super::analyzer::words;
use super::schema::{Fields, PASSAGE};
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

    /// The filter as a tantivy query over passages; `None` if it matches every passage.
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
        conditions.extend(self.phrases.iter().filter_map(|phrase| in_a_row(fields.text, phrase)));
        let excluded = self
            .excluded
            .iter()
            .flat_map(|words| [fields.text, fields.heading].into_iter().filter_map(|field| in_a_row(field, words)));
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = excluded.map(|query| (Occur::MustNot, query)).collect();
        if !clauses.is_empty() && conditions.is_empty() {
            let passages = Term::from_field_text(fields.kind, PASSAGE);
            conditions.push(Box::new(TermQuery::new(passages, IndexRecordOption::Basic)));
        }
        clauses.extend(conditions.into_iter().map(|query| (Occur::Must, query)));
        (!clauses.is_empty()).then(|| Box::new(BooleanQuery::new(clauses)) as Box<dyn Query>)
    }
}

/// A query for the documents that contain the words of a text as a phrase; `None` if no word of the text is indexed.
fn in_a_row(field: Field, text: &str) -> Option<Box<dyn Query>> {
    let mut terms: Vec<(usize, Term)> = Vec::new();
    for word in words(text) {
        // The joined form of a compound has the position of its first part, and precedes it.
        if terms.last().is_none_or(|(position, _)| *position < word.position) {
            terms.push((word.position, Term::from_field_text(field, &word.term)));
        }
    }
    match terms.as_slice() {
        [] => None,
        [(_, only)] => Some(Box::new(TermQuery::new(only.clone(), IndexRecordOption::Basic))),
        _ => Some(Box::new(PhraseQuery::new_with_offset(terms))),
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
