//! Finds where an entry was published: the journal or book, the volume and the first page.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::year;
use crate::patterns::compile;

static VOLUME: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"(?:^|[\s;,.)])(?:([Vv]ol(?:ume)?)\.? ?)?([A-Z]?\d{1,4}[A-Z]?)\s*(?:\(([^)]{1,20})\)|(?:Suppl\.?|Pt\.?) ?\d*|, ?(?:no|No|supplement|issue)\.? ?[\w–-]{1,9}(?:, supplement(?: \w{1,4})?)?)?\s*[:,]\s*(?:pp?\.? ?|e ?|[Aa]rticle (?:ID )?(?:[Nn]o\.? )?)?([A-Za-z]{0,2}\d[\w.]*|[IVXL]+[–-][IVXL]+)",
    )
});
/// Where a volume without pages begins: "J Cell Res, vol. 14".
static VOLUME_WORD: LazyLock<Regex> = LazyLock::new(|| compile(r",? [Vv]ol(?:ume)?\.? ?([A-Z]?\d{1,4})\b"));
/// Pages alone.
static PAGES: LazyLock<Regex> = LazyLock::new(|| compile(r"[\s,.](\d{1,5})[–-]\d{1,5}\b"));
/// The book of a chapter, up to its editors, pages or publisher.
static BOOK: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"^[\s,.”]*[Ii]n:? (?:Proceedings of (?:the )?)?(\p{Lu}[^,(]{3,160}?)(?:,? \(?[Ee]ds?\b|, \p{Lu}\.|, pp?\.|, vol\.|, |\. |\s?\()",
    )
});

/// Maximum length of the name of a journal in bytes.
const MAX_JOURNAL_BYTES: usize = 150;

#[derive(Default)]
pub(super) struct Venue {
    pub journal: Option<String>,
    pub volume: Option<String>,
    pub first_page: Option<String>,
    /// The byte offset at which the title ends that goes on before the journal.
    pub title_end: Option<usize>,
}

/// Parses journal, volume and first page from the text after the title. If `goes_on`, the title may have further sentences.
pub(super) fn parse(rest: &str, goes_on: bool) -> Venue {
    let volume = volume(rest);
    let group = |index: usize| volume.as_ref().and_then(|found| Some(found.get(index)?.as_str().to_owned()));
    let mut venue = Venue {
        volume: group(2),
        first_page: group(4).map(|page| page.trim_end_matches('.').to_owned()),
        ..Venue::default()
    };
    if let Some(book) = BOOK.captures(rest).and_then(|found| found.get(1)) {
        venue.journal = Some(book.as_str().trim_end_matches(is_edge).to_owned());
        return venue;
    }
    let year = year::PLAIN.captures(rest).and_then(|found| found.get(0)).map(|year| year.start());
    let word = VOLUME_WORD.captures(rest);
    if let Some(number) = word.as_ref().and_then(|found| found.get(1)).filter(|_| venue.volume.is_none()) {
        venue.volume = Some(number.as_str().to_owned());
    }
    let word = word.and_then(|found| found.get(0)).map(|word| word.start());
    let of_volume = volume.as_ref().and_then(|found| found.get(0)).map(|volume| volume.start());
    let pages = || PAGES.find(rest).map(|pages| pages.start());
    let Some(end) = of_volume.into_iter().chain(word).chain(year).min().or_else(pages) else { return venue };
    let is_article = of_volume.is_some() || word.is_some();
    let start = if is_article && goes_on { journal_start(&rest[..end]) } else { 0 };
    let journal = rest[start..end].trim_matches(is_edge);
    let journal = journal.strip_prefix("In: ").unwrap_or(journal);
    venue.title_end = (start > 0).then_some(start);
    venue.journal = (!journal.is_empty() && journal.len() < MAX_JOURNAL_BYTES).then(|| journal.to_owned());
    venue
}

/// The first volume with its pages. A year before a number has the same form and is none.
fn volume(rest: &str) -> Option<Captures<'_>> {
    let mut from = 0;
    loop {
        let found = VOLUME.captures_at(rest, from)?;
        let number = found.get(2)?;
        if found.get(1).is_some() || !is_year(number.as_str()) {
            return Some(found);
        }
        from = number.end();
    }
}

/// The offset of the journal in the text before the volume: after the last end of a sentence that ends no abbreviated word.
fn journal_start(text: &str) -> usize {
    let text = text.trim_end_matches(is_edge);
    let mut start = 0;
    let mut from = 0;
    let mut open = 0_usize;
    for (at, mark) in text.match_indices(['.', '?', '!', '(', ')']) {
        let end = at + mark.len();
        match mark {
            "(" => open += 1,
            ")" => open = open.saturating_sub(1),
            // "J Joint Univ (Med. Sci.)" is one name.
            mark if open == 0 && text[end..].starts_with(' ') => {
                if mark != "." || !is_abbreviated(&text[from..at]) {
                    start = end + 1;
                }
                from = end + 1;
            }
            _ => {}
        }
    }
    start
}

/// Whether `words` are the words of an abbreviated title: "Plant Physiol", "J", "Eur".
fn is_abbreviated(words: &str) -> bool {
    const MAX_WORDS: usize = 3;
    let words: Vec<&str> = words.split_whitespace().collect();
    words.len() <= MAX_WORDS
        && words.iter().all(|word| word.starts_with(char::is_uppercase) || matches!(*word, "&" | "of" | "and" | "the"))
}

fn is_edge(c: char) -> bool {
    c.is_whitespace() || matches!(c, '.' | ',' | ';' | ':' | '(' | '”' | '"')
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && (text.starts_with("19") || text.starts_with("20"))
}
