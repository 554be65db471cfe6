//! Splits text into index terms.
//!
//! `IL-6`, `IL6` and `IL‑6` are one term, so are `TNF-α`, `TNF-alpha` and `TNFα`; `CD105⁺` keeps its `CD105`; ordinary
//! words are stemmed (Porter 2001). A compound gives its joined form and its parts, so that `TNF` finds `TNF-α` and
//! `T cell` finds `T-cell`.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::LazyLock;

use frostem::{Algorithm, Stemmer};
use rustc_hash::FxHashMap;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Raised whenever the same text would give other terms.
///
/// 2: the Snowball rules of 2026 distinguish organ, organize and organism, later and lateral, intern and international.
pub const VERSION: u64 = 2;

/// A term and the bytes of the text from which it was made. The byte ranges of one compound's terms are equal or
/// nested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub term: String,
    pub range: Range<usize>,
    /// Position among the words of the text; a compound's joined form has the position of its first part.
    pub position: usize,
}

/// The terms of a text, in order.
pub fn words(text: &str) -> Vec<Word> {
    words_that(text, |_| true)
}

/// The words of a phrase, one for each position: the joined form of a compound stands for it.
pub fn phrase_words(text: &str) -> Vec<Word> {
    let mut words = words(text);
    // The joined form of a compound has the position of its first part, and precedes it.
    words.dedup_by(|next, kept| next.position <= kept.position);
    words
}

/// The words of [`words`] whose term is among `terms`, and possibly a few others. The other words are skipped without
/// stemming, which is many times faster than [`words`] when the terms are those of a question.
pub fn words_among<'a>(text: &str, terms: impl IntoIterator<Item = &'a str>) -> Vec<Word> {
    let prefixes = TermPrefixes::from_terms(terms);
    words_that(text, |word| prefixes.may_have_a_term(word))
}

/// The terms of a text, without those of words that are not `wanted`. If a part of a compound is wanted, all of its parts are;
/// its joined form begins with its first part.
fn words_that(text: &str, wanted: impl Fn(&str) -> bool) -> Vec<Word> {
    let mut words = Vec::new();
    let mut position = 0;
    for compound in compounds(text) {
        let word = &text[compound.clone()];
        let may_have_parts = word.bytes().any(|byte| byte == b'-' || !byte.is_ascii());
        let parts = if may_have_parts { parts(word) } else { Vec::new() };
        if parts.len() > 1 {
            if parts.iter().any(|part| wanted(&word[part.clone()])) {
                push_parts(&mut words, text, compound.start, &parts, position);
            }
        } else if wanted(word) && !is_stop_word(word) {
            words.push(Word { term: term(word), range: compound, position });
        }
        position += parts.len().max(1);
    }
    words
}

/// The first two bytes of each term of a set.
struct TermPrefixes {
    /// For each first byte, a bit set of the second bytes: one bit for each value of the lowest five bits.
    second: [u32; 128],
}

impl TermPrefixes {
    fn from_terms<'a>(terms: impl IntoIterator<Item = &'a str>) -> Self {
        let mut second = [0; 128];
        for term in terms {
            match *term.as_bytes() {
                [first, next, ..] if first.is_ascii() => second[usize::from(first)] |= Self::bit(next),
                [first] if first.is_ascii() => second[usize::from(first)] = u32::MAX,
                // It can only be the term of a word that is not ASCII.
                _ => {}
            }
        }
        Self { second }
    }

    fn bit(byte: u8) -> u32 {
        1 << (byte & 31)
    }

    /// Whether a word may have its stem among the terms. A stem begins with the same bytes as its word, except for
    /// words like "lying" (lie), and may be shorter than the prefix ("eing": e). A word that is not ASCII always may.
    fn may_have_a_term(&self, word: &str) -> bool {
        if !word.is_ascii() {
            return true;
        }
        let lower = |index: usize| word.as_bytes().get(index).map_or(0, u8::to_ascii_lowercase);
        let known = self.second.get(usize::from(lower(0))).copied().unwrap_or(0);
        match lower(1) {
            next if next.is_ascii_alphanumeric() && next != b'y' => known & Self::bit(next) != 0,
            _ => known != 0,
        }
    }
}

/// Stop words (Lucene's English list). In capitals they are abbreviations and are kept: AS, IT, OR.
const STOP_WORDS: [&str; 33] = [
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of",
    "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with",
];

fn is_stop_word(word: &str) -> bool {
    if word.len() > LONGEST_STOP_WORD || !word.is_ascii() {
        return false;
    }
    let in_capitals = word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_uppercase());
    let mut lower = [0; LONGEST_STOP_WORD];
    let lower = &mut lower[..word.len()];
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    !in_capitals && STOP_WORDS.binary_search_by(|stop_word| stop_word.as_bytes().cmp(lower)).is_ok()
}

/// In bytes. Most words are longer, so that their length alone shows that they are not stop words.
const LONGEST_STOP_WORD: usize = 5;

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}')
}

