//! What people judged relevant.

use std::collections::BTreeMap;

use super::{DocumentId, QueryId};

/// How relevant a document is to a query: 0 or less is not, higher is more.
pub type Grade = i32;

/// The judged documents of one query.
pub type Grades = BTreeMap<DocumentId, Grade>;

/// The judgments of a test collection ("qrels").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgments(BTreeMap<QueryId, Grades>);

impl Judgments {
    /// Adds a judgment; the earlier one is returned where the pair was judged before.
    pub fn insert(&mut self, query: QueryId, document: DocumentId, grade: Grade) -> Option<Grade> {
        self.0.entry(query).or_default().insert(document, grade)
    }

    /// Adds a judgment as a file has it. A pair may be judged twice alike, as happens in merged files.
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

    /// Queries with at least one relevant document, in the order of their names. On others no system can do well, so
    /// metrics leave them out.
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
