//! Text that a viewer gives without line breaks: where its headings, captions and paragraphs begin and end.
//!
//! A heading in such text runs into its first sentence: "3.1 Doses and routes In most trials, cells were …". Where it
//! ends is told by the words: a heading in sentence case has no capital inside that is not a name, does not end in a
//! preposition, and has no verb; a sentence begins with a capital, often with a word that begins sentences, and its verb
//! comes soon. Nothing here is certain, so that a number is only taken for a heading's where an end is found.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::sentence::sentences;
use super::text::is_caption;

/// A part of such text, as bytes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Heading(Range<usize>),
    Caption(Range<usize>),
    Text(Range<usize>),
}

/// Bytes in which a heading or the first sentence of a caption must end.
const LONGEST_HEADING: usize = 220;
const LONGEST_CAPTION: usize = 500;
/// Bytes of a text that is one paragraph, and of the shortest part that a longer one is cut into.
const LONGEST_PARAGRAPH: usize = 1_000;
const SHORTEST_PARAGRAPH: usize = 350;

/// The parts of `text`, in order; together with white space they are all of it.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut done, mut from) = (0, 0);
    while let Some((start, kind)) = next_candidate(text, from) {
        let rest = text.get(start..).unwrap_or_default();
        let length = match kind {
            Kind::Heading => heading_length(rest),
            Kind::Name(length) => Some(length),
            Kind::Caption => caption_length(rest),
        };
        let Some(length) = length else {
            from = start + rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        push_text(text, done..start, &mut parts);
        let range = trim(text, start..start + length);
        parts.push(match kind {
            Kind::Heading | Kind::Name(_) => Part::Heading(range),
            Kind::Caption => Part::Caption(range),
        });
        (done, from) = (start + length, start + length);
    }
    push_text(text, done..text.len(), &mut parts);
    parts
}

fn push_text(text: &str, range: Range<usize>, parts: &mut Vec<Part>) {
    let range = trim(text, range);
    if !range.is_empty() {
        parts.push(Part::Text(range));
    }
}

fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let piece = text.get(range.clone()).unwrap_or_default();
    let start = range.start + (piece.len() - piece.trim_start().len());
    start..start + piece.trim().len()
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// With a number; its end must be found.
    Heading,
    /// Of a section that all papers have, of this many bytes.
    Name(usize),
    Caption,
}

/// The next place at or after `from` where a heading or caption may begin: at the start or after a sentence's end.
fn next_candidate(text: &str, from: usize) -> Option<(usize, Kind)> {
    static START: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?P<caption>\b(?:Figure|FIGURE|Fig\.|FIG\.|Table|TABLE|Scheme)\s*S?\d{1,3}[A-Za-z]?[.:|]?\s+\S)",
            r"|(?P<number>\b\d{1,2}(?:\.\d{1,2}){0,3}\.?\s+\p{Lu})",
            r"|(?P<name>\b(?:Abstract|ABSTRACT|Introduction|INTRODUCTION|Background|Methods|METHODS|Materials and [Mm]ethods|Results|RESULTS",
            r"|Discussion|DISCUSSION|Conclusions?|CONCLUSIONS?|Concluding [Rr]emarks|References|REFERENCES|Acknowledge?ments?|ACKNOWLEDGE?MENTS?",
            r"|Funding|Conflicts? of [Ii]nterests?|Authors?['’]? [Cc]ontributions?|Abbreviations)[:.]?)\s+[\p{Lu}\[\d]",
        ))
        .expect("the pattern is valid")
    });
    START.captures_iter(text.get(from..)?).find_map(|found| {
        let (part, kind) = if let Some(part) = found.name("caption") {
            (part, Kind::Caption)
        } else if let Some(part) = found.name("name") {
            (part, Kind::Name(part.len()))
        } else {
            (found.name("number")?, Kind::Heading)
        };
        let start = from + part.start();
        ends_sentence(text.get(..start)?).then_some((start, kind))
    })
}

fn ends_sentence(before: &str) -> bool {
    let before = before.trim_end();
    let closed = before.trim_end_matches([')', ']', '”', '"', '’']);
    before.is_empty() || closed.ends_with(['.', '!', '?']) && !ends_in_abbreviation(closed)
}

fn ends_in_abbreviation(text: &str) -> bool {
    let word = text.trim_end_matches('.').rsplit(char::is_whitespace).next().unwrap_or_default();
    matches!(
        word.trim_start_matches('('),
        "al" | "Fig" | "Figs" | "No" | "Vol" | "vs" | "e.g" | "i.e" | "cf" | "ref" | "refs" | "approx" | "Dr"
    )
}

