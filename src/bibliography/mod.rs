//! Papers and the studies they cite in the formats of reference managers: RIS, BibTeX, CSL-JSON, Markdown and CSV.
//!
//! An [`Entry`] is made of a paper's metadata or of a reference, and [`write()`] writes a list of them. It does no I/O.

mod bibtex;
mod csl;
mod entry;
mod found;
mod key;
mod markdown;
mod name;
mod ris;
mod table;

pub use entry::{Entry, EntryKind};
pub use found::{papers_found, studies_cited};
pub use name::Name;

use std::str::FromStr;

/// A format of reference managers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReferenceFormat {
    /// RIS (Research Information Systems): Zotero, EndNote, Mendeley, RefWorks.
    Ris,
    Bibtex,
    /// The JSON of the Citation Style Language, which pandoc reads.
    CslJson,
    /// A readable list.
    Markdown,
    /// A table with a header (RFC 4180).
    Csv,
}

impl ReferenceFormat {
    pub const ALL: [Self; 5] = [Self::Ris, Self::Bibtex, Self::CslJson, Self::Markdown, Self::Csv];

    pub fn name(self) -> &'static str {
        match self {
            Self::Ris => "ris",
            Self::Bibtex => "bibtex",
            Self::CslJson => "csl-json",
            Self::Markdown => "markdown",
            Self::Csv => "csv",
        }
    }

    /// The media type, without parameters.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Ris => "application/x-research-info-systems",
            Self::Bibtex => "application/x-bibtex",
            Self::CslJson => "application/vnd.citationstyles.csl+json",
            Self::Markdown => "text/markdown",
            Self::Csv => "text/csv",
        }
    }
}

impl FromStr for ReferenceFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(name));
        known.ok_or_else(|| format!("unknown format {name:?}; known are {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// Writes entries in their order, without duplicates.
pub fn write(entries: &[Entry], format: ReferenceFormat) -> String {
    let keyed = key::with_keys(entries);
    match format {
        ReferenceFormat::Ris => ris::write(&keyed),
        ReferenceFormat::Bibtex => bibtex::write(&keyed),
        ReferenceFormat::CslJson => csl::write(&keyed),
        ReferenceFormat::Markdown => markdown::write(&keyed),
        ReferenceFormat::Csv => table::write(&keyed),
    }
}
