//! Filters as tantivy queries.

use std::ops::Bound;

use tantivy::query::{BooleanQuery, EnableScoring, Occur, PhraseQuery, Query, RangeQuery, TermQuery, TermSetQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{BitSet, Searcher, TERMINATED, Term};

use super::schema::{Fields, PASSAGE};
use crate::store::Filter;
use crate::store::analyzer::phrase_words;

/// A filter as a tantivy query over passages; `None` if it matches every passage.
pub(super) fn filter_query(filter: &Filter, fields: &Fields) -> Option<Box<dyn Query>> {
    if filter.is_empty() {
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
    any_of(fields.journal, filter.journals.iter().map(|journal| journal.to_lowercase()).collect());
    any_of(fields.article_type, filter.article_types.iter().cloned().collect());
    any_of(fields.paper, filter.papers.iter().cloned().collect());
    any_of(fields.section_kind, filter.sections.iter().map(|kind| kind.name().to_owned()).collect());
    if filter.year_from.is_some() || filter.year_to.is_some() {
        let term = |year: u16| Term::from_field_u64(fields.year, u64::from(year));
        let from = filter.year_from.map_or(Bound::Included(term(0)), |year| Bound::Included(term(year)));
        let to = filter.year_to.map_or(Bound::Unbounded, |year| Bound::Included(term(year)));
        conditions.push(Box::new(RangeQuery::new(from, to)));
    }
    conditions.extend(filter.phrases.iter().filter_map(|phrase| in_a_row(fields.text, phrase)));
    let excluded = filter
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

/// A query for the documents that contain the words of a text as a phrase; `None` if no word of the text is indexed.
fn in_a_row(field: Field, text: &str) -> Option<Box<dyn Query>> {
    let words = phrase_words(text).into_iter();
    let terms: Vec<(usize, Term)> =
        words.map(|word| (word.position, Term::from_field_text(field, &word.term))).collect();
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
