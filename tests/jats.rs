//! Real articles in JATS XML: all can be read, and no text of their bodies is lost.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use roxmltree::{Document, Node, ParsingOptions};
use stroma::corpus::{Article, Limits, read_bytes};
use unicode_normalization::UnicodeNormalization;

use crate::support::shared_data;

fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = ["reviews", "papers"]
        .iter()
        .filter_map(|folder| std::fs::read_dir(shared_data("jats").join(folder)).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "xml"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no articles");
    files
}

fn read(path: &Path) -> Article {
    let bytes = std::fs::read(path).unwrap();
    read_bytes(&bytes, &path.to_string_lossy(), &Limits::default())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Each text of the body is in a paragraph, a caption, a heading, a reference or the dropped text, and no letter occurs
/// less often there than in the body.
#[test]
#[ignore = "needs ../shared/data"]
fn every_word_of_every_body_is_accounted_for() {
    let (mut texts, mut letters) = (0, 0);
    for path in files() {
        let article = read(&path);
        let source = std::fs::read_to_string(&path).unwrap();
        let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
        let document = Document::parse_with_options(&source, options).unwrap();
        let kept = kept(&article);
        let mut balance: HashMap<char, i64> = HashMap::new();
        for letter in kept.chars() {
            *balance.entry(letter).or_default() += 1;
        }
        let body = document.descendants().find(|node| node.has_tag_name("body")).unwrap();
        for node in body.descendants().filter(Node::is_text) {
            let text = letters_of(node.text().unwrap_or_default());
            // The number of a heading is stored separately from its words.
            let is_heading = node.ancestors().any(|outer| outer.has_tag_name("title"));
            let longest_number = if is_heading { 8 } else { 0 };
            let found =
                (0..=longest_number).any(|skipped| kept.contains(&text.chars().skip(skipped).collect::<String>()));
            assert!(found, "{}: lost {:?}", path.display(), node.text());
            texts += 1;
            letters += text.chars().count();
            for letter in text.chars() {
                *balance.entry(letter).or_default() -= 1;
            }
        }
        balance.retain(|_, count| *count < 0);
        assert!(balance.is_empty(), "{}: too few of {balance:?}", path.display());
    }
    println!("{texts} texts with {letters} letters and digits accounted for");
}

/// The letters and digits of all text that was kept.
fn kept(article: &Article) -> String {
    let mut kept = String::new();
    let mut section: &[String] = &[];
    for block in &article.blocks {
        if block.section != section {
            // Headings that are the same as those of the previous block occur only once in the source.
            let same = section.iter().zip(&block.section).take_while(|(one, other)| one == other).count();
            block
                .section
                .iter()
                .skip(same.min(block.section.len().saturating_sub(1)))
                .for_each(|heading| kept += &letters_of(heading));
            section = &block.section;
        }
        kept += &letters_of(&block.text);
    }
    for dropped in &article.dropped {
        kept += &letters_of(&dropped.text);
    }
    for reference in &article.references {
        kept += &letters_of(&reference.text);
        kept += &letters_of(reference.label.as_deref().unwrap_or_default());
    }
    kept
}

/// Letters and digits only, in normalised form: superscript digits count as digits.
fn letters_of(text: &str) -> String {
    text.nfkc().filter(|c| c.is_alphanumeric()).collect()
}

#[test]
#[ignore = "needs ../shared/data"]
fn every_article_has_what_a_reader_shows() {
    for path in files() {
        let article = read(&path);
        let metadata = &article.metadata;
        let name = path.display();
        assert!(
            metadata.title.is_some() && metadata.journal.is_some() && metadata.year.is_some(),
            "{name}: {metadata:?}"
        );
        assert!(!metadata.authors.is_empty(), "{name}: no authors");
        assert!(
            metadata.doi.as_deref().is_none_or(|doi| doi.starts_with("10.") && doi == doi.to_lowercase()),
            "{name}"
        );
        assert!(metadata.pmcid.as_deref().is_none_or(|id| id.starts_with("PMC")), "{name}");
        assert!(article.references.len() >= 5, "{name}: {} references", article.references.len());
        assert!(article.references.iter().all(|reference| !reference.text.is_empty()), "{name}");
    }
}

#[test]
#[ignore = "needs ../shared/data"]
fn blocks_keep_their_promises() {
    for path in files() {
        let article = read(&path);
        let length = std::fs::read_to_string(&path).unwrap().chars().count();
        for block in &article.blocks {
            let text = &block.text;
            assert!(
                !text.trim().is_empty() && text.trim() == text && !text.contains("  ") && !text.contains('\n'),
                "{text:?}"
            );
            let place = block.source.clone().unwrap();
            assert!(place.start < place.end && place.end <= length);
            for citation in &block.citations {
                assert!(text.get(citation.range.clone()).is_some(), "{:?} in {text:?}", citation.range);
                assert!(!citation.references.is_empty());
                assert!(citation.references.iter().all(|&index| index < article.references.len()));
            }
            assert!(block.citations.is_sorted_by_key(|citation| citation.range.start), "{:?}", block.citations);
        }
    }
}
