//! What is read from pages as publishers' sites served them. Without the pages in `../shared/data/html` the test says so.

use std::collections::BTreeMap;
use std::path::Path;

use stroma_corpus::{Article, Limits, ReadError, read_bytes};

/// Letters and digits of a page that may be lost, of a thousand: superscripts that become other characters.
const MOST_LOST: usize = 2;

/// Each word of a page is in the article or among what was left out.
#[test]
fn nothing_of_a_page_is_lost() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/html");
    let Ok(files) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: {} is absent", folder.display());
        return;
    };
    let pages =
        files.filter_map(|file| Some(file.ok()?.path())).filter(|path| path.extension().is_some_and(|e| e == "html"));
    let mut number = 0;
    for path in pages {
        let bytes = std::fs::read(&path).unwrap();
        let article = match read_bytes(&bytes, "page.html", &Limits::DEFAULT) {
            Err(ReadError::NoArticle(_)) => continue,
            read => read.unwrap(),
        };
        let page = letters(&shown(&String::from_utf8_lossy(&bytes)));
        let read = letters(&all_text(&article));
        let lost: usize = page.iter().map(|(c, count)| count.saturating_sub(read.get(c).copied().unwrap_or(0))).sum();
        let all: usize = page.values().sum();
        assert!(lost * 1000 <= all * MOST_LOST, "{}: {lost} of {all} characters are lost", path.display());
        number += 1;
    }
    assert!(number > 0, "no page was read");
}

/// All text that an article has, headings once for each section.
fn all_text(article: &Article) -> String {
    let mut text = String::new();
    let mut section: &[String] = &[];
    for block in &article.blocks {
        let shared = section.iter().zip(&block.section).take_while(|(before, here)| before == here).count();
        text.extend(block.section.iter().skip(shared).map(String::as_str));
        text.push_str(&block.text);
        section = &block.section;
    }
    for reference in &article.references {
        text.push_str(reference.label.as_deref().unwrap_or_default());
        text.push_str(&reference.text);
    }
    article.dropped.iter().for_each(|dropped| text.push_str(&dropped.text));
    text
}

/// The text of a page without its tags, by means that have nothing in common with the reader's.
fn shown(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let raw = ["script", "style", "title", "textarea", "iframe"]
            .into_iter()
            .find(|name| rest.get(1..1 + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)));
        let end = match raw {
            _ if rest.starts_with("<!--") => rest.find("-->"),
            Some(name) => rest.to_ascii_lowercase().find(&format!("</{name}")),
            // Quotes of attributes may hold the sign that ends the tag.
            None => rest
                .match_indices('>')
                .map(|(end, _)| end)
                .find(|&end| rest[..end].matches('"').count().is_multiple_of(2)),
        };
        rest = end.map_or("", |end| &rest[end + 1..]);
        if rest.starts_with("->") {
            rest = &rest[2..];
        } else if raw.is_some() {
            rest = rest.find('>').map_or("", |end| &rest[end + 1..]);
        }
    }
    text.push_str(rest);
    html_escape::decode_html_entities(&text).into_owned()
}

fn letters(text: &str) -> BTreeMap<char, usize> {
    let mut letters = BTreeMap::new();
    for c in text.chars().filter(|c| c.is_alphanumeric()) {
        *letters.entry(c).or_default() += 1;
    }
    letters
}
