//! A page of a review, as copied from a flip-book viewer.
//!
//! The reader must find its metadata, its two sections and the caption of the figure, and no noise. All other text must
//! be recorded as dropped.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::collections::HashMap;

use stroma::corpus::{Article, BlockKind, Format, Limits, PaperLimits, join_pages, read_bytes};

use crate::support::shared_data;

fn seed() -> (String, Article) {
    let name = "ijmms-2024-14-2-p125.txt";
    let bytes = std::fs::read(shared_data("seed").join(name)).unwrap();
    let article = read_bytes(&bytes, name, &Limits::default()).unwrap();
    (String::from_utf8(bytes).unwrap(), article)
}

#[test]
#[ignore = "needs ../shared/data"]
fn the_header_gives_the_facts() {
    let (_, article) = seed();
    assert_eq!(article.format, Format::Dump);
    let metadata = &article.metadata;
    assert_eq!(metadata.journal.as_deref(), Some("International Journal of Molecular Medical Science"));
    assert_eq!(metadata.year, Some(2024));
    assert_eq!((metadata.volume.as_deref(), metadata.issue.as_deref()), (Some("14"), Some("2")));
    assert_eq!((metadata.first_page.as_deref(), metadata.last_page.as_deref()), (Some("123"), Some("131")));
    assert!(metadata.url.as_deref().is_some_and(|url| url.ends_with("/ijmms")));
    assert!(article.blocks.iter().all(|block| block.pages == Some((125, 125))));
}

#[test]
#[ignore = "needs ../shared/data"]
fn sections_caption_and_paragraphs_are_told_apart() {
    let (_, article) = seed();
    let mut sections: Vec<&[String]> = article.blocks.iter().map(|block| block.section.as_slice()).collect();
    sections.dedup();
    assert_eq!(
        sections,
        [
            ["Clinical cases and research progress of MSCs in the treatment of autoimmune diseases"],
            ["Application of immune regulation of mesenchymal stem cells in specific autoimmune diseases"],
        ]
    );
    let captions: Vec<&str> =
        article.blocks.iter().filter(|b| b.kind == BlockKind::Caption).map(|b| b.text.as_str()).collect();
    assert_eq!(
        captions,
        ["Figure 1 Potential mechanisms of the MSCs interactions with immune cells (Yi and Song, 2012)"]
    );
    let paragraphs: Vec<_> = article.blocks.iter().filter(|b| b.kind == BlockKind::Paragraph).collect();
    assert!((4..=6).contains(&paragraphs.len()), "{} paragraphs", paragraphs.len());
    assert!(paragraphs.iter().all(|block| block.text.starts_with(char::is_uppercase)));
    let (last, others) = paragraphs.split_last().unwrap();
    assert!(last.truncated_end && others.iter().all(|block| !block.truncated_end && !block.truncated_start));
}

#[test]
#[ignore = "needs ../shared/data"]
fn the_viewers_tokens_are_dropped_by_name() {
    let (_, article) = seed();
    assert!(article.blocks.iter().all(|block| !block.text.contains("==") && !block.text.contains("IJMMS")));
    for rule in ["viewer-token", "running-header", "document-code", "heading-number"] {
        assert!(article.dropped.iter().any(|dropped| dropped.rule.name() == rule), "{rule}");
    }
}

#[test]
#[ignore = "needs ../shared/data"]
fn nothing_of_the_page_is_lost() {
    let (source, article) = seed();
    let mut count: HashMap<String, i64> = HashMap::new();
    let mut add = |text: &str, sign: i64| {
        for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            *count.entry(word.to_owned()).or_default() += sign;
        }
    };
    add(&source, 1);
    let mut sections: Vec<&[String]> = article.blocks.iter().map(|block| block.section.as_slice()).collect();
    sections.dedup();
    for heading in sections.into_iter().flatten() {
        add(heading, -1);
    }
    for text in
        article.blocks.iter().map(|block| &block.text).chain(article.dropped.iter().map(|dropped| &dropped.text))
    {
        add(text, -1);
    }
    count.retain(|_, count| *count != 0);
    assert!(count.is_empty(), "{count:?}");
}

#[test]
#[ignore = "needs ../shared/data"]
fn the_places_are_those_of_the_page() {
    let (source, article) = seed();
    let characters: Vec<char> = source.chars().collect();
    for block in &article.blocks {
        let place = block.source.clone().unwrap();
        assert_eq!(characters[place].iter().collect::<String>(), block.text);
    }
}

/// The page after the first one, written for this test, with the same running header.
const NEXT: &str = "\
International Journal of Molecular Medical Science, 2024, Vol.14, No.2, 123-131 http://medscipublisher.com/index.php/ijmms 126 \
and doses of the cells, as Lee and Kim (2015) asked for. Longer trials will tell. 3.3 Safety of the cells In most trials, \
fever was the only event.";

#[test]
#[ignore = "needs ../shared/data"]
fn the_next_page_goes_on_with_the_cut_sentence() {
    let (_, article) = seed();
    let next = read_bytes(NEXT.as_bytes(), "ijmms-2024-14-2-p126.txt", &Limits::default()).unwrap();
    assert!(next.blocks[0].truncated_start);
    let whole = join_pages(vec![next, article], &PaperLimits::DEFAULT).unwrap();
    let joined = whole.blocks.iter().find(|block| block.pages == Some((125, 126))).unwrap();
    assert!(
        joined.text.contains(
            "to further optimize treatment regimens and doses of the cells, as Lee and Kim (2015) asked for."
        )
    );
    assert!(whole.blocks.iter().all(|block| !block.truncated_start && !block.truncated_end));
    let last = whole.blocks.last().unwrap();
    assert_eq!(
        (last.section.as_slice(), last.text.as_str()),
        (&["Safety of the cells".to_owned()][..], "In most trials, fever was the only event.")
    );
}
