//! `stroma search`

use std::io::Write;
use std::sync::Arc;

use super::context::Context;
use super::links::sources_of;
use super::outcome::Outcome;
use super::printable::json_line;
use super::search_text;
use crate::bibliography::{self, ReferenceFormat, papers_found, studies_cited};
use crate::corpus::SectionKind;
use crate::embed::{EmbedError, Embedder, Role, UnitVector};
use crate::search::{Engine, Expand, ForcedSense, Mode, Reading, Request};
use crate::store::{Filter, Labels, Signature};
use crate::wire::SearchResponse;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma search \"MSC effect on RA stiffness\" --limit 3")]
pub(super) struct Arguments {
    /// The question, or the name of a paper; it may contain conditions: "exact phrase", -word, author:, year:2015..2020,
    /// journal:, title:, section:, collection:, tag: (docs/query.md)
    #[arg(required = true)]
    question: Vec<String>,
    /// Number of paragraphs to show, from 1 to 100
    #[arg(long, short = 'n', value_parser = clap::value_parser!(u16).range(1..=100))]
    limit: Option<u16>,
    /// Number of paragraphs to skip, for the next page
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=1000))]
    offset: u16,
    /// Maximum number of paragraphs of one paper
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    per_paper: Option<u16>,
    /// Legs of the search: BM25 and embeddings (hybrid), BM25 only (lexical), embeddings only (vector)
    #[arg(long, default_value = "hybrid")]
    mode: Mode,
    /// Show the parts of the scores, and the time of each stage
    #[arg(long)]
    explain: bool,
    /// Sense of an abbreviation, such as "RA=retinoic acid"; can be repeated
    #[arg(long, value_name = "SHORT=LONG", conflicts_with = "no_expand")]
    sense: Vec<ForcedSense>,
    /// Do not expand abbreviations
    #[arg(long)]
    no_expand: bool,
    /// Use the question as it is: no conditions, no names of papers, no spelling corrections
    #[arg(long)]
    verbatim: bool,
    /// Print the same JSON as the server
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Print the papers that were found, in a format for reference managers: ris, bibtex, csl-json, markdown or csv
    #[arg(long)]
    format: Option<ReferenceFormat>,
    /// With --format: print the primary studies that the evidence cites instead of the papers
    #[arg(long, requires = "format")]
    cited: bool,
    // The last, because its heading in the help also covers what follows.
    #[command(flatten)]
    filter: FilterArguments,
}

/// Filters. A paragraph must pass each of them. If a filter is repeated, the paragraph must match one of its values.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Filters")]
struct FilterArguments {
    /// Papers of this year and later
    #[arg(long, value_name = "YEAR")]
    year_from: Option<u16>,
    /// Papers of this year and earlier
    #[arg(long, value_name = "YEAR")]
    year_to: Option<u16>,
    /// Papers of this journal; case is ignored, and part of the name is enough if no journal has exactly this name
    #[arg(long, value_name = "NAME")]
    journal: Vec<String>,
    /// Papers of this type, such as review-article; case is ignored
    #[arg(long, value_name = "TYPE")]
    r#type: Vec<String>,
    /// The paper with this id, DOI, PMID or PMCID
    #[arg(long, value_name = "ID")]
    paper: Vec<String>,
    /// Papers of this collection of a reference manager, by its path ("MSC/Clinical") or its name, and of those below it
    #[arg(long, value_name = "PATH")]
    collection: Vec<String>,
    /// Papers with this tag of a reference manager
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Sections of this kind: abstract, introduction, methods, results, discussion, conclusion, …
    #[arg(long, value_name = "KIND", value_parser = str::parse::<SectionKind>)]
    section: Vec<SectionKind>,
}

impl Arguments {
    fn request(&self, defaults: &crate::config::Search) -> Request {
        let filter = &self.filter;
        Request {
            question: self.question.join(" "),
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
                ..Filter::default()
            },
            labels: Labels {
                collections: filter.collection.iter().cloned().collect(),
                tags: filter.tag.iter().cloned().collect(),
            },
            expand: Expand {
                on: !self.no_expand,
                forced: self.sense.iter().map(|sense| (sense.short.clone(), sense.long.clone())).collect(),
            },
            reading: if self.verbatim { Reading::Verbatim } else { Reading::Syntax },
            count_facets: false,
        }
    }
}

pub(super) fn run(context: Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let engine = if arguments.mode == Mode::Lexical {
        engine_without_model(&context)?
    } else {
        let engine = context.engine()?;
        // Loads the weights first, so that the time shown is that of the question only.
        engine.embedder().embed_query("ready")?;
        engine
    };
    let answer = engine.search(&arguments.request(&context.config().search))?;
    let sources = || sources_of(&engine.store().snapshot(), &answer.hits);
    let mut output = anstream::stdout().lock();
    if let Some(format) = arguments.format {
        let entries = if arguments.cited { studies_cited(&answer) } else { papers_found(&answer) };
        write!(output, "{}", bibliography::write(&entries, format))?;
    } else if arguments.json {
        let mut response = SearchResponse::new(&answer, arguments.explain, &[]);
        for (hit, source) in response.hits.iter_mut().map(|hit| &mut hit.hit).zip(sources()?) {
            source.apply(hit);
        }
        writeln!(output, "{}", json_line(&response)?)?;
    } else {
        search_text::print(&mut output, &answer, &sources()?, usize::from(arguments.offset), arguments.explain)?;
    }
    Ok(if answer.hits.is_empty() { Outcome::Partial } else { Outcome::Success })
}

/// An engine for searches by words alone, which need no model: it may be absent.
fn engine_without_model(context: &Context) -> anyhow::Result<Engine> {
    let made = context.store_signature()?;
    let signature = Signature::new(&made.model, made.dimension);
    let store = context.open_store_of(&signature)?;
    Ok(Engine::new(store, Arc::new(WithoutModel(signature)), context.search_options()))
}

/// Stands for the model of an index that is searched by words alone.
struct WithoutModel(Signature);

impl Embedder for WithoutModel {
    fn dimension(&self) -> usize {
        self.0.dimension
    }

    fn fingerprint(&self) -> &str {
        &self.0.model
    }

    fn question_side(&self) -> u64 {
        0
    }

    fn embed(&self, _: &[String], _: Role) -> Result<Vec<UnitVector>, EmbedError> {
        Err(EmbedError::Stopped)
    }
}