/// The length of the heading that `text` begins with, its number included.
fn heading_length(text: &str) -> Option<usize> {
    static NUMBER: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\d{1,2}(?:\.\d{1,2}){0,3}\.?\s+").expect("the pattern is valid"));
    let number = NUMBER.find(text).map_or(0, |found| found.end());
    let title = text.get(number..)?;
    // A numbered sentence is an item of a list.
    let end = where_sentence_begins(title, LONGEST_HEADING)
        .filter(|&(end, _)| title.get(..end).is_some_and(|title| is_phrase(title.trim_end_matches(['.', ' ']))));
    // "3 Patients were …": a lone number needs a sentence with a plain beginning after it.
    let is_deep = text.get(..number)?.trim_end_matches(|c: char| c.is_whitespace() || c == '.').contains('.');
    match end {
        Some((end, sureness)) if is_deep || number == 0 || sureness == Sureness::Opener => Some(number + end),
        Some(_) => None,
        // A heading at the end of the page, its text on the next.
        None => {
            let words = title.split_whitespace().count();
            (number > 0
                && is_deep
                && title.len() <= 120
                && (1..=15).contains(&words)
                && !title.contains(". ")
                && !title.ends_with('.'))
            .then_some(text.len())
        }
    }
}

/// The length of the caption that `text` begins with: its title, and the sentences of its legend.
fn caption_length(text: &str) -> Option<usize> {
    if !is_caption(text) {
        return None;
    }
    static LABEL: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\S+\s*S?\d{1,3}[A-Za-z]?[.:|]?\s+").expect("the pattern is valid"));
    static LEGEND: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:\(?[A-Ha-h]\)|\(?[ivx]{1,4}\)|[A-H][,:.]\s|Abbreviations?\b|Scale bars?\b|Data (?:are|were)\b|Error bars\b|Arrows?\b|Arrowheads?\b|\*|Sources?:|Created (?:with|in)\b|Adapted\b|Reproduced\b|Values (?:are|were)\b|Note:)")
            .expect("the pattern is valid")
    });
    let label = LABEL.find(text).map_or(0, |found| found.end());
    let title = text.get(label..)?;
    let head = super::characters::up_to(title, 4 * LONGEST_CAPTION);
    let ends: Vec<usize> = sentences(head).into_iter().map(|sentence| sentence.end).collect();
    let mut end = ends.first().copied().unwrap_or(head.len());
    if let Some((glued, _)) = where_sentence_begins(title.get(..end)?, LONGEST_CAPTION) {
        return Some(label + glued);
    }
    for &next in ends.iter().skip(1) {
        if !LEGEND.is_match(head.get(end..)?.trim_start()) {
            break;
        }
        end = next;
    }
    Some(label + end)
}

/// How well a sentence's beginning is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sureness {
    /// By a word with which sentences begin, or by punctuation.
    Opener,
    /// By a capital and a verb after it.
    Verb,
}

/// Where in `text`, which begins with a title, the first sentence after the title begins.
fn where_sentence_begins(text: &str, longest: usize) -> Option<(usize, Sureness)> {
    let head = super::characters::up_to(text, longest + 150);
    let words = words(head);
    let mut capitals = (0_usize, 0_usize);
    for (index, &(start, word)) in words.iter().enumerate() {
        if start > longest {
            return None;
        }
        let before = index.checked_sub(1).and_then(|before| words.get(before)).map_or("", |&(_, word)| word);
        if index > 0 && word.starts_with(char::is_uppercase) && !joins_on(before) {
            if ends_title(before) {
                return Some((start, Sureness::Opener));
            }
            let after = words.get(index + 1..).unwrap_or_default();
            let is_title_case = capitals.0 >= 2 && capitals.0 * 10 >= capitals.1 * 6;
            if let Some(sureness) = begins_sentence(word, after, is_title_case) {
                return Some((start, sureness));
            }
        }
        // What kind of title this is shows in its longer words.
        if index > 0 && word.len() > 3 && !is_acronym(word) {
            capitals.0 += usize::from(word.starts_with(char::is_uppercase));
            capitals.1 += 1;
        }
    }
    None
}

