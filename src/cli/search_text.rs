//! Prints an answer as text for a terminal.

use std::io::Write;
use std::ops::Range;

use super::byline::{first_author, identifier};
use super::counted::counted;
use super::links::{HitSource, hyperlink};
use super::printable::printable;
use super::style;
use crate::corpus::Metadata;
use crate::search::{
    Answer, CitedStudy, ConditionInForce, ConditionName, Correction, Expansion, Explanation, Hit, Interpretation,
    NameKind, NamedPaper, NotUnderstood, Parts, Scores, Stage, Summary, TermMatch, TranslatedTerm,
};

/// Prints an answer in the width of the terminal. Hits are numbered from `offset` on, and have links to their sources.
pub(super) fn print(
    output: &mut impl Write,
    answer: &Answer,
    sources: &[HitSource],
    offset: usize,
    explain: bool,
) -> std::io::Result<()> {
    let width = style::terminal_width();
    print_interpretation(output, &answer.interpretation, width)?;
    if answer.hits.is_empty() {
        let reason = answer.summary.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        return writeln!(output, "nothing found{}", printable(&reason));
    }
    print_names(output, &answer.summary, width)?;
    print_summary(output, &answer.summary, width)?;
    for (number, (hit, source)) in answer.hits.iter().zip(sources).enumerate() {
        print_hit(output, offset + number + 1, hit, source, width)?;
        if explain {
            print_explanation(output, hit, width)?;
        }
        writeln!(output)?;
    }
    if explain {
        print_timings(output, answer)?;
    }
    let (faint, reset) = (style::FAINT, style::RESET);
    let milliseconds = answer.took.as_secs_f64() * 1e3;
    let count = answer.hits.len();
    let marks = match answer.hits.iter().any(|hit| !hit.evidence.is_empty()) {
        true if answer.summary.studies.is_empty() => "; «…» answers",
        true => "; «…» cites it or answers",
        false => "",
    };
    writeln!(output, "{faint}{} in {milliseconds:.0} ms{marks}{reset}", counted(count, "paragraph"))
}

pub(super) fn print_hit(
    output: &mut impl Write,
    number: usize,
    hit: &Hit,
    source: &HitSource,
    width: usize,
) -> std::io::Result<()> {
    let (metadata, passage) = (&hit.record.metadata, &hit.record.passage);
    let (title, faint, reset) = (style::TITLE, style::FAINT, style::RESET);
    let name = printable(metadata.title.as_deref().unwrap_or(hit.record.paper.as_str()));
    let year = metadata.year.map(|year| format!(" ({year})")).unwrap_or_default();
    writeln!(output, "{title}{number}. {name}{reset}{year}{}{}{reset}", style::WARNING, marks(metadata))?;
    let page = passage.pages.map(|(page, _)| format!(", page {page}")).unwrap_or_default();
    let section = passage.section.join(" › ");
    let section = printable(&section);
    let id = hyperlink(&passage.id.to_string(), source.url.as_deref());
    writeln!(output, "   {faint}{section}{page}  ·  score {:.3}  ·  {id}{reset}", hit.score)?;
    let byline = byline(metadata);
    if !byline.is_empty() {
        print_faint(output, &byline, width)?;
    }
    let options = textwrap::Options::new(width).initial_indent("   ").subsequent_indent("   ");
    for line in textwrap::wrap(&printable(&mark_evidence(&passage.text, hit)), options) {
        writeln!(output, "{}", colour_evidence(&line))?;
    }
    let studies = studies(hit);
    if !studies.is_empty() {
        let cites = format!("cites {}", studies.join("; "));
        print_faint(output, &cites, width)?;
    }
    Ok(())
}

