//! Test collections in the layout of BEIR: `corpus.jsonl`, `queries.jsonl` and `qrels/NAME.tsv`.
//!
//! Thakur et al., "BEIR: A heterogeneous benchmark for zero-shot evaluation of information retrieval models", NeurIPS
//! Datasets and Benchmarks, 2021.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;

use super::lines::Lines;
use super::{DataError, DocumentId, Judgments, QueryId};

/// A document of `corpus.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub id: DocumentId,
    /// Empty if the collection has no titles.
    pub title: String,
    pub text: String,
}

/// A query of `queries.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub id: QueryId,
    pub text: String,
}

/// The documents of a corpus, read one at a time.
#[derive(Debug)]
pub struct Documents<R> {
    lines: Lines<R>,
}

/// Opens the `corpus.jsonl` of a collection's folder.
///
/// # Errors
/// The file cannot be read.
pub fn open_documents(folder: &Path) -> Result<Documents<BufReader<File>>, DataError> {
    open_documents_at(&folder.join("corpus.jsonl"))
}

/// Opens a file in the layout of `corpus.jsonl`.
///
/// # Errors
/// The file cannot be read.
pub fn open_documents_at(file: &Path) -> Result<Documents<BufReader<File>>, DataError> {
    Ok(Documents { lines: Lines::open(file)? })
}

/// Reads the `queries.jsonl` of a collection's folder, in the order of the file.
///
/// # Errors
/// The file cannot be read; the first malformed line.
pub fn open_queries(folder: &Path) -> Result<Vec<Query>, DataError> {
    queries(Lines::open(&folder.join("queries.jsonl"))?)
}

/// Reads `qrels/NAME.tsv` of a collection's folder.
///
/// # Errors
/// The file cannot be read; the first malformed line; two judgments of one pair that differ.
pub fn open_judgments(folder: &Path, name: &str) -> Result<Judgments, DataError> {
    judgments(Lines::open(&folder.join("qrels").join(format!("{name}.tsv")))?)
}

impl<R: BufRead> Documents<R> {
    /// Reads documents from `source`. Errors name the file `file`.
    pub fn new(source: R, file: &Path) -> Self {
        Self { lines: Lines::new(source, file) }
    }
}

impl<R: BufRead> Iterator for Documents<R> {
    type Item = Result<Document, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.lines.next_line()?;
        Some(line.and_then(|line| match serde_json::from_str::<Entry>(&line) {
            Ok(entry) => Ok(Document { id: entry.id.0.into(), title: entry.title, text: entry.text }),
            Err(error) => Err(self.lines.malformed(without_position(&error))),
        }))
    }
}

fn queries<R: BufRead>(mut lines: Lines<R>) -> Result<Vec<Query>, DataError> {
    let mut queries = Vec::new();
    lines.for_each(|line| {
        let entry: Entry = serde_json::from_str(line).map_err(|error| without_position(&error))?;
        queries.push(Query { id: entry.id.0.into(), text: entry.text });
        Ok(())
    })?;
    Ok(queries)
}

fn judgments<R: BufRead>(mut lines: Lines<R>) -> Result<Judgments, DataError> {
    let mut judgments = Judgments::default();
    let mut first = true;
    lines.for_each(|line| {
        let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
        let header = std::mem::take(&mut first) && fields.last() == Some(&"score");
        if header { Ok(()) } else { judge(&mut judgments, &fields) }
    })?;
    Ok(judgments)
}

fn judge(judgments: &mut Judgments, fields: &[&str]) -> Result<(), String> {
    let [query, document, grade] = fields else {
        return Err(format!("expected query, document and grade separated by tabs, found {} fields", fields.len()));
    };
    judgments.insert_once(query, document, grade)
}

/// A line of either file. Some collections have ids that are numbers.
#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "_id")]
    id: Name,
    #[serde(default)]
    title: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(from = "RawName")]
struct Name(String);

#[derive(Deserialize)]
#[serde(untagged)]
enum RawName {
    Text(String),
    Number(u64),
}

impl From<RawName> for Name {
    fn from(name: RawName) -> Self {
        match name {
            RawName::Text(text) => Self(text),
            RawName::Number(number) => Self(number.to_string()),
        }
    }
}

/// The message of the error without its line number, which is always 1 because each line is parsed by itself.
fn without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let words = message.rsplit_once(" at line").map_or(message.as_str(), |(words, _)| words);
    format!("{words}; expected an object with \"_id\" and \"text\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_documents_one_by_one_and_names_the_bad_line() {
        let text = "{\"_id\": \"d1\", \"title\": \"T\", \"text\": \"words\", \"metadata\": {}}\n\n{\"_id\": 2, \"text\": \"\"}\n{";
        let mut documents = Documents::new(text.as_bytes(), Path::new("corpus.jsonl"));
        let first = documents.next().and_then(Result::ok);
        assert_eq!(first, Some(Document { id: "d1".into(), title: "T".into(), text: "words".into() }));
        assert_eq!(documents.next().and_then(Result::ok).map(|document| document.id), Some("2".into()));
        let error = documents.next().and_then(Result::err).map(|error| error.to_string());
        assert!(error.as_deref().is_some_and(|error| error.starts_with("corpus.jsonl:4: ")), "{error:?}");
        assert!(documents.next().is_none());
    }

    #[test]
    fn reads_queries() {
        let text = "{\"_id\": \"q\", \"text\": \"MSC effect on RA stiffness\"}\n{\"_id\": \"r\"}";
        let error = queries(Lines::new(text.as_bytes(), Path::new("q"))).map_err(|error| error.to_string());
        assert_eq!(error, Err("q:2: missing field `text`; expected an object with \"_id\" and \"text\"".into()));
    }

    fn judged(text: &str) -> Result<Judgments, String> {
        judgments(Lines::new(text.as_bytes(), Path::new("t"))).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_judgments_with_and_without_a_header() {
        let read = judged("query-id\tcorpus-id\tscore\n1\ta b\t2\n1\tc\t0\n").unwrap_or_default();
        assert_eq!(read, judged("1\ta b\t2\n1\tc\t0\n").unwrap_or_default());
        assert_eq!(read.get(&"1".into()).and_then(|grades| grades.get("a b")), Some(&2));
    }

    #[test]
    fn refuses_malformed_judgments() {
        assert_eq!(
            judged("1 a 2"),
            Err("t:1: expected query, document and grade separated by tabs, found 1 fields".into())
        );
        assert_eq!(judged("1\ta\tyes"), Err("t:1: the grade is yes, expected a whole number".into()));
        assert_eq!(judged("1\ta\t1\n1\ta\t1"), judged("1\ta\t1"), "the same judgment twice");
        assert_eq!(judged("1\ta\t1\n1\ta\t0"), Err("t:2: document a was judged 1 for query 1 before, now 0".into()));
    }
}
