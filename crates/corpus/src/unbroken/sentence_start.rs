//! Finds the beginning of the first sentence after a title.

use crate::characters;

/// The evidence for the beginning of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Confidence {
    /// A word that often begins sentences, or punctuation before it.
    Opener,
    /// A capital, followed by a verb.
    Verb,
}

/// The byte offset of the first sentence after the title at the beginning of `text`.
pub(super) fn find_sentence_start(text: &str, longest: usize) -> Option<(usize, Confidence)> {
    let head = characters::prefix(text, longest + 150);
    let words = words(head);
    let mut capitals = (0_usize, 0_usize);
    for (index, &(start, word)) in words.iter().enumerate() {
        if start > longest {
            return None;
        }
        let before = index.checked_sub(1).and_then(|before| words.get(before)).map_or("", |&(_, word)| word);
        if index > 0 && word.starts_with(char::is_uppercase) && !title_continues_after(before) {
            if ends_title(before) {
                return Some((start, Confidence::Opener));
            }
            let after = words.get(index + 1..).unwrap_or_default();
            let is_title_case = capitals.0 >= 2 && capitals.0 * 10 >= capitals.1 * 6;
            if let Some(confidence) = begins_sentence(word, after, is_title_case) {
                return Some((start, confidence));
            }
        }
        // The longer words show whether the title is in title case.
        if index > 0 && word.len() > 3 && !is_acronym(word) {
            capitals.0 += usize::from(word.starts_with(char::is_uppercase));
            capitals.1 += 1;
        }
    }
    None
}

/// Whether a short line can be a heading: it has no auxiliary verb and does not end in a preposition.
pub(crate) fn is_phrase(line: &str) -> bool {
    const AUXILIARIES: &[&str] = &[
        "is", "are", "was", "were", "has", "have", "had", "can", "could", "may", "might", "will", "would", "should",
        "must",
    ];
    let last = line.split_whitespace().last().unwrap_or_default();
    !title_continues_after(last) && !line.split_whitespace().any(|word| AUXILIARIES.contains(&word))
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

/// Whether a title continues after the word `before`: a preposition, an article, or a word with a comma.
fn title_continues_after(before: &str) -> bool {
    const JOINING: &[&str] = &[
        "of", "in", "the", "and", "for", "with", "to", "on", "by", "a", "an", "or", "from", "versus", "vs", "vs.",
        "as", "at", "into", "between", "via", "against", "through", "after", "during", "under", "is", "are", "de",
        "van", "von", "over", "using", "&", "among", "within", "without", "toward", "towards", "than", "its", "their",
        "new", "anti",
    ];
    before.ends_with([',', ':', ';', '-', '–', '/', '(']) || JOINING.contains(&before.to_lowercase().as_str())
}

/// Whether `before` ends a title: with a full stop, or with a citation in brackets, "… of cells (Lee, 2012) These …".
fn ends_title(before: &str) -> bool {
    let stops = before.ends_with(['.', '?', '!']) && !ends_in_abbreviation(before) && before.len() > 2;
    let credit = before.strip_suffix(')').or_else(|| before.strip_suffix(']'));
    stops || credit.is_some_and(|inner| inner.len() >= 4 && inner.chars().rev().take(4).all(|c| c.is_ascii_digit()))
}

/// Whether `word` begins a sentence that continues with `after`.
fn begins_sentence(word: &str, after: &[(usize, &str)], is_title_case: bool) -> Option<Confidence> {
    let next = after.first().map_or("", |&(_, next)| next);
    let goes_on_small = next.starts_with(|c: char| !c.is_uppercase()) || is_acronym(next);
    if is_opener(word) && (goes_on_small || !is_title_case) {
        return Some(Confidence::Opener);
    }
    let reach = if is_title_case || is_acronym(word) { 3 } else { 10 };
    for (index, &(_, word)) in after.iter().take(reach).enumerate() {
        let before = index.checked_sub(1).and_then(|before| after.get(before)).map_or(word, |&(_, before)| before);
        if is_verb(word) {
            return Some(Confidence::Verb);
        }
        if is_opener(word) {
            return None;
        }
        // Another capital may begin the sentence instead, and a full stop ends it.
        if (word.starts_with(char::is_uppercase) && index > 0 && !title_continues_after(before) && !is_acronym(word))
            || word.ends_with(['.', '?', ';', ':'])
        {
            return None;
        }
        if is_acronym(word)
            && index + 1 < reach
            && !title_continues_after(before)
            && after.get(index + 1).is_some_and(|&(_, next)| is_verb(next))
        {
            return None;
        }
    }
    None
}

/// Whether `word` has several capitals or a digit, or is a single letter. Its case says nothing about the sentence.
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

/// Whether the full stop at the end of `text` belongs to an abbreviation: `et al.`, `Fig.`.
pub(super) fn ends_in_abbreviation(text: &str) -> bool {
    let word = text.trim_end_matches('.').rsplit(char::is_whitespace).next().unwrap_or_default();
    matches!(
        word.trim_start_matches('('),
        "al" | "Fig" | "Figs" | "No" | "Vol" | "vs" | "e.g" | "i.e" | "cf" | "ref" | "refs" | "approx" | "Dr"
    )
}
