//! Real papers as PDF: each must be read, in bounded time, with its title and its reference list.
//!
//! The papers lie beside the repository; without them the test says so and passes.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use stroma::corpus::{BlockKind, Format, ReadError, pdf};

fn papers() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/pdf");
    let files = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut papers: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|kind| kind == "pdf")).collect();
    papers.sort();
    if papers.is_empty() {
        println!("skipped: no papers in {}", folder.display());
    }
    papers
}

#[test]
fn every_paper_is_read() {
    let papers = papers();
    let mut titles = 0;
    let mut with_references = 0;
    for path in &papers {
        let bytes = std::fs::read(path).expect("a readable file");
        let started = Instant::now();
        let article = pdf::read(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(started.elapsed() < Duration::from_secs(20), "{} took {:?}", path.display(), started.elapsed());
        assert_eq!(article.format, Format::Pdf);
        let paragraphs = article.blocks.iter().filter(|block| block.kind == BlockKind::Paragraph).count();
        assert!(paragraphs >= 3, "{} has {paragraphs} paragraphs", path.display());
        for block in &article.blocks {
            assert!(
                !block.text.is_empty() && !block.text.contains('\n') && !block.text.contains("  "),
                "{:?}",
                block.text
            );
            for citation in &block.citations {
                assert!(block.text.get(citation.range.clone()).is_some());
                assert!(citation.references.iter().all(|index| *index < article.references.len()));
            }
        }
        titles += usize::from(article.metadata.title.is_some());
        with_references += usize::from(article.references.len() > 3);
    }
    assert!(titles * 20 >= papers.len() * 19, "{titles} titles of {}", papers.len());
    assert!(with_references * 20 >= papers.len() * 17, "{with_references} reference lists of {}", papers.len());
}

#[test]
fn what_is_no_pdf_is_an_error() {
    assert!(matches!(pdf::read(b""), Err(ReadError::Empty)));
    assert!(matches!(pdf::read(b"%PDF-1.7\nno objects"), Err(ReadError::Malformed { .. })));
    assert!(pdf::read(&[0; 4096]).is_err());
}

#[test]
fn a_truncated_paper_never_panics() {
    for path in papers().iter().take(6) {
        let bytes = std::fs::read(path).expect("a readable file");
        for part in 1..8 {
            let _ = pdf::read(&bytes[..bytes.len() * part / 8]);
        }
    }
}