/// Runs of letters and digits that may contain single dashes, decimal points and apostrophes.
fn compounds(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut characters = text.char_indices().peekable();
    let mut start = None;
    let mut previous = ' ';
    while let Some((offset, c)) = characters.next() {
        let next = characters.peek().map_or(' ', |(_, next)| *next);
        let joins = match c {
            _ if is_dash(c) => previous.is_alphanumeric() && next.is_alphanumeric(),
            '.' | ',' => previous.is_ascii_digit() && next.is_ascii_digit(),
            '\'' | '\u{2019}' => previous.is_alphabetic() && next.is_alphabetic(),
            _ if c.is_ascii() => c.is_ascii_alphanumeric(),
            _ => c.is_alphanumeric() || is_combining_mark(c),
        };
        match (joins, start) {
            (true, None) => start = Some(offset),
            (false, Some(begin)) => {
                found.push(begin..offset);
                start = None;
            }
            _ => {}
        }
        previous = c;
    }
    found.extend(start.map(|begin| begin..text.len()));
    found
}

fn is_greek(c: char) -> bool {
    matches!(c, '\u{370}'..='\u{3ff}') || c == '\u{b5}'
}

/// The parts of a compound, as relative byte ranges: it is split at dashes, and where Latin letters turn into Greek
/// ones (TNFα).
fn parts(compound: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut previous: Option<char> = None;
    for (offset, c) in compound.char_indices() {
        if is_dash(c) {
            found.push(start..offset);
            start = offset + c.len_utf8();
        } else if is_greek(c) && previous.is_some_and(|p| p.is_alphabetic() && !is_greek(p) && !is_dash(p)) {
            found.push(start..offset);
            start = offset;
        }
        previous = Some(c);
    }
    found.push(start..compound.len());
    found.retain(|part| !part.is_empty());
    found
}

/// Adds the terms of a compound of several parts, each of which takes a position.
fn push_parts(words: &mut Vec<Word>, text: &str, offset: usize, parts: &[Range<usize>], position: usize) {
    let range = |part: &Range<usize>| offset + part.start..offset + part.end;
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return };
    let plain: Vec<String> = parts.iter().map(|part| plain(&text[range(part)])).collect();
    words.push(Word { term: stem(&plain.concat()), range: offset + first.start..offset + last.end, position });
    for (number, (part, plain)) in parts.iter().zip(plain).enumerate() {
        // A number that is a part of a name (the 6 of IL-6) would match every other 6.
        let bare_number = plain.chars().all(|c| c.is_ascii_digit());
        if !bare_number && !is_stop_word(&text[range(part)]) {
            words.push(Word { term: stem(&plain), range: range(part), position: position + number });
        }
    }
}

fn term(word: &str) -> String {
    // Most words need no normalisation.
    if word.bytes().all(|byte| byte.is_ascii_lowercase()) { stem(word) } else { stem(&plain(word)) }
}

/// Lower case, without accents and apostrophes, in Unicode compatibility form, with Greek letters spelled out.
fn plain(word: &str) -> String {
    if word.is_ascii() {
        let mut lower = word.to_ascii_lowercase();
        if lower.ends_with("'s") {
            lower.truncate(lower.len() - 2);
        }
        lower.retain(|c| c != '\'' && c != ',');
        return lower;
    }
    let mut plain = String::with_capacity(word.len());
    for c in word.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match greek_name(c) {
            Some(name) => plain.push_str(name),
            None if c == '\u{2019}' || c == '\'' || c == '\u{ad}' => {}
            None => plain.push(c),
        }
    }
    plain
}

fn greek_name(c: char) -> Option<&'static str> {
    const NAMES: [&str; 25] = [
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
        "xi", "omicron", "pi", "rho", "sigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    ];
    match c {
        '\u{b5}' => Some("mu"),
        'α'..='ω' => NAMES.get(c as usize - 'α' as usize).copied(),
        _ => None,
    }
}

static STEMMER: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::new(Algorithm::English));

/// Maximum number of stems that each thread caches: a text repeats its words, and stemming costs more than all other
/// steps for a word. A full cache is emptied.
const MAX_CACHED_STEMS: usize = 1 << 14;

/// In bytes. Longer words are rare, and are not cached, to bound the memory.
const MAX_CACHED_WORD: usize = 64;

thread_local! {
    static STEMS: RefCell<FxHashMap<String, String>> = RefCell::default();
}