/// Whether a short line can be a heading by its words: no auxiliary verb, and no preposition at its end.
pub(super) fn is_phrase(line: &str) -> bool {
    const AUXILIARIES: &[&str] = &[
        "is", "are", "was", "were", "has", "have", "had", "can", "could", "may", "might", "will", "would", "should",
        "must",
    ];
    let last = line.split_whitespace().last().unwrap_or_default();
    !joins_on(last) && !line.split_whitespace().any(|word| AUXILIARIES.contains(&word))
}

fn words(text: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::new();
    let mut start = None;
    for (index, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, c.is_whitespace()) {
            (None, false) => start = Some(index),
            (Some(from), true) => {
                words.push((from, text.get(from..index).unwrap_or_default()));
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// A title goes on after a preposition, an article, a comma.
fn joins_on(before: &str) -> bool {
    const JOINING: &[&str] = &[
        "of", "in", "the", "and", "for", "with", "to", "on", "by", "a", "an", "or", "from", "versus", "vs", "vs.",
        "as", "at", "into", "between", "via", "against", "through", "after", "during", "under", "is", "are", "de",
        "van", "von", "over", "using", "&", "among", "within", "without", "toward", "towards", "than", "its", "their",
        "new", "anti",
    ];
    before.ends_with([',', ':', ';', '-', '–', '/', '(']) || JOINING.contains(&before.to_lowercase().as_str())
}

/// A full stop, or a source in brackets that nothing follows: "… of cells (Lee, 2012) These …".
fn ends_title(before: &str) -> bool {
    let stops = before.ends_with(['.', '?', '!']) && !ends_in_abbreviation(before) && before.len() > 2;
    let credit = before.strip_suffix(')').or_else(|| before.strip_suffix(']'));
    stops || credit.is_some_and(|inner| inner.len() >= 4 && inner.chars().rev().take(4).all(|c| c.is_ascii_digit()))
}

/// Whether `word` begins a sentence that goes on with `after`.
fn begins_sentence(word: &str, after: &[(usize, &str)], is_title_case: bool) -> Option<Sureness> {
    let next = after.first().map_or("", |&(_, next)| next);
    let goes_on_small = next.starts_with(|c: char| !c.is_uppercase()) || is_acronym(next);
    if is_opener(word) && (goes_on_small || !is_title_case) {
        return Some(Sureness::Opener);
    }
    let reach = if is_title_case || is_acronym(word) { 3 } else { 10 };
    for (index, &(_, word)) in after.iter().take(reach).enumerate() {
        let before = index.checked_sub(1).and_then(|before| after.get(before)).map_or(word, |&(_, before)| before);
        if is_verb(word) {
            return Some(Sureness::Verb);
        }
        if is_opener(word) {
            return None;
        }
        // Another capital may begin the sentence itself; a full stop has ended what could be one.
        if (word.starts_with(char::is_uppercase) && index > 0 && !joins_on(before) && !is_acronym(word))
            || word.ends_with(['.', '?', ';', ':'])
        {
            return None;
        }
        if is_acronym(word)
            && index + 1 < reach
            && !joins_on(before)
            && after.get(index + 1).is_some_and(|&(_, next)| is_verb(next))
        {
            return None;
        }
    }
    None
}

/// A word with several capitals, or a single letter: it is written so wherever it stands.
fn is_acronym(word: &str) -> bool {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    letters <= 1 || word.chars().filter(|c| c.is_uppercase()).count() > 1 || word.chars().any(|c| c.is_ascii_digit())
}

fn is_opener(word: &str) -> bool {
    const OPENERS: &[&str] = &[
        "A",
        "According",
        "Accordingly",
        "Accumulating",
        "Additionally",
        "After",
        "All",
        "Also",
        "Although",
        "Among",
        "An",
        "Another",
        "Apart",
        "As",
        "At",
        "Based",
        "Because",
        "Before",
        "Besides",
        "Beyond",
        "Both",
        "But",
        "By",
        "Compared",
        "Consequently",
        "Considering",
        "Currently",
        "Despite",
        "Due",
        "During",
        "Each",
        "Early",
        "Emerging",
        "Even",
        "Every",
        "Finally",
        "First",
        "Firstly",
        "Following",
        "For",
        "From",
        "Further",
        "Furthermore",
        "Given",
        "Growing",
        "Hence",
        "Here",
        "However",
        "If",
        "In",
        "Indeed",
        "Initially",
        "Instead",
        "Interestingly",
        "It",
        "Its",
        "Last",
        "Like",
        "Many",
        "More",
        "Moreover",
        "Most",
        "Much",
        "Nevertheless",
        "No",
        "Not",
        "Notably",
        "Numerous",
        "On",
        "Once",
        "One",
        "Only",
        "Other",
        "Our",
        "Over",
        "Overall",
        "Previous",
        "Previously",
        "Recent",
        "Recently",
        "Regarding",
        "Second",
        "Several",
        "Similarly",
        "Since",
        "So",
        "Some",
        "Such",
        "Taken",
        "That",
        "The",
        "Their",
        "Then",
        "There",
        "Therefore",
        "These",
        "They",
        "This",
        "Those",
        "Three",
        "Through",
        "Throughout",
        "Thus",
        "To",
        "Today",
        "Together",
        "Traditionally",
        "Two",
        "Under",
        "Unlike",
        "Until",
        "Upon",
        "Using",
        "Various",
        "We",
        "What",
        "When",
        "Whereas",
        "Whether",
        "While",
        "With",
        "Within",
        "Without",
        "Yet",
    ];
    OPENERS.contains(&word.trim_end_matches(','))
}

fn is_verb(word: &str) -> bool {
    const VERBS: &[&str] = &[
        "is",
        "are",
        "was",
        "were",
        "has",
        "have",
        "had",
        "can",
        "could",
        "may",
        "might",
        "will",
        "would",
        "should",
        "must",
        "do",
        "does",
        "did",
        "cannot",
        "plays",
        "play",
        "played",
        "shows",
        "showed",
        "represents",
        "represent",
        "remains",
        "remain",
        "include",
        "includes",
        "included",
        "provides",
        "provide",
        "exert",
        "exerts",
        "secrete",
        "secretes",
        "induce",
        "induces",
        "induced",
        "inhibit",
        "inhibits",
        "inhibited",
        "suppress",
        "suppresses",
        "suppressed",
        "reduce",
        "reduces",
        "promote",
        "promotes",
        "cause",
        "causes",
        "affects",
        "affect",
        "occurs",
        "occur",
        "involves",
        "involve",
        "express",
        "possess",
        "possesses",
        "become",
        "becomes",
        "became",
        "lead",
        "leads",
        "led",
        "requires",
        "require",
        "contribute",
        "contributes",
        "regulate",
        "regulates",
        "produce",
        "produces",
        "suggest",
        "suggests",
        "consist",
        "consists",
        "demonstrated",
        "reported",
        "found",
        "showed",
        "revealed",
        "indicate",
        "indicates",
        "appear",
        "appears",
        "seem",
        "seems",
        "modulate",
        "modulates",
        "act",
        "acts",
        "differ",
        "differs",
        "also",
        "often",
        "mentioned",
    ];
    VERBS.contains(&word)
}

/// Cut a text without breaks into paragraphs between its sentences. Where the author cut it is not known: a long text is
/// cut near its middle, rather before a sentence that names its own subject than before one that refers back.
pub(super) fn paragraphs(text: &str) -> Vec<Range<usize>> {
    let starts: Vec<usize> = sentences(text).into_iter().map(|sentence| sentence.start).collect();
    let mut done = Vec::new();
    let mut open = Vec::with_capacity(1);
    open.push(0..text.len());
    while let Some(range) = open.pop() {
        match best_cut(text, &starts, &range) {
            Some(cut) => open.extend([cut..range.end, range.start..cut]),
            None => done.push(trim(text, range)),
        }
    }
    done.retain(|range| !range.is_empty());
    done
}

fn best_cut(text: &str, starts: &[usize], range: &Range<usize>) -> Option<usize> {
    if range.len() <= LONGEST_PARAGRAPH {
        return None;
    }
    let first = starts.partition_point(|&start| start < range.start + SHORTEST_PARAGRAPH);
    let last = starts.partition_point(|&start| start + SHORTEST_PARAGRAPH <= range.end);
    let candidates = starts.get(first..last.max(first))?;
    let cost = |&cut: &usize| {
        let middle = range.start + range.len() / 2;
        let word = text.get(cut..).and_then(|rest| rest.split_whitespace().next()).unwrap_or_default();
        let penalty = if refers_back(word) {
            4
        } else if names_authors(text.get(cut..).unwrap_or_default()) {
            0
        } else {
            1
        };
        // A sentence that refers back costs as much as standing a third of the length off the middle.
        middle.abs_diff(cut) + penalty * range.len() / 12
    };
    candidates.iter().copied().min_by_key(cost)
}

/// `Yi and Song (2012) found …`: a new study is a new subject.
fn names_authors(sentence: &str) -> bool {
    static AUTHORS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^\p{Lu}[\p{L}’'-]+(?: and \p{Lu}[\p{L}’'-]+| et al\.?)?,? \((?:19|20)\d\d\)")
            .expect("the pattern is valid")
    });
    AUTHORS.is_match(sentence)
}

