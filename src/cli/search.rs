//! `stroma search`

use std::io::Write;

use super::context::Context;
use super::outcome::Outcome;
use super::printable::json_line;
use super::search_text;
use crate::corpus::SectionKind;
use crate::index::Filter;
use crate::search::{Expand, ForcedSense, Mode, Request};
use crate::wire::SearchResponse;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma search \"MSC effect on RA stiffness\" --limit 3")]
pub(super) struct Arguments {
    /// The question, in your own words
    question: String,
    /// Paragraphs to show, from 1 to 100
    #[arg(long, short = 'n', value_parser = clap::value_parser!(u16).range(1..=100))]
    limit: Option<u16>,
    /// Paragraphs to leave out at the beginning, for the next page
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1000))]
    offset: u16,
    /// Paragraphs of one paper, at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    per_paper: Option<u16>,
    /// How to look: words and meaning (hybrid), words alone (lexical), meaning alone (vector)
    #[arg(long, default_value = "hybrid")]
    mode: Mode,
    /// Say how scores came about and where the time went
    #[arg(long)]
    explain: bool,
    /// What an abbreviation stands for, as "RA=retinoic acid"; may be given several times
    #[arg(long, value_name = "SHORT=LONG", conflicts_with = "no_expand")]
    sense: Vec<ForcedSense>,
    /// Take abbreviations as they are, without what they stand for
    #[arg(long)]
    no_expand: bool,
    #[command(flatten)]
    filter: FilterArguments,
    /// Print the same JSON as the server answers
    #[arg(long)]
    json: bool,
}

/// Conditions that paragraphs must meet. Of one that is given several times, any may be met.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Which paragraphs")]
struct FilterArguments {
    /// Papers of this year and later
    #[arg(long, value_name = "YEAR")]
    year_from: Option<u16>,
    /// Papers of this year and earlier
    #[arg(long, value_name = "YEAR")]
    year_to: Option<u16>,
    /// Papers of this journal
    #[arg(long, value_name = "NAME")]
    journal: Vec<String>,
    /// Papers of this type, as they name it (review-article)
    #[arg(long, value_name = "TYPE")]
    r#type: Vec<String>,
    /// The paper with this id
    #[arg(long, value_name = "ID")]
    paper: Vec<String>,
    /// Sections of this kind: abstract, introduction, methods, results, discussion, conclusion, …
    #[arg(long, value_name = "KIND", value_parser = section)]
    section: Vec<SectionKind>,
}

fn section(name: &str) -> Result<SectionKind, String> {
    let known = SectionKind::ALL.into_iter().find(|kind| kind.name() == name);
    known.ok_or_else(|| format!("known are {}", SectionKind::ALL.map(SectionKind::name).join(", ")))
}

impl Arguments {
    fn request(&self, defaults: &crate::config::Search) -> Request {
        let filter = &self.filter;
        Request {
            question: self.question.clone(),
            mode: self.mode,
            limit: self.limit.map_or(defaults.limit, usize::from),
            offset: usize::from(self.offset),
            per_paper: self.per_paper.map_or(defaults.per_paper, usize::from),
            filter: Filter {
                year_from: filter.year_from,
                year_to: filter.year_to,
                journals: filter.journal.iter().cloned().collect(),
                article_types: filter.r#type.iter().cloned().collect(),
                papers: filter.paper.iter().cloned().collect(),
                sections: filter.section.iter().copied().collect(),
            },
            expand: Expand {
                on: !self.no_expand,
                forced: self.sense.iter().map(|sense| (sense.short.clone(), sense.long.clone())).collect(),
            },
        }
    }
}

pub(super) fn run(context: Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let engine = context.engine()?;
    if arguments.mode != Mode::Lexical {
        // Loads the weights first, so that the time shown is that of the question alone.
        engine.embedder().embed_query("ready")?;
    }
    let answer = engine.search(&arguments.request(&context.config().search))?;
    let mut output = anstream::stdout().lock();
    if arguments.json {
        writeln!(output, "{}", json_line(&SearchResponse::new(&answer, arguments.explain))?)?;
    } else {
        search_text::print(&mut output, &answer, usize::from(arguments.offset), arguments.explain)?;
    }
    Ok(if answer.hits.is_empty() { Outcome::Partial } else { Outcome::Success })
}
