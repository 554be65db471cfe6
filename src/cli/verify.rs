//! `stroma verify`

use std::cell::OnceCell;
use std::io::Write;

use super::byline::first_author;
use super::context::Context;
use super::manuscript::ManuscriptFile;
use super::outcome::Outcome;
use super::printable::{json_line, printable};
use super::style;
use crate::quotes::QuoteIndex;
use crate::search::Engine;
use crate::wire::{PaperItem, QuoteChangeName, QuoteItem, QuotePlaceItem, QuoteStatusName, VerifyResponse};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma verify draft.md || echo \"a quotation differs from the paper\"\n\n\
                        Exit code: 0 if all quotations are verbatim, 1 if one is not, 2 for an error.")]
pub(super) struct Arguments {
    #[command(flatten)]
    manuscript: ManuscriptFile,
    /// Also require that sentences without quotation marks are verbatim if they cite a work
    #[arg(long)]
    strict: bool,
    /// Also show verbatim quotations
    #[arg(long, short)]
    all: bool,
    /// Print the same JSON as the server
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let store = context.open_store_as_made()?;
    let manuscript = arguments.manuscript.read()?;
    let snapshot = store.snapshot();
    // Only a quotation that is nowhere needs the model, for what may have been meant.
    let engine = OnceCell::new();
    let model = || engine.get_or_init(|| context.engine().ok()).as_ref().map(Engine::embedder);
    let verdicts = QuoteIndex::new(&snapshot)?.check_all(&snapshot, &manuscript, &model)?;
    let response = VerifyResponse::new(snapshot.commit_id(), &manuscript, &verdicts);
    let mut output = anstream::stdout().lock();
    if arguments.json {
        writeln!(output, "{}", json_line(&response)?)?;
    } else {
        print(&mut output, &response, arguments)?;
    }
    let is_wrong = |quote: &QuoteItem| arguments.strict && quote.status != QuoteStatusName::Verbatim;
    let is_verified = response.verified && !response.quotes.iter().any(is_wrong);
    Ok(if is_verified { Outcome::Success } else { Outcome::Partial })
}

fn print(output: &mut impl Write, response: &VerifyResponse, arguments: &Arguments) -> std::io::Result<()> {
    let is_shown = |quote: &&QuoteItem| match quote.status {
        QuoteStatusName::Verbatim => arguments.all,
        QuoteStatusName::OtherPaper => true,
        QuoteStatusName::Altered | QuoteStatusName::NotFound => quote.must_match || arguments.strict,
    };
    for quote in response.quotes.iter().filter(is_shown) {
        print_quote(output, &arguments.manuscript.file, quote)?;
    }
    let counts = &response.counts;
    write!(
        output,
        "{} verbatim, {} altered, {} in another paper, {} not found",
        counts.verbatim, counts.altered, counts.other_paper, counts.not_found
    )?;
    if counts.own_words > 0 {
        write!(output, "; {} citing sentences in other words", counts.own_words)?;
    }
    writeln!(output)
}

fn print_quote(output: &mut impl Write, file: &str, quote: &QuoteItem) -> std::io::Result<()> {
    let (faint, reset) = (style::FAINT, style::RESET);
    let (color, status) = match quote.status {
        QuoteStatusName::Verbatim => (style::TITLE, "verbatim"),
        QuoteStatusName::Altered => (style::WARNING, "altered"),
        QuoteStatusName::OtherPaper => (style::ERROR, "in another paper"),
        QuoteStatusName::NotFound => (style::ERROR, "not found"),
    };
    let text = if quote.diff.is_empty() { format!("“{}”", quote.text) } else { word_diff(quote) };
    writeln!(output, "{}:{}: {color}{status}{reset}: {}", printable(file), quote.line, printable(&text))?;
    if let Some(place) = &quote.found {
        let relation = match (quote.status, quote.credited) {
            (QuoteStatusName::Altered, Some(false)) => "most similar, but not cited, ",
            (QuoteStatusName::Altered, _) => "most similar ",
            _ => "",
        };
        let also = match quote.also_in.len() {
            0 => String::new(),
            count => format!("; also in {count} more"),
        };
        writeln!(output, "    {relation}in {}{faint}{also}{reset}", printable(&place_line(place)))?;
    }
    let unknown: Vec<&str> =
        quote.cited.iter().filter(|work| work.papers.is_empty()).map(|work| work.key.as_str()).collect();
    if quote.status == QuoteStatusName::OtherPaper {
        let cited: Vec<&str> = quote.cited.iter().map(|work| work.key.as_str()).collect();
        writeln!(output, "    cited is {}", printable(&cited.join(", ")))?;
    } else if !unknown.is_empty() {
        writeln!(output, "    {faint}not in the index: {}{reset}", printable(&unknown.join(", ")))?;
    }
    if let Some(place) = &quote.nearest {
        writeln!(output, "    {faint}help: the nearest sentence is “{}”", printable(&place.text))?;
        writeln!(output, "    in {}{reset}", printable(&place_line(place)))?;
    }
    Ok(())
}

/// The differences as `git diff --word-diff` shows them: `[-words of the paper-]{+words of the manuscript+}`.
fn word_diff(quote: &QuoteItem) -> String {
    let parts: Vec<String> = quote
        .diff
        .iter()
        .map(|part| match part.change {
            QuoteChangeName::Same => part.text.clone(),
            QuoteChangeName::Removed => format!("[-{}-]", part.text),
            QuoteChangeName::Added => format!("{{+{}+}}", part.text),
        })
        .collect();
    format!("“{}”", parts.join(" "))
}

/// `Wang 2013, Title, page 7, id, characters 12 to 80`
fn place_line(place: &QuotePlaceItem) -> String {
    let PaperItem { authors, year, title, .. } = &place.paper;
    let author = first_author(authors).map(|author| format!("{author}, "));
    let title = title.as_deref().unwrap_or("(no title)");
    let year = year.map(|year| format!(" ({year})")).unwrap_or_default();
    let page = match place.pages {
        Some(pages) if pages.first != pages.last => format!(", pages {} to {}", pages.first, pages.last),
        Some(pages) => format!(", page {}", pages.first),
        None => String::new(),
    };
    let author = author.unwrap_or_default();
    format!("{author}{title}{year}{page}, {}, characters {} to {}", place.passage, place.start, place.end)
}
