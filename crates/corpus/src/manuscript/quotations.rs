//! Finds the quotations of paragraphs, and the citations of each.

use std::ops::Range;

use super::citations::{Cited, CitedKind, citations};
use super::kind::QuotationKind;
use super::paragraph::Paragraph;
use crate::sentence::sentences;

/// Minimum number of words of a quotation. Fewer words in quotation marks are a term, or are used ironically.
const MIN_WORDS: usize = 4;

/// Maximum number of bytes between quotation marks. Longer text begins with a mark that was not closed.
const MAX_BYTES: usize = 8 << 10;

/// A quotation with its position in the source.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) kind: QuotationKind,
    pub(super) text: String,
    /// The byte range in the source.
    pub(super) source: Range<usize>,
    pub(super) cited: Vec<String>,
}

pub(super) fn find(paragraphs: &[Paragraph]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut introduced: Vec<String> = Vec::new();
    for paragraph in paragraphs {
        if paragraph.is_quotation {
            of_block(paragraph, &introduced, &mut found);
        } else {
            introduced = introduction(paragraph.text());
            of_prose(paragraph, &mut found);
        }
    }
    found
}

/// Handles a block quotation. Without its own citation, it has that of the sentence that introduces it.
fn of_block(paragraph: &Paragraph, introduced: &[String], found: &mut Vec<Found>) {
    let text = paragraph.text();
    let cited = citations(text);
    // `> “It fell.” [@key]` also has quotation marks around its words.
    let marked = in_marks(text).into_iter().find(|marks| marks.len() * 4 > text.trim().len() * 3);
    let range = marked.unwrap_or(text.len() - text.trim_start().len()..text.trim_end().len());
    let mut keys: Vec<String> = cited.iter().flat_map(|cited| cited.keys.clone()).collect();
    let words = text_without(text, &range, &cited, &[CitedKind::Passage, CitedKind::Key, CitedKind::Identifier]);
    let words = words.trim_end_matches(['—', '–', '-', ' ']);
    if is_too_short(words) {
        // A line that names the source of the lines above it.
        let above = found.last_mut().filter(|last| last.kind == QuotationKind::Block && !keys.is_empty());
        if let Some(above) = above {
            above.cited = without_repetitions(keys);
        }
        return;
    }
    if keys.is_empty() {
        keys = introduced.to_vec();
    }
    let source = paragraph.source(&range);
    let cited = without_repetitions(keys);
    found.push(Found { kind: QuotationKind::Block, text: words.to_owned(), source, cited });
}

/// The citations of the last sentence of a paragraph, if it ends with a colon.
fn introduction(text: &str) -> Vec<String> {
    let cited = citations(text);
    let Some(last) = sentences(text).pop().filter(|last| {
        let end = cited.iter().map(|cited| cited.range.clone()).fold(last.clone(), |sentence, cited| {
            if cited.end == sentence.end { sentence.start..cited.start } else { sentence }
        });
        text[end.start.min(end.end)..end.end].trim_end().ends_with(':') || text.trim_end().ends_with(':')
    }) else {
        return Vec::new();
    };
    let within = cited.iter().filter(|cited| last.start <= cited.range.start);
    without_repetitions(within.flat_map(|cited| cited.keys.clone()).collect())
}

fn of_prose(paragraph: &Paragraph, found: &mut Vec<Found>) {
    let text = paragraph.text();
    let cited = citations(text);
    let quoted: Vec<Range<usize>> =
        in_marks(text).into_iter().filter(|marks| !is_too_short(&text_without(text, marks, &cited, CITED))).collect();
    let sentences = sentences_with_citations(text, &cited);
    let mut of_paragraph = Vec::new();
    for (number, marks) in quoted.iter().enumerate() {
        let previous_end = number.checked_sub(1).map_or(0, |previous| quoted[previous].end);
        let next_start = quoted.get(number + 1).map_or(text.len(), |next| next.start);
        let reach = sentences
            .iter()
            .filter(|sentence| sentence.start < marks.end && marks.start < sentence.end)
            .fold(marks.clone(), |reach, sentence| reach.start.min(sentence.start)..reach.end.max(sentence.end));
        let within = |from: usize, to: usize| -> Vec<String> {
            let near = cited.iter().filter(|cited| from <= cited.range.start && cited.range.end <= to);
            near.flat_map(|cited| cited.keys.clone()).collect()
        };
        let keys = [
            within(marks.start, reach.end.min(next_start)),
            within(reach.start.max(previous_end), marks.start),
            within(reach.start, reach.end),
        ];
        of_paragraph.push(Found {
            kind: QuotationKind::Inline,
            text: text_without(text, marks, &cited, &[CitedKind::Passage, CitedKind::Key]),
            source: paragraph.source(marks),
            cited: without_repetitions(keys.into_iter().find(|keys| !keys.is_empty()).unwrap_or_default()),
        });
    }
    for sentence in &sentences {
        if quoted.iter().any(|marks| marks.start < sentence.end && sentence.start < marks.end) {
            continue;
        }
        let inside: Vec<&Cited> = cited
            .iter()
            .filter(|cited| cited.kind != CitedKind::Name)
            .filter(|cited| sentence.start <= cited.range.start && cited.range.end <= sentence.end)
            .collect();
        let words = text_without(text, sentence, &cited, CITED);
        if inside.is_empty() || is_too_short(&words) {
            continue;
        }
        let names_passage = inside.iter().any(|cited| cited.kind == CitedKind::Passage);
        of_paragraph.push(Found {
            kind: if names_passage { QuotationKind::Passage } else { QuotationKind::Sentence },
            text: words,
            source: paragraph.source(sentence),
            cited: without_repetitions(inside.iter().flat_map(|cited| cited.keys.clone()).collect()),
        });
    }
    of_paragraph.sort_by_key(|one| one.source.start);
    found.append(&mut of_paragraph);
}

