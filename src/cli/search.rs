//! `stroma search`

use std::io::Write;
use std::ops::Range;

use super::context::Context;
use super::{Outcome, style};
use crate::search::{Answer, Hit, Mode, Request};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma search \"MSC effect on RA stiffness\" --limit 3")]
pub(super) struct Arguments {
    /// The question, in your own words
    question: String,
    /// Paragraphs to show, from 1 to 100
    #[arg(long, short = 'n', value_parser = clap::value_parser!(u16).range(1..=100))]
    limit: Option<u16>,
    /// How to look: words and meaning (hybrid), words alone (lexical), meaning alone (vector)
    #[arg(long, default_value = "hybrid")]
    mode: Mode,
    /// Print the same JSON as the server answers
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let engine = context.engine()?;
    if arguments.mode != Mode::Lexical {
        // The time that is told is the question's, without that of loading the weights.
        engine.embedder().embed_query("ready")?;
    }
    let search = &context.config().search;
    let request = Request {
        mode: arguments.mode,
        limit: arguments.limit.map_or(search.limit, usize::from),
        per_paper: search.per_paper,
        ..Request::new(&arguments.question)
    };
    let answer = engine.search(&request)?;
    let mut output = anstream::stdout().lock();
    if arguments.json {
        writeln!(output, "{}", serde_json::to_string(&crate::server::wire::SearchResponse::from(&answer))?)?;
    } else {
        print(&mut output, &answer)?;
    }
    Ok(if answer.hits.is_empty() { Outcome::Partial } else { Outcome::Success })
}

fn print(output: &mut impl Write, answer: &Answer) -> std::io::Result<()> {
    if answer.hits.is_empty() {
        return writeln!(output, "nothing found");
    }
    let width = terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0)).clamp(40, 110);
    for (number, hit) in answer.hits.iter().enumerate() {
        print_hit(output, number + 1, hit, width)?;
    }
    let (faint, reset) = (style::FAINT, style::RESET);
    let milliseconds = answer.took.as_secs_f64() * 1e3;
    writeln!(output, "{faint}{} paragraphs in {milliseconds:.0} ms; «…» answers{reset}", answer.hits.len())
}

fn print_hit(output: &mut impl Write, number: usize, hit: &Hit, width: usize) -> std::io::Result<()> {
    let (metadata, passage) = (&hit.record.metadata, &hit.record.passage);
    let (title, faint, reset) = (style::TITLE, style::FAINT, style::RESET);
    let name = metadata.title.as_deref().unwrap_or(hit.record.paper.as_str());
    let year = metadata.year.map(|year| format!(" ({year})")).unwrap_or_default();
    let marks: String = metadata.marks.iter().map(|mark| format!(" [{mark:?}]").to_uppercase()).collect();
    writeln!(output, "{title}{number}. {name}{reset}{year}{}{marks}{reset}", style::WARNING)?;
    let page = passage.pages.map(|(page, _)| format!(", page {page}")).unwrap_or_default();
    let place = format!("{}{page}", passage.section.join(" › "));
    writeln!(output, "   {faint}{place}  ·  score {:.3}  ·  {}{reset}", hit.score, passage.id)?;
    let options = textwrap::Options::new(width).initial_indent("   ").subsequent_indent("   ");
    for line in textwrap::wrap(&marked(&passage.text, hit), options) {
        writeln!(output, "{}", coloured(&line))?;
    }
    let studies = studies(hit);
    if !studies.is_empty() {
        writeln!(output, "   {faint}cites {}{reset}", studies.join("; "))?;
    }
    writeln!(output)
}

/// The text with its answering sentences in guillemets, which stay when colours go.
fn marked(text: &str, hit: &Hit) -> String {
    let mut ranges: Vec<&Range<usize>> = hit.evidence.iter().map(|evidence| &evidence.range).collect();
    ranges.sort_by_key(|range| range.start);
    let mut marked = String::with_capacity(text.len() + 16);
    let mut from = 0;
    for range in ranges {
        marked.push_str(&text[from..range.start]);
        marked.push('«');
        marked.push_str(&text[range.clone()]);
        marked.push('»');
        from = range.end;
    }
    marked + &text[from..]
}

/// A line with its marked parts in colour. A mark may begin on one line and end on another, so each line opens and
/// closes its own colour.
fn coloured(line: &str) -> String {
    line.replace('«', &format!("{}«", style::EVIDENCE)).replace('»', &format!("»{}", style::RESET))
}

/// The studies that the answering sentences cite, shortly.
fn studies(hit: &Hit) -> Vec<String> {
    let mut studies = Vec::new();
    for evidence in &hit.evidence {
        for citation in &hit.record.passage.citations {
            if citation.range.start < evidence.range.start || citation.range.end > evidence.range.end + 1 {
                continue;
            }
            for reference in citation.references.iter().filter_map(|place| hit.record.cited.get(place)) {
                let short = short_reference(reference);
                if !studies.contains(&short) {
                    studies.push(short);
                }
            }
        }
    }
    studies
}

fn short_reference(reference: &crate::corpus::Reference) -> String {
    let year = reference.year.map(|year| format!(" {year}")).unwrap_or_default();
    match reference.authors.as_slice() {
        [] => reference.text.chars().take(60).collect(),
        [only] => format!("{}{year}", family(only)),
        [first, ..] => format!("{} et al.{year}", family(first)),
    }
}

/// The family name of "Given Family" and of "Family GI".
fn family(author: &str) -> &str {
    let is_initials = |word: &str| {
        let letters = word.chars().filter(|c| *c != '.').count();
        letters <= 3 && word.chars().all(|c| c.is_uppercase() || c == '.')
    };
    match author.rsplit_once(' ') {
        Some((family, initials)) if is_initials(initials) => family,
        Some((_, family)) => family,
        None => author,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn family_names_are_found_in_both_orders() {
        assert_eq!(family("Frank Buttgereit"), "Buttgereit");
        assert_eq!(family("Buttgereit F"), "Buttgereit");
        assert_eq!(family("de la Cruz J.A."), "de la Cruz");
        assert_eq!(family("Stroma"), "Stroma");
    }
}
