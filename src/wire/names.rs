//! Enumerations on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::corpus::{BlockKind, Mark, SectionKind};
use crate::search::Mode;

/// Defines an enumeration of the wire with conversions from and to the library's.
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
    /// How a question is answered.
    ModeName = Mode {
        /// By words and meaning.
        Hybrid,
        /// By words alone: BM25.
        Lexical,
        /// By meaning alone: vectors.
        Vector,
    }
}

names! {
    /// What a passage is.
    KindName = BlockKind { Paragraph, Caption, }
}

names! {
    /// What is to be known of a paper before it is trusted.
    MarkName = Mark {
        Retracted,
        Corrected,
        /// An expression of concern.
        Concern,
        Preprint,
    }
}

names! {
    /// What kind of section a passage stands in.
    SectionName = SectionKind { Abstract, Introduction, Background, Methods, Results, Discussion, Conclusion, Other, }
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
