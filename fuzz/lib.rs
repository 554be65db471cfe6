//! The check of every target: for any bytes, a reader returns an error, or an article that satisfies the invariants of
//! its types.

use stroma_corpus::{Article, Limits, PaperId, passages, read_bytes};

/// Limits within which an input is read fast enough for a fuzzer.
const LIMITS: Limits = Limits { max_file_bytes: 1 << 20, max_unpacked_bytes: 4 << 20, ..Limits::DEFAULT };

/// Input files for one reader.
#[derive(Debug)]
pub struct Target {
    pub name: &'static str,
    /// The beginning of each file, which selects the reader.
    head: &'static str,
    /// The name of each file.
    file: &'static str,
}

/// Any bytes: the format is detected from the content.
pub const ANY: Target = Target { name: "any", head: "", file: "paper" };
pub const JATS: Target = Target { name: "jats", head: "<article><front><article-meta>", file: "paper.xml" };
/// As written by GROBID.
pub const TEI: Target = Target { name: "tei", head: "<TEI xmlns=\"http://www.tei-c.org/ns/1.0\">", file: "paper.xml" };
pub const HTML: Target = Target { name: "html", head: "<!DOCTYPE html><html>", file: "paper.html" };
pub const MARKDOWN: Target = Target { name: "markdown", head: "# Title\n\n", file: "paper.md" };
pub const TEXT: Target =
    Target { name: "text", head: "Title of a paper\n\nKnees get stiff in the morning.\n\n", file: "paper.txt" };
/// The text of a page, as copied from a viewer.
pub const DUMP: Target =
    Target { name: "dump", head: "Journal of Knees 2020, 1:2\nPage 3 of 9\n", file: "paper-p3.txt" };
pub const PDF: Target = Target { name: "pdf", head: "%PDF-1.7\n", file: "paper.pdf" };

/// All targets.
pub const TARGETS: [&Target; 8] = [&ANY, &JATS, &TEI, &HTML, &MARKDOWN, &TEXT, &DUMP, &PDF];

impl Target {
    /// Reads a file that ends with `bytes`.
    ///
    /// # Panics
    /// If the result violates an invariant of its types.
    pub fn check(&self, bytes: &[u8]) {
        if let Ok(article) = read_bytes(&[self.head.as_bytes(), bytes].concat(), self.file, &LIMITS) {
            check_article(&article);
        }
    }
}

fn check_article(article: &Article) {
    for block in &article.blocks {
        assert!(!block.text.is_empty() && !block.text.contains('\n'), "{:?}", block.text);
        for citation in &block.citations {
            assert!(block.text.get(citation.range.clone()).is_some(), "{citation:?} in {:?}", block.text);
            assert!(citation.references.iter().all(|&index| index < article.references.len()), "{citation:?}");
        }
    }
    let id = PaperId::new(&article.metadata, "stem", "folder");
    assert!(id.as_str().parse::<PaperId>().is_ok(), "{id}");
    for passage in passages(article, &id) {
        assert!(passage.sentences.iter().all(|sentence| passage.text.get(sentence.range.clone()).is_some()));
    }
}
