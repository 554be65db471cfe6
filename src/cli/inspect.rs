//! `stroma inspect`

use std::io::Write;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::context::Context;
use super::{Outcome, style};
use crate::corpus::{Article, PaperId, Passage, passages};
use crate::ingest::read_source;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: stroma inspect --json papers/msc-rheumatoid-arthritis.xml | jq .paragraphs[0]")]
pub(super) struct Arguments {
    /// Files to read
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print one JSON object a file, each on a line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(context: &Context, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::Success;
    let mut output = anstream::stdout().lock();
    for file in &arguments.files {
        match read_source(std::slice::from_ref(file), &context.limits()) {
            Ok((id, article)) => {
                let passages = passages(&article, &id);
                if arguments.json {
                    writeln!(output, "{}", as_json(file, &id, &article, &passages))?;
                } else {
                    print(&mut output, file, &id, &article, &passages)?;
                }
            }
            Err(failure) => {
                outcome = Outcome::Partial;
                anstream::eprintln!("{}not read:{} {failure}", style::WARNING, style::RESET);
            }
        }
    }
    Ok(outcome)
}

fn as_json(file: &std::path::Path, id: &PaperId, article: &Article, passages: &[Passage]) -> Value {
    let metadata = &article.metadata;
    json!({
        "file": file.display().to_string(),
        "format": article.format,
        "paper": {
            "id": id.as_str(),
            "title": metadata.title,
            "authors": metadata.authors,
            "journal": metadata.journal,
            "year": metadata.year,
            "volume": metadata.volume,
            "issue": metadata.issue,
            "first_page": metadata.first_page,
            "last_page": metadata.last_page,
            "doi": metadata.doi,
            "pmid": metadata.pmid,
            "pmcid": metadata.pmcid,
            "type": metadata.article_type,
            "keywords": metadata.keywords,
            "marks": metadata.marks,
        },
        "paragraphs": passages.iter().map(passage_json).collect::<Vec<_>>(),
        "references": article.references,
        "abbreviations": article.abbreviations,
        "dropped": article.dropped,
        "warnings": article.warnings,
    })
}

/// Ranges of sentences and citations count Unicode characters of `text`.
fn passage_json(passage: &Passage) -> Value {
    let characters = |byte: usize| passage.text[..byte].chars().count();
    let range = |range: &std::ops::Range<usize>| json!([characters(range.start), characters(range.end)]);
    let cut = |sentence: Option<&crate::corpus::passage::Sentence>| sentence.is_some_and(|sentence| sentence.cut);
    json!({
        "id": passage.id.as_str(),
        "kind": passage.kind,
        "section": passage.section,
        "page": passage.pages.map(|(first, _)| first),
        "pages": passage.pages,
        "source": passage.source.as_ref().map(|range| [range.start, range.end]),
        "text": passage.text,
        "sentences": passage.sentences.iter().map(|sentence| range(&sentence.range)).collect::<Vec<_>>(),
        "citations": passage
            .citations
            .iter()
            .map(|citation| json!({"range": range(&citation.range), "references": citation.references}))
            .collect::<Vec<_>>(),
        "truncated_start": cut(passage.sentences.first()),
        "truncated_end": cut(passage.sentences.last()),
    })
}

fn print(
    output: &mut impl Write,
    file: &std::path::Path,
    id: &PaperId,
    article: &Article,
    passages: &[Passage],
) -> std::io::Result<()> {
    let metadata = &article.metadata;
    let (title, faint, reset) = (style::TITLE, style::FAINT, style::RESET);
    writeln!(output, "{title}{}{reset}", metadata.title.as_deref().unwrap_or("(no title)"))?;
    writeln!(output, "{faint}{} read as {:?}, id {id}{reset}", file.display(), article.format)?;
    let year = metadata.year.map(|year| year.to_string());
    let facts = [Some(metadata.authors.join(", ")), metadata.journal.clone(), year, metadata.doi.clone()];
    let facts: Vec<String> = facts.into_iter().flatten().filter(|fact| !fact.is_empty()).collect();
    writeln!(output, "{}", facts.join(" · "))?;
    let mut section: &[String] = &[];
    for passage in passages {
        if passage.section != section {
            section = &passage.section;
            writeln!(output, "\n{title}{}{reset}", section.join(" › "))?;
        }
        let page = passage.pages.map(|(page, _)| format!(" page {page}")).unwrap_or_default();
        let kind = format!("{:?}", passage.kind).to_lowercase();
        writeln!(output, "\n{faint}[{} {kind}{page}]{reset} {}", passage.ordinal, passage.text)?;
    }
    if !article.dropped.is_empty() {
        writeln!(output, "\n{title}Left out{reset}")?;
    }
    for dropped in &article.dropped {
        writeln!(output, "{faint}{}:{reset} {}", dropped.rule, shortened(&dropped.text))?;
    }
    for warning in &article.warnings {
        writeln!(output, "{}warning:{reset} {warning}", style::WARNING)?;
    }
    let (references, abbreviations) = (article.references.len(), article.abbreviations.len());
    writeln!(output, "\n{} paragraphs, {references} references, {abbreviations} abbreviations\n", passages.len())
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 160;
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if folded.chars().count() <= LONGEST {
        return folded;
    }
    folded.chars().take(LONGEST).chain(std::iter::once('…')).collect()
}
