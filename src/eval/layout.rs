//! Finds the questions and judgments of a collection in the layout of BEIR or TREC.

use std::path::{Path, PathBuf};

use super::beir::{self, Query};
use super::trec::{self, Topic};
use super::{DataError, Judgments};

/// Reads the questions of a collection, and the judgments of one of its splits.
///
/// BEIR: `queries.jsonl` and `qrels/SPLIT.tsv`. TREC: a file whose name begins with `topics`, and judgments in
/// `qrels/SPLIT.txt`, `qrels.SPLIT.txt`, `qrels-SPLIT.txt` or `SPLIT`.
///
/// # Errors
/// Neither layout is found; a file cannot be read or is malformed.
pub fn open_questions(folder: &Path, split: &str) -> Result<(Vec<Query>, Judgments), DataError> {
    if folder.join("queries.jsonl").is_file() {
        return Ok((beir::open_queries(folder)?, beir::open_judgments(folder, split)?));
    }
    let topics = topics_file(folder)?;
    let names =
        [format!("qrels/{split}.txt"), format!("qrels.{split}.txt"), format!("qrels-{split}.txt"), split.into()];
    let judged = names.iter().map(|name| folder.join(name)).find(|file| file.is_file());
    let judged = judged.ok_or_else(|| {
        let problem =
            format!("there are topics here, but no judgments named {split}: expected one of {}", names.join(", "));
        DataError::Wrong { file: folder.to_owned(), problem }
    })?;
    let queries = trec::open_topics(&topics)?.iter().map(query).collect();
    Ok((queries, trec::open_judgments(&judged)?))
}

fn topics_file(folder: &Path) -> Result<PathBuf, DataError> {
    let unreadable = |source| DataError::Unreadable { file: folder.to_owned(), source };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(unreadable)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("topics")))
        .collect();
    files.sort();
    files.into_iter().next().ok_or_else(|| {
        let problem = "no collection is here: expected queries.jsonl (BEIR) or a file of topics (TREC)".into();
        DataError::Wrong { file: folder.to_owned(), problem }
    })
}

/// The question of a topic, or its keywords if it has none.
fn query(topic: &Topic) -> Query {
    let text = if topic.description.is_empty() { &topic.title } else { &topic.description };
    Query { id: topic.query(), text: text.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_and_judgments_of_trec_are_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
        let error = open_questions(folder.path(), "covid").expect_err("nothing is here").to_string();
        assert!(error.contains("queries.jsonl") && error.contains("topics"), "{error}");
        write(
            "topics.xml",
            "<topics><topic number=\"1\"><query>origin</query><question>where does it come from</question></topic></topics>",
        );
        let error = open_questions(folder.path(), "covid").expect_err("no judgments").to_string();
        assert!(error.contains("qrels.covid.txt"), "{error}");
        write("qrels.covid.txt", "1 0 d1 2\n1 0 d2 0\n");
        let (queries, judgments) = open_questions(folder.path(), "covid").expect("a collection");
        assert_eq!(queries[0].text, "where does it come from");
        assert!(judgments.get(&queries[0].id).is_some());
    }
}
