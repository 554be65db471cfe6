//! Reads papers of any format and prints their paragraphs, without libtorch:
//!
//!     cargo run --release -p stroma-corpus --example paragraphs -- paper.pdf

use std::path::Path;
use std::process::ExitCode;

use stroma_corpus::{Limits, PaperId, ReadError, passages, read_bytes};

fn main() -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for file in std::env::args_os().skip(1) {
        let path = Path::new(&file);
        if let Err(error) = print_paragraphs(path) {
            eprintln!("{}: {error}", path.display());
            code = ExitCode::FAILURE;
        }
    }
    code
}

fn print_paragraphs(path: &Path) -> Result<(), ReadError> {
    // The format is found by the content. The name gives page numbers to files such as `review-p125.txt`.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let article = read_bytes(&std::fs::read(path)?, &name, &Limits::default())?;
    println!("# {}", article.metadata.title.as_deref().unwrap_or("(no title)"));
    let id = PaperId::new(&article.metadata, &path.file_stem().unwrap_or_default().to_string_lossy(), "");
    for passage in passages(&article, &id) {
        println!("\n[{}] {}", passage.id, passage.section.join(" / "));
        for sentence in &passage.sentences {
            println!("  {}", &passage.text[sentence.range.clone()]);
        }
    }
    println!("\n{} references, {} abbreviations", article.references.len(), article.abbreviations.len());
    for warning in &article.warnings {
        println!("warning: {warning}");
    }
    Ok(())
}
