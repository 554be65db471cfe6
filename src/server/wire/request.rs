//! Questions on the wire.

use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::names::{ModeName, SectionName};
use super::number::whole;
use crate::corpus::SectionKind;
use crate::index::Filter;
use crate::search::{Expand, ForcedSense, Mode, Request};
use crate::server::extract::Fields;
use crate::server::problem::{Code, Problem};
use crate::server::state::Limits;

/// Hits of one answer, at most.
pub const MOST_HITS: usize = 100;

/// Hits that may be left out at the beginning; each costs as much as one that is given.
const MOST_LEFT_OUT: usize = 1000;

/// Values of one list, at most.
const LONGEST_LIST: usize = 100;

/// A question.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct SearchRequest {
    /// The question, in words. `query` is accepted as well.
    #[serde(alias = "query")]
    #[schema(
        required = true,
        min_length = 1,
        max_length = 1000,
        pattern = r"\S",
        example = "MSC effect on RA stiffness"
    )]
    #[param(
        required = true,
        min_length = 1,
        max_length = 1000,
        pattern = r"\S",
        example = "MSC effect on RA stiffness"
    )]
    pub q: String,
    /// Hits to give; the server's own number where absent.
    #[schema(minimum = 1, maximum = 100)]
    #[param(minimum = 1, maximum = 100, nullable = false)]
    #[serde(deserialize_with = "whole")]
    pub limit: Option<i64>,
    /// Hits to leave out at the beginning.
    #[schema(minimum = 0, maximum = 1000)]
    #[param(minimum = 0, maximum = 1000, nullable = false)]
    #[serde(deserialize_with = "whole")]
    pub offset: Option<i64>,
    /// Passages of one paper among the hits, at most.
    #[schema(minimum = 1, maximum = 100)]
    #[param(minimum = 1, maximum = 100, nullable = false)]
    #[serde(deserialize_with = "whole")]
    pub per_paper: Option<i64>,
    /// How to look; `hybrid` where absent.
    #[schema(value_type = Option<ModeName>)]
    #[param(value_type = Option<ModeName>, nullable = false)]
    pub mode: Option<String>,
    /// First year of papers.
    #[schema(minimum = 0, maximum = 9999)]
    #[param(minimum = 0, maximum = 9999, nullable = false)]
    #[serde(deserialize_with = "whole")]
    pub year_from: Option<i64>,
    /// Last year of papers.
    #[schema(minimum = 0, maximum = 9999)]
    #[param(minimum = 0, maximum = 9999, nullable = false)]
    #[serde(deserialize_with = "whole")]
    pub year_to: Option<i64>,
    /// Journals, in any case; any of them.
    #[schema(max_items = 100)]
    #[param(max_items = 100)]
    pub journals: Vec<String>,
    /// Types of articles, as papers name them (`review-article`); any of them.
    #[schema(max_items = 100)]
    #[param(max_items = 100)]
    pub types: Vec<String>,
    /// Papers by their ids; any of them.
    #[schema(max_items = 100)]
    #[param(max_items = 100)]
    pub papers: Vec<String>,
    /// Kinds of sections; any of them.
    #[schema(value_type = Vec<SectionName>, max_items = 100)]
    #[param(value_type = Vec<SectionName>, max_items = 100)]
    pub sections: Vec<String>,
    /// Whether hits say how their scores came about, and the answer where its time went.
    pub explain: bool,
    /// Whether abbreviations are looked for by what they stand for, too; `true` where absent.
    #[param(nullable = false)]
    pub expand: Option<bool>,
    /// What abbreviations stand for, where it is not to be guessed: `RA=retinoic acid`.
    #[schema(max_items = 100)]
    #[param(max_items = 100)]
    pub senses: Vec<String>,
}

impl Fields for SearchRequest {
    const NUMBERS: &'static [&'static str] = &["limit", "offset", "per_paper", "year_from", "year_to"];
    const LISTS: &'static [&'static str] = &["journals", "types", "papers", "sections", "senses"];
    const FLAGS: &'static [&'static str] = &["explain", "expand"];
}

