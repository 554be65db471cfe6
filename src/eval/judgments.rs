//! Relevance judgments.

use std::collections::BTreeMap;

use super::{DocumentId, QueryId};

/// The relevance of a document to a query: 0 or less is not relevant, higher is more relevant.
pub type Grade = i32;

/// The judged documents of one query.
pub type Grades = BTreeMap<DocumentId, Grade>;

/// The judgments of a test collection ("qrels").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgments(BTreeMap<QueryId, Grades>);

impl Judgments {
    /// Adds a judgment. Returns the previous one of the same pair, if any.
    pub fn insert(&mut self, query: QueryId, document: DocumentId, grade: Grade) -> Option<Grade> {
        self.0.entry(query).or_default().insert(document, grade)
    }

    /// Adds a judgment from a file. The same judgment may be repeated, as in merged files.
    pub(super) fn insert_once(&mut self, query: &str, document: &str, grade: &str) -> Result<(), String> {
        let grade: Grade = grade.parse().map_err(|_| format!("the grade is {grade}, expected a whole number"))?;
        match self.insert(query.into(), document.into(), grade) {
            Some(before) if before != grade => {
                Err(format!("document {document} was judged {before} for query {query} before, now {grade}"))
            }
            _ => Ok(()),
        }
    }

    /// The judged documents of a query.
    pub fn get(&self, query: &QueryId) -> Option<&Grades> {
        self.0.get(query)
    }

    /// Queries with at least one relevant document, in the order of their ids. Metrics leave out the others, because all
    /// systems score 0 on them.
    pub fn answerable(&self) -> impl Iterator<Item = (&QueryId, &Grades)> {
        self.0.iter().filter(|(_, grades)| grades.values().any(|grade| *grade > 0))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