/// Authors, journal and identifier of a paper: "Chang et al., Stem Cells Int, doi:10.1155/2016/8040616".
fn byline(metadata: &Metadata) -> String {
    let authors = match metadata.authors.as_slice() {
        [] => None,
        [only] => Some(family(only).to_owned()),
        [first, second] => Some(format!("{} and {}", family(first), family(second))),
        [first, ..] => Some(format!("{} et al.", family(first))),
    };
    let identifier = identifier(metadata.doi.as_deref(), metadata.pmid.as_deref());
    [authors, metadata.journal.clone(), identifier].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Prints how the question was read: its conditions, corrected slips, and the senses of its abbreviations.
fn print_interpretation(output: &mut impl Write, read: &Interpretation, width: usize) -> std::io::Result<()> {
    for NotUnderstood { typed, reason } in &read.not_understood {
        let (warning, reset) = (style::WARNING, style::RESET);
        writeln!(output, "   {warning}Not understood:{reset} {} ({})", printable(typed), printable(reason))?;
    }
    let conditions: Vec<String> = read.conditions.iter().map(shown_condition).collect();
    if !conditions.is_empty() {
        print_faint(output, &format!("only paragraphs {}", conditions.join(", ")), width)?;
    }
    for Correction { typed, read } in &read.spelling {
        print_faint(output, &format!("{typed}: read as {read}; \"{typed}\" in quotation marks insists on it"), width)?;
    }
    for Expansion { short, long, papers, others } in &read.abbreviations {
        let others: Vec<String> = others.iter().take(3).map(|(long, papers)| format!("{long} ({papers})")).collect();
        let others = if others.is_empty() { String::new() } else { format!("; elsewhere {}", others.join(", ")) };
        print_faint(output, &format!("{short}: {long} ({}){others}", counted(*papers, "paper")), width)?;
    }
    let is_empty = read.abbreviations.is_empty()
        && read.conditions.is_empty()
        && read.spelling.is_empty()
        && read.not_understood.is_empty();
    if is_empty { Ok(()) } else { writeln!(output) }
}

/// A condition in words, to follow "only paragraphs".
fn shown_condition(condition: &ConditionInForce) -> String {
    let ConditionInForce { kind, value, .. } = condition;
    match kind {
        ConditionName::Phrase => format!("with \"{value}\""),
        ConditionName::Without => format!("without {value}"),
        ConditionName::Author => format!("by {value}"),
        ConditionName::Year => format!("of {value}"),
        ConditionName::Journal => format!("in {value}"),
        ConditionName::Title => format!("with {value} in the title"),
        ConditionName::Type => format!("of type {value}"),
        ConditionName::Section => format!("in {value}"),
        ConditionName::Paper => format!("of {value}"),
        ConditionName::Collection => format!("in the collection {value}"),
        ConditionName::Tag => format!("tagged {value}"),
    }
}

/// Prints the papers and studies that the question names.
fn print_names(output: &mut impl Write, summary: &Summary, width: usize) -> std::io::Result<()> {
    /// Further ones are among the hits.
    const MAX_SHOWN: usize = 10;
    let (title, reset) = (style::TITLE, style::RESET);
    let count = summary.papers.len();
    let meets = summary.papers.first().is_some_and(|paper| paper.by == NameKind::Conditions);
    match (count, meets) {
        (0, _) => {}
        (1, false) => writeln!(output, "   {title}A paper by this name{reset}")?,
        (_, false) => writeln!(output, "   {title}{count} papers by this name{reset}")?,
        (_, true) => writeln!(output, "   {title}{} that meet this{reset}", counted(count, "paper"))?,
    }
    let options = textwrap::Options::new(width).initial_indent(" • ").subsequent_indent("   ");
    for NamedPaper { id, metadata, .. } in summary.papers.iter().take(MAX_SHOWN) {
        let name = metadata.title.as_deref().unwrap_or(id.as_str());
        let authors = first_author(&metadata.authors);
        let year = metadata.year.map(|year| year.to_string());
        let about: Vec<String> = [authors, metadata.journal.clone(), year].into_iter().flatten().collect();
        let line = format!("{name}. {}  [{id}]", about.join(", "));
        for line in textwrap::wrap(&printable(&line), &options) {
            writeln!(output, "{line}")?;
        }
    }
    for CitedStudy { reference, papers } in &summary.studies {
        let cited = format!("A study that is only cited here, by {}", counted(*papers, "paper"));
        writeln!(output, "   {title}{cited}{reset}")?;
        for line in textwrap::wrap(&printable(&reference.text), &options) {
            writeln!(output, "{line}")?;
        }
    }
    if summary.papers.is_empty() && summary.studies.is_empty() { Ok(()) } else { writeln!(output) }
}

/// Prints the answer, or why there is none.
fn print_summary(output: &mut impl Write, summary: &Summary, width: usize) -> std::io::Result<()> {
    if let Some(reason) = &summary.reason {
        let (warning, reset) = (style::WARNING, style::RESET);
        let options = textwrap::Options::new(width.saturating_sub(11)).subsequent_indent("   ");
        let lines = textwrap::fill(&printable(reason), options);
        writeln!(output, "   {warning}No answer:{reset} {lines}\n")?;
    }
    for sentence in &summary.sentences {
        let options = textwrap::Options::new(width).initial_indent(" • ").subsequent_indent("   ");
        for line in textwrap::wrap(&printable(&sentence.text), options) {
            writeln!(output, "{line}")?;
        }
        let said = match sentence.papers {
            0 | 1 => String::new(),
            papers => format!("said by {papers} papers; "),
        };
        let studies: Vec<String> = sentence.studies.iter().map(short_reference).collect();
        let studies = if studies.is_empty() { String::new() } else { format!(", citing {}", studies.join("; ")) };
        let title = sentence.metadata.title.as_deref().unwrap_or(sentence.paper.as_str());
        print_faint(output, &format!("{said}{title}{}{studies}", marks(&sentence.metadata)), width)?;
    }
    if summary.sentences.is_empty() { Ok(()) } else { writeln!(output) }
}

/// Prints the parts of the score of a hit.
fn print_explanation(output: &mut impl Write, hit: &Hit, width: usize) -> std::io::Result<()> {
    let Explanation { parts, lexical_rank, vector_rank, terms, translated: in_place } = &hit.explanation;
    let Parts { words, paragraph, body, sentence, feedback } = parts;
    let sum = format!(
        "{:.3} = words {words:.3} + paragraph {paragraph:.3} + body {body:.3} + best sentence {sentence:.3} + near the \
         first {feedback:.3}",
        hit.score
    );
    print_faint(output, &sum, width)?;
    let rank = |rank: &Option<usize>| rank.map_or("none".to_owned(), |rank| rank.to_string());
    let Scores { bm25, coverage, fuzzy, translated, paragraph, body, sentence, .. } = hit.scores;
    let legs = format!(
        "by words: rank {}, BM25 {bm25:.2}, covers {:.0} %, {:.0} % spelled similarly, {:.0} % in other words; by meaning: rank {}, cosines \
         {paragraph:.3} of the paragraph, {body:.3} of its body, {sentence:.3} of its best sentence",
        rank(lexical_rank),
        100.0 * coverage,
        100.0 * fuzzy,
        100.0 * translated,
        rank(vector_rank)
    );
    print_faint(output, &legs, width)?;
    let term = |matched: &TermMatch| {
        let of = matched.expands.as_ref().map(|short| format!(" of {short}")).unwrap_or_default();
        format!("{}{of} {:.2}", matched.term, matched.score)
    };
    let terms: Vec<String> = terms.iter().map(term).collect();
    if !terms.is_empty() {
        print_faint(output, &format!("terms {}", terms.join(", ")), width)?;
    }
    let by = |translated: &TranslatedTerm| format!("{} for {}", translated.by, translated.term);
    let in_place: Vec<String> = in_place.iter().map(by).collect();
    if in_place.is_empty() {
        return Ok(());
    }
    print_faint(output, &format!("words of papers {}", in_place.join(", ")), width)
}

fn print_timings(output: &mut impl Write, answer: &Answer) -> std::io::Result<()> {
    let stage = |stage: Stage| format!("{} {:.1} ms", stage.name(), answer.timings.get(stage).as_secs_f64() * 1e3);
    let (faint, reset) = (style::FAINT, style::RESET);
    writeln!(output, "{faint}{}{reset}", Stage::ALL.map(stage).join(" · "))
}

/// The status of a publication beside its title: ` [RETRACTED]`.
fn marks(metadata: &Metadata) -> String {
    metadata.marks.iter().map(|mark| format!(" [{}]", mark.name().to_uppercase())).collect()
}

fn print_faint(output: &mut impl Write, text: &str, width: usize) -> std::io::Result<()> {
    let (faint, reset) = (style::FAINT, style::RESET);
    let options = textwrap::Options::new(width).initial_indent("   ").subsequent_indent("   ");
    for line in textwrap::wrap(&printable(text), options) {
        writeln!(output, "{faint}{line}{reset}")?;
    }
    Ok(())
}

/// The text with its evidence sentences in guillemets, which are visible without colours.
fn mark_evidence(text: &str, hit: &Hit) -> String {
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

/// Colours the marked parts of a line. A mark may begin on one line and end on another, so each line sets and resets its own
/// colours.
fn colour_evidence(line: &str) -> String {
    line.replace('«', &format!("{}«", style::EVIDENCE)).replace('»', &format!("»{}", style::RESET))
}

/// Short references to the studies that the answering sentences cite.
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
