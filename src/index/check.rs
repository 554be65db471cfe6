//! Whether an index is whole: files as they were written, each paper with all of its passages, each passage once and with
//! its vectors.

use std::collections::HashMap;

use serde::Serialize;

use super::error::IndexError;
use super::snapshot::Snapshot;
use super::store::PassageIndex;
use crate::corpus::PaperId;

/// Something that is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The paper concerned, where it is one.
    pub paper: Option<PaperId>,
    pub what: String,
    pub remedy: String,
}

impl Finding {
    fn of_paper(paper: &PaperId, what: String) -> Self {
        let remedy = "remove it and index its file again".to_owned();
        Self { paper: Some(paper.clone()), what, remedy }
    }
}

impl PassageIndex {
    /// Checks the newest commit. Reads every file of it.
    ///
    /// # Errors
    /// Where the index cannot be read at all; what is wrong with its content is in the result.
    pub fn check(&self) -> Result<Vec<Finding>, IndexError> {
        let mut findings: Vec<Finding> = self
            .damaged_files()?
            .into_iter()
            .map(|file| Finding {
                paper: None,
                what: format!("the file {file} is not as it was written"),
                remedy: "restore a snapshot, or rebuild the index".to_owned(),
            })
            .collect();
        if findings.is_empty() {
            findings.extend(content(&self.snapshot())?);
        }
        Ok(findings)
    }
}

fn content(snapshot: &Snapshot) -> Result<Vec<Finding>, IndexError> {
    let mut findings = Vec::new();
    let mut passages: HashMap<String, u32> = HashMap::new();
    let mut seen: HashMap<String, u32> = HashMap::new();
    for address in snapshot.all_passages()? {
        let record = snapshot.passage(address)?;
        *passages.entry(record.paper.as_str().to_owned()).or_default() += 1;
        *seen.entry(record.passage.id.as_str().to_owned()).or_default() += 1;
        if seen[record.passage.id.as_str()] == 2 {
            findings.push(Finding::of_paper(&record.paper, format!("passage {} is there twice", record.passage.id)));
        }
        let (vectors, sentences) = (snapshot.sentence_vectors(address).len(), record.passage.sentences.len());
        if !snapshot.has_vector(address) || vectors != sentences {
            let what = format!("passage {} has {sentences} sentences and {vectors} vectors of them", record.passage.id);
            findings.push(Finding::of_paper(&record.paper, what));
        }
    }
    for address in snapshot.all_papers()? {
        let paper = snapshot.paper_record(address)?;
        let found = passages.remove(paper.id.as_str()).unwrap_or(0);
        if found != paper.passages {
            let what = format!("{found} of {} passages are there", paper.passages);
            findings.push(Finding::of_paper(&paper.id, what));
        }
    }
    for (paper, count) in passages {
        if let Ok(id) = paper.parse() {
            findings
                .push(Finding::of_paper(&id, format!("{count} passages of it are there, but not the paper itself")));
        }
    }
    Ok(findings)
}
