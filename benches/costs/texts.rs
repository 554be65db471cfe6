//! The papers that are embedded: real papers, the same in every run.

use std::path::PathBuf;

use stroma::corpus::passages;
use stroma::ingest::{Reader, Reading, papers_under};

use crate::{Outcome, project};

/// Some papers and the text of all their paragraphs.
pub(crate) struct Sample {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) paragraphs: Vec<String>,
}

/// The folder of articles beside the project if it exists, else that of the included samples.
pub(crate) fn papers() -> PathBuf {
    let articles = project("../shared/data/jats");
    if articles.is_dir() { articles } else { project("papers") }
}

/// Takes papers in a fixed shuffled order until they have this many paragraphs.
pub(crate) fn sample(paragraphs: usize) -> Outcome<Sample> {
    let mut units = papers_under(&papers())?;
    units.sort_by_key(|unit| {
        let name = unit.files[0].file_name().map(|name| name.as_encoded_bytes().to_vec()).unwrap_or_default();
        xxhash_rust::xxh3::xxh3_64(&name)
    });
    let reader = Reader::in_process(Reading::default());
    let mut sample = Sample { files: Vec::new(), paragraphs: Vec::new() };
    for unit in units {
        if sample.paragraphs.len() >= paragraphs {
            break;
        }
        for paper in reader.read(&unit.files).map_err(|failure| failure.error.to_string())? {
            sample.paragraphs.extend(passages(&paper.article, &paper.id).into_iter().map(|passage| passage.text));
        }
        sample.files.extend(unit.files);
    }
    Ok(sample)
}