/// The kinds of citations that are not words of a sentence.
pub(super) const CITED: &[CitedKind] = &[CitedKind::Passage, CitedKind::Key, CitedKind::Identifier];

/// The sentences of a text. A citation after the full stop belongs to the sentence before it, as does a full stop after
/// a citation.
fn sentences_with_citations(text: &str, cited: &[Cited]) -> Vec<Range<usize>> {
    let mut whole: Vec<Range<usize>> = Vec::new();
    for mut sentence in sentences(text) {
        // Full stops within an identifier do not end a sentence.
        if let Some(last) = whole.last_mut()
            && cited.iter().any(|cited| cited.range.start < sentence.start && sentence.start < cited.range.end)
        {
            last.end = sentence.end;
            continue;
        }
        if let Some(last) = whole.last_mut() {
            while let Some(first) = cited.iter().find(|cited| {
                cited.kind != CitedKind::Name
                    && sentence.contains(&cited.range.start)
                    && text[sentence.start..cited.range.start].trim().is_empty()
                    && is_bracketed(&text[cited.range.clone()])
            }) {
                last.end = first.range.end;
                let rest = &text[first.range.end..sentence.end];
                let marks =
                    rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || ".,;".contains(c)).len();
                sentence.start = first.range.end + marks;
            }
        }
        if sentence.start < sentence.end {
            whole.push(sentence);
        }
    }
    whole
}

fn is_bracketed(text: &str) -> bool {
    text.starts_with(['[', '('])
}

/// A range of a text without citations of the given kinds.
pub(super) fn text_without(text: &str, range: &Range<usize>, cited: &[Cited], kinds: &[CitedKind]) -> String {
    let mut kept = String::new();
    let mut at = range.start;
    for cited in cited.iter().filter(|cited| kinds.contains(&cited.kind)) {
        if at <= cited.range.start && cited.range.end <= range.end {
            kept.push_str(text[at..cited.range.start].trim_end());
            kept.push(' ');
            at = cited.range.end;
        }
    }
    kept.push_str(&text[at..range.end]);
    let words: Vec<&str> = kept.split_whitespace().collect();
    // Full stops and brackets that were around a citation.
    words.join(" ").replace(" .", ".").replace(" ,", ",").replace(" ( )", "").replace(" ()", "")
}

fn is_too_short(text: &str) -> bool {
    text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count() < MIN_WORDS
}

pub(super) fn without_repetitions(keys: Vec<String>) -> Vec<String> {
    let mut once: Vec<String> = Vec::new();
    for key in keys {
        if !once.contains(&key) {
            once.push(key);
        }
    }
    once
}

/// The outermost ranges between quotation marks of any language, without the marks.
fn in_marks(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut resume = 0;
    for (at, mark) in text.char_indices() {
        if at < resume {
            continue;
        }
        let Some(closers) = closers(mark) else { continue };
        let inside = at + mark.len_utf8();
        if !opens(text, at, mark, inside) {
            continue;
        }
        if let Some(end) = closing(text, inside, mark, closers) {
            ranges.push(inside..end);
            resume = end + text[end..].chars().next().map_or(1, char::len_utf8);
        }
    }
    ranges
}

/// The marks that may close a quotation that `mark` opens: English, German, French, Polish, Swedish, CJK.
fn closers(mark: char) -> Option<&'static [char]> {
    Some(match mark {
        '"' => &['"'],
        '“' | '‟' | '〝' => &['”', '〞'],
        // Opens Swedish and Finnish quotations.
        '”' => &['”'],
        '„' => &['“', '”'],
        '«' => &['»'],
        '»' => &['«', '»'],
        '‹' => &['›'],
        '›' => &['‹', '›'],
        '‘' | '‛' => &['’'],
        '‚' => &['‘', '’'],
        '「' => &['」'],
        '『' => &['』'],
        '＂' => &['＂'],
        _ => return None,
    })
}

/// Whether the mark at `at` opens a quotation. Marks that can also close one, or stand for inches, open only before a
/// word and not after one.
fn opens(text: &str, at: usize, mark: char, inside: usize) -> bool {
    if !matches!(mark, '"' | '”' | '»' | '›' | '‘' | '＂') {
        return true;
    }
    let before = text[..at].chars().next_back();
    let after = text[inside..].chars().next();
    let may_precede = before.is_none_or(|c| c.is_whitespace() || "([{—–-/:“‘".contains(c));
    may_precede && after.is_some_and(|c| !c.is_whitespace())
}

/// The offset of the mark that closes a quotation.
fn closing(text: &str, inside: usize, mark: char, closers: &[char]) -> Option<usize> {
    let mut depth = 0;
    for (offset, c) in text[inside..].char_indices() {
        if offset > MAX_BYTES {
            return None;
        }
        let at = inside + offset;
        if closers.contains(&c) && closes(text, at, c, mark) {
            if depth == 0 {
                return Some(at);
            }
            depth -= 1;
        } else if c == mark && !closers.contains(&mark) {
            depth += 1;
        }
    }
    None
}

/// Whether the mark at `at` can close a quotation: apostrophes and straight marks only after a word or full stop, and
/// not before a word.
fn closes(text: &str, at: usize, mark: char, opened: char) -> bool {
    if !matches!(mark, '"' | '’' | '＂') && opened != mark {
        return true;
    }
    let before = text[..at].chars().next_back();
    let after = text[at + mark.len_utf8()..].chars().next();
    before.is_some_and(|c| !c.is_whitespace()) && after.is_none_or(|c| !c.is_alphanumeric())
}