/// Stems ordinary words. Names with digits are not changed.
fn stem(word: &str) -> String {
    if word.len() <= 3 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return word.to_owned();
    }
    if word.len() > MAX_CACHED_WORD {
        return STEMMER.stem(word).into_owned();
    }
    STEMS.with_borrow_mut(|stems| {
        if let Some(known) = stems.get(word) {
            return known.clone();
        }
        if stems.len() >= MAX_CACHED_STEMS {
            stems.clear();
        }
        let stem = STEMMER.stem(word).into_owned();
        stems.insert(word.to_owned(), stem.clone());
        stem
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.term).collect()
    }

    #[test]
    fn names_written_in_different_ways_are_one_term() {
        for (name, spellings) in [
            ("il6", vec!["IL-6", "IL6", "IL\u{2011}6", "il-6"]),
            ("tnfalpha", vec!["TNF-α", "TNF-alpha", "TNFα", "TNF–α"]),
            ("cd105", vec!["CD105", "CD105⁺", "CD105+", "CD-105"]),
            ("tgfbeta1", vec!["TGF-β1", "TGFβ1", "TGF-beta1"]),
            ("hlab27", vec!["HLA-B27", "HLA B27"]),
            ("5ht", vec!["5-HT", "5HT"]),
            ("ca2", vec!["Ca2+", "Ca²⁺"]),
        ] {
            for spelling in spellings.iter().filter(|spelling| !spelling.contains(' ')) {
                assert!(terms(spelling).contains(&name.to_owned()), "{spelling}: {:?}", terms(spelling));
            }
        }
    }

    #[test]
    fn parts_of_a_compound_are_found_too() {
        assert_eq!(terms("TNF-α"), ["tnfalpha", "tnf", "alpha"]);
        assert_eq!(terms("T-cell"), ["tcell", "t", "cell"]);
        assert_eq!(terms("IL-6"), ["il6", "il"]);
    }

    #[test]
    fn stop_words_go_unless_they_are_abbreviations() {
        assert_eq!(terms("as in the AS of it"), ["as"]);
    }

    #[test]
    fn words_are_stemmed_and_stripped_of_accents() {
        assert_eq!(terms("Sjögren's patients’ stiffness"), ["sjogren", "patient", "stiff"]);
        assert_eq!(terms("0.05 1,000"), ["0.05", "1000"]);
    }

    #[test]
    fn words_of_different_meaning_have_different_stems() {
        assert_eq!(
            terms("organ organs organism organisms organize"),
            ["organ", "organ", "organism", "organism", "organiz"]
        );
        assert_eq!(terms("lateral later international interval"), ["lateral", "later", "internat", "interval"]);
    }

    #[test]
    fn stop_words_are_sorted_and_short() {
        assert!(STOP_WORDS.is_sorted());
        assert_eq!(STOP_WORDS.iter().map(|word| word.len()).max(), Some(LONGEST_STOP_WORD));
    }

    /// Asserts that the prefix check does not reject any word of the text for one of its own terms.
    fn may_become_its_terms(word: &str) {
        for found in words(word) {
            let part = &word[found.range.clone()];
            let is_asked = !part.contains(is_dash);
            let may = TermPrefixes::from_terms([found.term.as_str()]).may_have_a_term(part);
            assert!(may || !is_asked, "{part}: {}", found.term);
        }
    }

    #[test]
    fn every_word_may_become_its_terms() {
        let ends = ["", "s", "es", "ies", "ied", "ed", "edly", "ing", "ingly", "y", "ly", "ness", "ously", "'s"];
        let exceptions = "skis skies dying lying tying idly gently ugly early only singly sky news howe atlas cosmos bias \
                          andes inning outing canning herring earring proceed exceed succeed youth yes sayings";
        exceptions.split(' ').for_each(may_become_its_terms);
        for first in 'a'..='z' {
            for second in 'a'..='z' {
                for (index, end) in ends.iter().enumerate() {
                    may_become_its_terms(&format!("{first}{end}"));
                    may_become_its_terms(&format!("{first}{second}{end}"));
                    let third = ends[(index + 5) % ends.len()];
                    may_become_its_terms(&format!("{first}{second}{third}{end}"));
                }
            }
        }
    }

    #[test]
    fn words_among_terms_are_those_of_all_words() {
        let text = "Lying cells of IL-6 and TNFα, Sjögren's d'Or; the stiffest ABCs, 1,000 β-cells eased dying";
        for term in terms(text) {
            let among = |words: Vec<Word>| words.into_iter().filter(|word| word.term == term).collect::<Vec<_>>();
            assert_eq!(among(words_among(text, [term.as_str()])), among(words(text)), "{term}");
        }
    }

    #[test]
    fn a_cached_stem_is_the_computed_one() {
        let many: String = (0..2 * MAX_CACHED_STEMS)
            .map(|n| format!("{}ings ", "ab".repeat(2 + n % 7) + &"c".repeat(n % 50)))
            .collect();
        assert_eq!(terms(&many), terms(&many));
        assert_eq!(terms("stiffness stiffness"), ["stiff", "stiff"]);
    }

    proptest! {
        #[test]
        fn any_word_may_become_its_terms(word in "[a-zA-Z0-9'.,]{1,12}") {
            may_become_its_terms(&word);
        }

        #[test]
        fn ranges_are_slices_of_the_text_in_order(text in "\\PC{0,80}") {
            let words = words(&text);
            for word in &words {
                prop_assert!(text.get(word.range.clone()).is_some_and(|slice| !slice.is_empty()));
            }
            prop_assert!(words.windows(2).all(|pair| pair[0].position <= pair[1].position));
        }
    }
}
