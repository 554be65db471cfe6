//! The manuscript that a command reads.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::ValueEnum;

use crate::corpus::Limits;
use crate::corpus::manuscript::{Manuscript, ManuscriptFormat, read_manuscript};
use crate::ingest::bibliography_beside;

#[derive(Debug, clap::Args)]
pub(super) struct ManuscriptFile {
    /// The manuscript: Markdown, LaTeX, Word (.docx) or plain text; `-` for standard input
    pub(super) file: String,
    /// The format of the manuscript [default: detected by its name and content]
    #[arg(long)]
    format: Option<Format>,
    /// BibTeX file in which citation keys are looked up [default: the one that the manuscript names, or else the only one in its
    /// folder]
    #[arg(long, value_name = "FILE")]
    bib: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Markdown,
    Latex,
    Docx,
    Text,
}

impl From<Format> for ManuscriptFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Markdown => Self::Markdown,
            Format::Latex => Self::Latex,
            Format::Docx => Self::Docx,
            Format::Text => Self::Text,
        }
    }
}

impl ManuscriptFile {
    pub(super) fn read(&self) -> anyhow::Result<Manuscript> {
        let limits = Limits::default();
        let bytes = read(&self.file, &limits)?;
        let format = self.format.map(ManuscriptFormat::from);
        let mut manuscript = read_manuscript(&bytes, &self.file, format, &limits)
            .with_context(|| format!("cannot read {}", self.file))?;
        let beside = || bibliography_beside(Path::new(&self.file), &bytes);
        if let Some(bibliography) = self.bib.clone().or_else(beside) {
            let entries = read(&bibliography.to_string_lossy(), &limits)?;
            manuscript.read_bibliography(&String::from_utf8_lossy(&entries));
        }
        Ok(manuscript)
    }
}

fn read(file: &str, limits: &Limits) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limit = limits.max_file_bytes + 1;
    if file == "-" {
        std::io::stdin().take(limit).read_to_end(&mut bytes).context("cannot read standard input")?;
    } else {
        ensure!(!Path::new(file).is_dir(), "{file} is a folder; name a manuscript");
        let opened = std::fs::File::open(file).with_context(|| format!("cannot open {file}"))?;
        opened.take(limit).read_to_end(&mut bytes).with_context(|| format!("cannot read {file}"))?;
    }
    Ok(bytes)
}
