//! Real papers as PDF: each must be read, in bounded time, with its title and its reference list.
//!
//! The papers are stored beside the repository.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use stroma::corpus::{BlockKind, Format, ReadError, pdf};

use crate::support::shared_data;

fn papers() -> Vec<PathBuf> {
    let files = std::fs::read_dir(shared_data("pdf")).expect("a folder").flatten().map(|entry| entry.path());
    let mut papers: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|kind| kind == "pdf")).collect();
    papers.sort();
    assert!(!papers.is_empty(), "no papers");
    papers
}

#[test]
#[ignore = "needs ../shared/data"]
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
#[ignore = "needs ../shared/data"]
fn a_truncated_paper_never_panics() {
    for path in papers().iter().take(6) {
        let bytes = std::fs::read(path).expect("a readable file");
        for part in 1..8 {
            let _ = pdf::read(&bytes[..bytes.len() * part / 8]);
        }
    }
}

/// A PDF with these content streams, one per page, and Helvetica as `F1`.
fn document(contents: &[String], trailer: &str, more: &[&str]) -> Vec<u8> {
    let first_page = 4 + more.len();
    let kids: Vec<String> = (0..contents.len()).map(|i| format!("{} 0 R", first_page + 2 * i)).collect();
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        format!("<</Type/Pages/Count {}/Kids[{}]>>", contents.len(), kids.join(" ")),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_owned(),
    ];
    objects.extend(more.iter().map(|object| (*object).to_owned()));
    for (i, content) in contents.iter().enumerate() {
        let resources = "<</Font<</F1 3 0 R>>/XObject<</X1 4 0 R>>>>";
        let stream = first_page + 2 * i + 1;
        objects.push(format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources {resources}/Contents {stream} 0 R>>"
        ));
        objects.push(format!("<</Length {}>>\nstream\n{content}\nendstream", content.len()));
    }
    let mut file = String::from("%PDF-1.4\n");
    let mut offsets = Vec::new();
    for (i, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file.push_str(&format!("{} 0 obj\n{object}\nendobj\n", i + 1));
    }
    let start = file.len();
    file.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    for offset in offsets {
        file.push_str(&format!("{offset:010} 00000 n \n"));
    }
    file.push_str(&format!("trailer <</Size {}/Root 1 0 R{trailer}>>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1));
    file.into_bytes()
}

/// Operators that show a line of text.
fn show(text: &str, x: f32, y: f32, size: f32) -> String {
    format!("BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET\n")
}

/// A page with two columns: a title above, and a paragraph that continues from the left column to the right.
fn two_columns() -> String {
    let mut page = show("Stem cells soften stiff joints in arthritis", 50.0, 740.0, 18.0);
    page += &show("Ann Lee and Bo Chen", 50.0, 715.0, 12.0);
    page += &show("1. Introduction", 50.0, 680.0, 14.0);
    for row in 0..12 {
        let y = 660.0 - 12.0 * row as f32;
        // Drawn row by row, like the output of some typesetters.
        page += &show(&format!("left line {row} of a column of text with anti-inflam-"), 50.0, y, 10.0);
        page += &show(&format!("matory right line {row} of a column of text here and"), 320.0, y, 10.0);
    }
    page
}

/// A small readable paper.
pub(crate) fn paper() -> Vec<u8> {
    document(&[two_columns()], "", &["null"])
}

#[test]
fn two_columns_are_read_one_after_the_other() {
    let article = pdf::read(&paper()).expect("a readable PDF");
    assert_eq!(article.metadata.title.as_deref(), Some("Stem cells soften stiff joints in arthritis"));
    assert_eq!(article.metadata.authors, ["Ann Lee", "Bo Chen"]);
    assert_eq!(article.blocks.len(), 1);
    let block = &article.blocks[0];
    assert_eq!((block.section.as_slice(), block.pages), (["Introduction".to_owned()].as_slice(), Some((1, 1))));
    assert!(block.text.starts_with("left line 0 of"), "{}", block.text);
    assert!(block.text.contains("anti-inflammatory right line 0"), "{}", block.text);
    assert!(block.text.find("left line 11") < block.text.find("right line 0"));
}

#[test]
fn pages_without_text_have_no_text_layer() {
    assert!(matches!(pdf::read(&document(&[String::new()], "", &["null"])), Err(ReadError::NoTextLayer)));
}

#[test]
fn a_password_is_asked_for() {
    let unknown = "A".repeat(32);
    let trailer = format!("/ID[(a)(b)]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O({unknown})/U({unknown})>>");
    let error = pdf::read(&document(&[two_columns()], &trailer, &["null"]));
    assert!(matches!(error, Err(ReadError::Encrypted)), "{error:?}");
}

#[test]
fn forms_that_draw_themselves_end() {
    let content = "/X1 Do /X1 Do /X1 Do";
    let form = format!(
        "<</Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<</XObject<</X1 4 0 R>>>>/Length {}>>\nstream\n{content}\nendstream",
        content.len()
    );
    let started = Instant::now();
    let article = pdf::read(&document(&[two_columns() + "/X1 Do\n"], "", &[&form])).expect("a readable PDF");
    assert_eq!(article.blocks.len(), 1);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn deep_nesting_ends() {
    let nested = format!("{}{}", "[".repeat(200_000), "<<".repeat(200_000));
    let article = pdf::read(&document(&[two_columns()], "", &[&nested])).expect("a readable PDF");
    assert_eq!(article.blocks.len(), 1);
    let _ = pdf::read(&document(&[two_columns() + &nested], "", &["null"]));
    let _ = pdf::read(&document(&[two_columns() + &"q ".repeat(300_000) + "BT ET"], "", &["null"]));
}