impl SearchRequest {
    /// The question as the engine takes it.
    pub(in crate::server) fn check(self, limits: &Limits) -> Result<Request, Problem> {
        if self.q.trim().is_empty() {
            return Err(Problem::new(Code::EmptyQuestion, "q must hold a question: ?q=… or {\"q\": \"…\"}"));
        }
        let characters = self.q.chars().count();
        if characters > limits.max_question {
            let detail = format!("q has {characters} characters, at most {} are read", limits.max_question);
            return Err(Problem::new(Code::QuestionTooLong, detail));
        }
        self.check_lists()?;
        let limit = in_range("limit", self.limit, 1, MOST_HITS);
        let limit = limit.map_err(|problem| Problem { code: Code::LimitOutOfRange, ..problem })?;
        let per_paper = in_range("per_paper", self.per_paper, 1, MOST_HITS)?;
        let mode = self.mode.as_deref().map(str::parse::<Mode>).transpose();
        Ok(Request {
            mode: mode.map_err(|detail| Problem::new(Code::UnknownMode, detail))?.unwrap_or_default(),
            limit: limit.unwrap_or(limits.default_limit),
            offset: in_range("offset", self.offset, 0, MOST_LEFT_OUT)?.unwrap_or(0),
            per_paper: per_paper.unwrap_or(limits.default_per_paper),
            filter: self.filter()?,
            expand: self.expansion()?,
            question: self.q,
        })
    }

    fn expansion(&self) -> Result<Expand, Problem> {
        let senses = self.senses.iter().map(|sense| sense.parse::<ForcedSense>());
        let senses: Vec<ForcedSense> =
            senses.collect::<Result<_, _>>().map_err(|detail| Problem::new(Code::InvalidParameter, detail))?;
        Ok(Expand { on: self.expand.unwrap_or(true), forced: senses.into_iter().map(|s| (s.short, s.long)).collect() })
    }

    fn check_lists(&self) -> Result<(), Problem> {
        let lists = [
            ("journals", &self.journals),
            ("types", &self.types),
            ("papers", &self.papers),
            ("sections", &self.sections),
            ("senses", &self.senses),
        ];
        match lists.into_iter().find(|(_, list)| list.len() > LONGEST_LIST) {
            None => Ok(()),
            Some((name, list)) => {
                let detail = format!("{name} has {} values, at most {LONGEST_LIST} are read", list.len());
                Err(Problem::new(Code::InvalidParameter, detail))
            }
        }
    }

    fn filter(&self) -> Result<Filter, Problem> {
        Ok(Filter {
            year_from: year("year_from", self.year_from)?,
            year_to: year("year_to", self.year_to)?,
            journals: self.journals.iter().cloned().collect(),
            article_types: self.types.iter().cloned().collect(),
            papers: self.papers.iter().cloned().collect(),
            sections: self.sections.iter().map(|name| section(name)).collect::<Result<_, _>>()?,
        })
    }
}

/// A number that may be absent and must lie in a range.
pub(in crate::server) fn in_range(
    name: &str,
    given: Option<i64>,
    least: usize,
    most: usize,
) -> Result<Option<usize>, Problem> {
    let Some(given) = given else { return Ok(None) };
    match usize::try_from(given) {
        Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
        _ => {
            let detail = format!("{name} is {given}, expected a whole number from {least} to {most}");
            Err(Problem::new(Code::InvalidParameter, detail))
        }
    }
}

pub(in crate::server) fn year(name: &str, given: Option<i64>) -> Result<Option<u16>, Problem> {
    Ok(in_range(name, given, 0, 9999)?.and_then(|year| u16::try_from(year).ok()))
}

fn section(name: &str) -> Result<SectionKind, Problem> {
    SectionKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
        let known = SectionKind::ALL.map(SectionKind::name).join(", ");
        Problem::new(Code::InvalidParameter, format!("sections holds {name:?}; known are {known}"))
    })
}
