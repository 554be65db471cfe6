//! Filters as queries of the cluster.

use serde_json::{Value, json};

use super::mapping::kind;
use super::words::encoded_phrase;
use crate::store::Filter;

/// The conditions of a filter, all of which must hold; none if it matches every passage.
pub(super) fn conditions(filter: &Filter) -> Vec<Value> {
    let mut conditions = Vec::new();
    let mut any_of = |field: &str, values: Vec<&str>| {
        if !values.is_empty() {
            conditions.push(json!({"terms": {field: values}}));
        }
    };
    let journals: Vec<String> = filter.journals.iter().map(|journal| journal.to_lowercase()).collect();
    any_of("journal", journals.iter().map(String::as_str).collect());
    any_of("article_type", filter.article_types.iter().map(String::as_str).collect());
    any_of("paper", filter.papers.iter().map(String::as_str).collect());
    any_of("section", filter.sections.iter().map(|kind| kind.name()).collect());
    if filter.year_from.is_some() || filter.year_to.is_some() {
        let mut range = json!({"gte": filter.year_from.unwrap_or(0)});
        if let Some(year) = filter.year_to {
            range["lte"] = json!(year);
        }
        conditions.push(json!({"range": {"year": range}}));
    }
    conditions.extend(filter.phrases.iter().filter_map(|phrase| in_a_row("text", phrase)));
    let excluded = filter.excluded.iter();
    let excluded =
        excluded.flat_map(|words| ["text", "heading"].into_iter().filter_map(|field| in_a_row(field, words)));
    let excluded: Vec<Value> = excluded.collect();
    if !excluded.is_empty() {
        if conditions.is_empty() {
            conditions.push(json!({"term": {"kind": kind::PASSAGE}}));
        }
        conditions.push(json!({"bool": {"must_not": excluded}}));
    }
    conditions
}

/// A query for the passages that have the words of a text as a phrase; `None` if the text has no words.
fn in_a_row(field: &str, text: &str) -> Option<Value> {
    Some(json!({"match_phrase": {field: encoded_phrase(text)?}}))
}

/// A query for the documents of which a field contains a text.
pub(super) fn containing(field: &str, text: &str) -> Value {
    let mut pattern = String::from("*");
    for c in text.chars() {
        if matches!(c, '*' | '?' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('*');
    json!({"wildcard": {field: {"value": pattern}}})
}

/// A regular expression of Lucene for the terms that begin with a text. Not the text and `.*`: OpenSearch 2.19 has a
/// shorter way for these, which fails if no later term is in the segment.
pub(super) fn beginning_with(start: &str) -> String {
    let mut pattern = String::new();
    for c in start.chars() {
        if r#".?+*|{}[]()"\#@&<>~"#.contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern + "(.|\n)*"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::corpus::SectionKind;

    #[test]
    fn all_conditions_of_a_filter_are_asked_for() {
        let set = |value: &str| BTreeSet::from([value.to_owned()]);
        let filter = Filter {
            year_from: Some(2010),
            year_to: Some(2020),
            journals: set("The Lancet"),
            article_types: set("review-article"),
            papers: set("p"),
            sections: BTreeSet::from([SectionKind::Methods]),
            phrases: set("the TNF-α level"),
            excluded: set("mice"),
        };
        let expected = json!([
            {"terms": {"journal": ["the lancet"]}},
            {"terms": {"article_type": ["review-article"]}},
            {"terms": {"paper": ["p"]}},
            {"terms": {"section": [SectionKind::Methods.name()]}},
            {"range": {"year": {"gte": 2010, "lte": 2020}}},
            {"match_phrase": {"text": "tnfalpha alpha level"}},
            {"bool": {"must_not": [{"match_phrase": {"text": "mice"}}, {"match_phrase": {"heading": "mice"}}]}},
        ]);
        assert_eq!(json!(conditions(&filter)), expected);
        assert!(conditions(&Filter::default()).is_empty());
    }

    #[test]
    fn texts_are_taken_literally() {
        assert_eq!(containing("title", r"what? 5*\"), json!({"wildcard": {"title": {"value": r"*what\? 5\*\\*"}}}));
        assert_eq!(beginning_with("a.b:"), "a\\.b:(.|\n)*");
    }
}
