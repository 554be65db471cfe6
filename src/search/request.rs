//! A question with its options.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::store::{Filter, Labels};

/// A question with its options.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub question: String,
    pub mode: Mode,
    /// Number of hits to return, from 1.
    pub limit: usize,
    /// Number of hits to skip.
    pub offset: usize,
    pub filter: Filter,
    pub labels: Labels,
    /// Maximum number of passages of one paper among the hits.
    pub per_paper: usize,
    /// The expansion of abbreviations.
    pub expand: Expand,
    pub reading: Reading,
    /// Whether to count the passages found by year, journal, article type, section, collection and tag.
    pub count_facets: bool,
}

impl Request {
    /// A question with default options.
    pub fn new(question: &str) -> Self {
        Self {
            question: question.to_owned(),
            mode: Mode::default(),
            limit: 10,
            offset: 0,
            filter: Filter::default(),
            labels: Labels::default(),
            per_paper: 3,
            expand: Expand::default(),
            reading: Reading::default(),
            count_facets: false,
        }
    }
}

/// Maximum number of values in one list of a request.
const MAX_LIST_VALUES: usize = 100;

/// Checks the number of values of lists, each with its name. Clients send them, and each value costs lookups.
///
/// # Errors
/// The first list that is too long, in words.
pub fn check_lists(lists: &[(&str, &[String])]) -> Result<(), String> {
    match lists.iter().find(|(_, list)| list.len() > MAX_LIST_VALUES) {
        None => Ok(()),
        Some((name, list)) => Err(format!("{name} has {} values, at most {MAX_LIST_VALUES} are read", list.len())),
    }
}

/// How a question is interpreted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reading {
    /// With its operators and names, and with misspellings corrected: for text that a person types.
    #[default]
    Syntax,
    /// As words, with misspellings corrected: for text from other sources, such as the questions of test collections.
    Words,
    /// As words, without any change.
    Verbatim,
}

/// The legs that provide candidates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// BM25 and embeddings.
    #[default]
    Hybrid,
    /// BM25 only.
    Lexical,
    /// The passage's vector only.
    Vector,
}

impl Mode {
    pub const ALL: [Self; 3] = [Self::Hybrid, Self::Lexical, Self::Vector];

    pub fn name(self) -> &'static str {
        match self {
            Self::Hybrid => "hybrid",
            Self::Lexical => "lexical",
            Self::Vector => "vector",
        }
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|mode| mode.name().eq_ignore_ascii_case(name));
        known.ok_or_else(|| format!("unknown mode {name:?}; known are hybrid, lexical and vector"))
    }
}

/// The user's options for abbreviations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expand {
    /// Whether abbreviations are expanded.
    pub on: bool,
    /// Senses that the user chose: short form to long form.
    pub forced: BTreeMap<String, String>,
}

impl Default for Expand {
    fn default() -> Self {
        Self { on: true, forced: BTreeMap::new() }
    }
}

/// A sense that the user chose, given as `RA=retinoic acid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForcedSense {
    pub short: String,
    pub long: String,
}

impl FromStr for ForcedSense {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').map(|(short, long)| (short.trim().to_owned(), long.trim().to_owned()));
        match parts {
            Some((short, long)) if !short.is_empty() && !long.is_empty() => Ok(Self { short, long }),
            _ => Err(format!("{text:?} settles no sense, expected one as \"RA=retinoic acid\"")),
        }
    }
}
