//! Questions in the JSON and the query strings of clients.

use serde::Deserialize;
use utoipa::ToSchema;

use super::error::RequestError;
use super::names::{FacetName, ModeName, SectionName};
use super::number::{Whole, Year, year};
use crate::corpus::SectionKind;
use crate::search::{Expand, ForcedSense, Mode, Reading, Request, check_lists};
use crate::store::{Filter, Labels};

/// Maximum number of hits in one answer.
pub const MAX_HITS: usize = 100;

/// A number of hits.
type HitCount = Whole<1, { MAX_HITS as i64 }>;

/// The limits and defaults of questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuestionLimits {
    /// Maximum number of Unicode characters of a question.
    pub max_characters: usize,
    /// Default number of hits in an answer, from 1 to [`MAX_HITS`].
    pub default_limit: usize,
    /// Default maximum number of passages of one paper in an answer.
    pub default_per_paper: usize,
}

/// A question.
///
/// In a query string, lists are repeated or separated by commas (`sections=results,discussion`); a comma before a space or after a
/// backslash is part of a value. White space around the question is ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SearchRequest {
    /// The question, in words, and conditions: `"exact phrase"`, `-word`, `author:`, `year:2015..2020`, `journal:`, `title:`,
    /// `section:`, `collection:`, `tag:`. Or the name of a paper: its DOI, PMID, PMCID, title or authors. `query` is accepted as well.
    #[serde(alias = "query")]
    #[schema(required = true, min_length = 1, pattern = r"\S", example = "MSC effect on RA stiffness")]
    pub q: String,
    /// Number of hits to return. The default is set in the server.
    #[schema(inline)]
    pub limit: Option<HitCount>,
    /// Number of hits to skip. Each costs as much as one that is returned.
    #[schema(inline)]
    pub offset: Option<Whole<0, 1000>>,
    /// Maximum number of passages of one paper among the hits.
    #[schema(inline)]
    pub per_paper: Option<HitCount>,
    /// Mode of the search; `hybrid` by default.
    #[schema(value_type = Option<ModeName>)]
    pub mode: Option<String>,
    /// First year of papers.
    #[schema(inline)]
    pub year_from: Option<Year>,
    /// Last year of papers.
    #[schema(inline)]
    pub year_to: Option<Year>,
    /// Journals; a paper must be in one of them. Case is ignored. Where no journal has the name, those whose names contain it
    /// are taken.
    #[schema(max_items = 100)]
    pub journals: Vec<String>,
    /// Types of articles, such as `review-article`; a paper must have one of them. Case is ignored.
    #[schema(max_items = 100)]
    pub types: Vec<String>,
    /// Papers by id, or by a DOI, PMID or PMCID in any form; a passage must be in one of them.
    #[schema(max_items = 100)]
    pub papers: Vec<String>,
    /// Kinds of sections; a passage must be in one of them.
    #[schema(value_type = Vec<SectionName>, max_items = 100)]
    pub sections: Vec<String>,
    /// Collections of a reference manager, by path (`MSC/Clinical`) or name; a paper must be in one of them, or in one below.
    /// Case is ignored.
    #[schema(max_items = 100)]
    pub collection: Vec<String>,
    /// Tags of a reference manager; a paper must have one of them. Case is ignored.
    #[schema(max_items = 100)]
    pub tag: Vec<String>,
    /// The format of the answer: `json`, or the papers that were found as `ris`, `bibtex`, `csl-json`, `markdown` or `csv`. The header
    /// Accept is read if it is not given.
    pub format: Option<String>,
    /// Whether a format other than JSON has the primary studies that the evidence cites, and not the papers.
    pub cited: bool,
    /// Whether hits have explanations of their scores, and the answer the time of each stage.
    pub explain: bool,
    /// Counts to return of the passages that are found: `years`, `journals`, `types`, `sections`,
    /// `sections_by_year`, `collections`, `tags`.
    #[schema(max_items = 7)]
    pub facets: Vec<FacetName>,
    /// Whether abbreviations are expanded by their long forms; `true` by default.
    pub expand: Option<bool>,
    /// Whether the question is used as it is: without conditions, names of papers, and spelling corrections.
    pub verbatim: bool,
    /// Senses of abbreviations that are not to be inferred: `RA=retinoic acid`.
    #[schema(max_items = 100)]
    pub senses: Vec<String>,
}

impl SearchRequest {
    /// Converts the question to a request to the engine.
    ///
    /// # Errors
    /// A value is out of range or unknown.
    pub fn into_request(self, limits: &QuestionLimits) -> Result<Request, RequestError> {
        if self.q.trim().is_empty() {
            return Err(RequestError::EmptyQuestion);
        }
        let characters = self.q.chars().count();
        if characters > limits.max_characters {
            return Err(RequestError::QuestionTooLong { characters, limit: limits.max_characters });
        }
        self.check_lists()?;
        let limit = Whole::value_or(self.limit, "limit", limits.default_limit).map_err(limit_out_of_range)?;
        let mode = self.mode.as_deref().map(str::parse::<Mode>).transpose();
        Ok(Request {
            mode: mode.map_err(RequestError::UnknownMode)?.unwrap_or_default(),
            limit,
            offset: Whole::value_or(self.offset, "offset", 0)?,
            per_paper: Whole::value_or(self.per_paper, "per_paper", limits.default_per_paper)?,
            filter: self.filter()?,
            labels: Labels {
                collections: self.collection.iter().cloned().collect(),
                tags: self.tag.iter().cloned().collect(),
            },
            expand: self.expansion()?,
            count_facets: !self.facets.is_empty(),
            reading: if self.verbatim { Reading::Verbatim } else { Reading::Syntax },
            question: self.q,
        })
    }

    fn expansion(&self) -> Result<Expand, RequestError> {
        let senses = self.senses.iter().map(|sense| sense.parse::<ForcedSense>());
        let senses: Vec<ForcedSense> = senses.collect::<Result<_, _>>().map_err(RequestError::InvalidParameter)?;
        Ok(Expand { on: self.expand.unwrap_or(true), forced: senses.into_iter().map(|s| (s.short, s.long)).collect() })
    }

    fn check_lists(&self) -> Result<(), RequestError> {
        let lists: [(&str, &[String]); 7] = [
            ("journals", &self.journals),
            ("types", &self.types),
            ("papers", &self.papers),
            ("sections", &self.sections),
            ("collection", &self.collection),
            ("tag", &self.tag),
            ("senses", &self.senses),
        ];
        check_lists(&lists).map_err(RequestError::InvalidParameter)
    }

    fn filter(&self) -> Result<Filter, RequestError> {
        Ok(Filter {
            year_from: year("year_from", self.year_from)?,
            year_to: year("year_to", self.year_to)?,
            journals: self.journals.iter().cloned().collect(),
            article_types: self.types.iter().cloned().collect(),
            papers: self.papers.iter().cloned().collect(),
            sections: self.sections.iter().map(|name| section(name)).collect::<Result<_, _>>()?,
            ..Filter::default()
        })
    }
}

fn limit_out_of_range(error: RequestError) -> RequestError {
    match error {
        RequestError::OutOfRange { given, min, max, .. } => RequestError::LimitOutOfRange { given, min, max },
        other => other,
    }
}

fn section(name: &str) -> Result<SectionKind, RequestError> {
    name.parse().map_err(|known| RequestError::InvalidParameter(format!("sections holds {name:?}; {known}")))
}
