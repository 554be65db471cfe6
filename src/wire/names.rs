//! Enumerations in the JSON of clients.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::corpus::{BlockKind, Mark, SectionKind};
use crate::search::{ConditionName, Mode, NameKind};
use crate::store::PaperOrder;

/// Defines an enumeration for JSON with conversions from and to that of the library.
macro_rules! names {
    ($(#[$about:meta])* $name:ident = $of:ident { $($(#[$doc:meta])* $value:ident,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "lowercase")]
        pub enum $name {
            $($(#[$doc])* $value,)*
        }

        impl From<$of> for $name {
            fn from(value: $of) -> Self {
                match value {
                    $($of::$value => Self::$value,)*
                }
            }
        }

        impl From<$name> for $of {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$value => Self::$value,)*
                }
            }
        }
    };
}

names! {
    /// The mode of a search.
    ModeName = Mode {
        /// BM25 and embeddings.
        Hybrid,
        /// BM25 only.
        Lexical,
        /// Embeddings only.
        Vector,
    }
}

names! {
    /// The kind of a passage.
    KindName = BlockKind { Paragraph, Caption, }
}

names! {
    /// The status of a publication.
    MarkName = Mark {
        Retracted,
        Corrected,
        /// An expression of concern.
        Concern,
        Preprint,
        /// Its source holds the abstract alone.
        Abstract,
        /// It belongs to another paper, whose title it has.
        Supplement,
    }
}

names! {
    /// The kind of section that contains a passage.
    SectionName = SectionKind { Abstract, Introduction, Background, Methods, Results, Discussion, Conclusion, Other, }
}

names! {
    /// What a condition is about.
    ConditionKindName = ConditionName {
        /// The text has it word for word.
        Phrase,
        /// The text and its headings do not have it.
        Without,
        Author,
        Year,
        Journal,
        Title,
        /// The type of article.
        Type,
        Section,
        /// The paper, by its id or an identifier.
        Paper,
        /// A collection of a reference manager.
        Collection,
        /// A tag of a reference manager.
        Tag,
    }
}

names! {
    /// By what a question names a paper.
    NameKindName = NameKind {
        Doi,
        Pmid,
        Pmcid,
        /// The paper's id here.
        Id,
        Title,
        /// Names of authors, with or without a year.
        Authors,
        /// Conditions, without a word to search for.
        Conditions,
    }
}

/// The order of a list of papers. Papers without the value come last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SortName {
    /// By the papers' ids.
    Id,
    Title,
    /// The oldest first.
    Year,
    /// The newest first.
    #[serde(rename = "-year")]
    Newest,
}

impl From<SortName> for PaperOrder {
    fn from(name: SortName) -> Self {
        match name {
            SortName::Id => Self::Id,
            SortName::Title => Self::Title,
            SortName::Year => Self::Oldest,
            SortName::Newest => Self::Newest,
        }
    }
}

/// What the passages of an answer can be counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FacetName {
    Years,
    Journals,
    /// Types of articles.
    Types,
    /// Kinds of sections.
    Sections,
    /// Kinds of sections in the papers of each year.
    #[serde(rename = "sections_by_year")]
    SectionsByYear,
    /// Collections of a reference manager.
    Collections,
    /// Tags of a reference manager.
    Tags,
}

/// What an index run did with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileOutcomeName {
    /// It could not be read or indexed.
    Failed,
    Added,
    Updated,
    Removed,
    /// Its paper is indexed from another file.
    Duplicate,
}

/// The state of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StatusName {
    Waiting,
    Running,
    Succeeded,
    Failed,
}