fn refers_back(word: &str) -> bool {
    const BACK: &[&str] = &[
        "This",
        "These",
        "Those",
        "That",
        "They",
        "It",
        "Its",
        "Their",
        "Such",
        "Thus",
        "Therefore",
        "Hence",
        "Consequently",
        "Subsequently",
        "However",
        "Moreover",
        "Furthermore",
        "Additionally",
        "Similarly",
        "Likewise",
        "Then",
        "For",
        "Also",
        "Here",
        "Indeed",
        "Conversely",
        "He",
        "She",
    ];
    BACK.contains(&word.trim_end_matches(','))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<(char, &str)> {
        let show = |part| match part {
            Part::Heading(range) => ('H', &text[range]),
            Part::Caption(range) => ('C', &text[range]),
            Part::Text(range) => ('T', &text[range]),
        };
        parts(text).into_iter().map(show).collect()
    }

    #[test]
    fn a_numbered_heading_ends_where_its_sentence_begins() {
        for (heading, sentence) in [
            (
                "3.1 Doses and routes of MSCs in the treatment of lupus",
                "With higher doses, more cells reached the lung.",
            ),
            ("2.4 Effect on regulatory T cells", "MSCs induce them in culture."),
            ("4.2.1 Safety", "In most trials, fever was the only event."),
            ("2.3 The Role of Cytokines in Joint Disease", "The joint is swollen by cytokines."),
            ("5.1 Treatment of Crohn disease", "Infliximab is given by vein."),
            ("5.2 Mesenchymal stem cells in COVID-19", "Since 2020, cells were given to patients."),
            ("6.1 Homing", "Mesenchymal stem cells given by vein were found in the lung."),
        ] {
            let text = format!("{heading} {sentence} It went on.");
            let rest = format!("{sentence} It went on.");
            assert_eq!(shown(&text), [('H', heading), ('T', rest.as_str())]);
        }
    }

    #[test]
    fn a_heading_in_the_middle_is_found_after_a_full_stop_only() {
        assert_eq!(
            shown(
                "Cells were given. 3.2 Timing of doses Two doses were better. They used 3.1 Tesla scanners and version 2.0 The end."
            ),
            [
                ('T', "Cells were given."),
                ('H', "3.2 Timing of doses"),
                ('T', "Two doses were better. They used 3.1 Tesla scanners and version 2.0 The end."),
            ]
        );
        assert_eq!(shown("We saw 9 patients. 3 Patients were old.").len(), 1);
    }

    #[test]
    fn known_sections_need_no_number() {
        assert_eq!(
            shown("Cells were safe. Conclusion The cells are safe. References 1. Lee A. Cells. 2010."),
            [
                ('T', "Cells were safe."),
                ('H', "Conclusion"),
                ('T', "The cells are safe."),
                ('H', "References"),
                ('T', "1. Lee A. Cells. 2010."),
            ]
        );
    }

    #[test]
    fn a_caption_in_the_middle_is_taken_out() {
        assert_eq!(
            shown(
                "Cells act in many ways (Figure 2). Figure 2 Ways in which the MSCs act on T cells (Lee and Kim, 2012) According to Roy, in addition to this, cells move."
            ),
            [
                ('T', "Cells act in many ways (Figure 2)."),
                ('C', "Figure 2 Ways in which the MSCs act on T cells (Lee and Kim, 2012)"),
                ('T', "According to Roy, in addition to this, cells move."),
            ]
        );
        assert_eq!(
            shown("Figure 1. Where cells go. (A) Lung. (B) Liver. Cells were found later."),
            [('C', "Figure 1. Where cells go. (A) Lung. (B) Liver."), ('T', "Cells were found later.")]
        );
        assert_eq!(shown("It is known. Figure 1 shows the ways.").len(), 1);
    }

    #[test]
    fn a_long_text_is_cut_between_sentences() {
        let text = "Cells were given to twenty patients with stiff joints in two hospitals. ".repeat(20);
        let cut = paragraphs(&text);
        assert_eq!(cut.len(), 2);
        assert!(
            cut.iter()
                .all(|range| text[range.clone()].starts_with("Cells") && text[range.clone()].ends_with("hospitals."))
        );
        assert_eq!(paragraphs("Short. Text."), std::iter::once(0..12).collect::<Vec<_>>());
    }
}
