//! Normalises text: keeps the letters, digits and signs by which a quotation and a paper are compared.
//!
//! Removes spaces, hyphens, punctuation and quotation marks, and converts letters to lower case; ligatures and
//! full-width forms become plain letters. Citations are removed as well: `[12]` and `(Chang et al., 2016)`. Keeps what
//! changes a value: the point and the comma within a number, the point at its beginning, the dash between two numbers, a
//! minus before a number and in an exponent, and signs such as `<`, `±` and `%`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// A normalised text, with the origin of each character.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Normalised {
    pub text: String,
    /// For each byte of `text`, the byte range of its character in the original.
    origins: Vec<Range<u32>>,
}

impl Normalised {
    /// Normalises a text, without the `omitted` byte ranges, which must be in order and may overlap.
    pub fn new(original: &str, omitted: &[Range<usize>]) -> Self {
        let mut normalised = Self::default();
        normalised.append(original, omitted);
        normalised
    }

    fn append(&mut self, original: &str, omitted: &[Range<usize>]) {
        let mut omitted = omitted.iter().peekable();
        let mut resume = 0;
        let mut before = None;
        for (at, character) in original.char_indices() {
            while let Some(next) = omitted.next_if(|next| next.start <= at) {
                resume = resume.max(next.end);
            }
            if at < resume {
                continue;
            }
            let end = at + character.len_utf8();
            if let Some(sign) = kept_punctuation(before, character, &original[end..]) {
                self.push(sign, at..end);
            } else if character.is_ascii() {
                if is_kept(character) {
                    self.push(character.to_ascii_lowercase(), at..end);
                }
            } else {
                // Characters that are used instead of the degree sign.
                let character = if matches!(character, 'º' | '˚') { '°' } else { character };
                for part in std::iter::once(character).nfkd().flat_map(char::to_lowercase) {
                    if is_kept(part) {
                        self.push(part, at..end);
                    }
                }
            }
            before = Some(character);
        }
    }

    fn push(&mut self, character: char, origin: Range<usize>) {
        self.text.push(character);
        let origin = origin.start as u32..origin.end as u32;
        self.origins.extend(std::iter::repeat_n(origin, character.len_utf8()));
    }

    /// Whether a number of the original goes on across an offset of `text`: `2|.5`, `12|,500`, `−|5`.
    pub(super) fn is_within_number(&self, at: usize) -> bool {
        let around = (self.text[..at].chars().next_back(), self.text[at..].chars().next());
        let (Some(left), Some(right)) = around else { return false };
        let is_mark = |c: char| matches!(c, '.' | ',' | '-');
        let is_part = |c: char| c.is_numeric() || is_mark(c);
        let is_adjacent = self.origins[at - 1].end == self.origins[at].start;
        is_part(left) && is_part(right) && (is_mark(left) || is_mark(right)) && is_adjacent
    }

    /// The byte range of the original for a byte range of `text`.
    pub fn original(&self, range: &Range<usize>) -> Range<usize> {
        let first = self.origins.get(range.start).map_or(0, |origin| origin.start);
        let last = range.end.checked_sub(1).and_then(|last| self.origins.get(last)).map_or(first, |origin| origin.end);
        first as usize..last.max(first) as usize
    }
}

/// Whether a character is a letter, a digit, or a sign with a meaning. Accents are removed, because PDF files often
/// have them in other positions.
fn is_kept(character: char) -> bool {
    if character.is_alphanumeric() {
        return canonical_combining_class(character) == 0;
    }
    matches!(
        character,
        '<' | '>'
            | '='
            | '≤'
            | '≥'
            | '≠'
            | '≈'
            | '±'
            | '×'
            | '%'
            | '‰'
            | '+'
            | '°'
            | '→'
            | '←'
            | '↑'
            | '↓'
            | '&'
            | '$'
            | '€'
            | '£'
    )
}

fn is_dash(character: char) -> bool {
    matches!(character, '-' | '\u{2010}'..='\u{2014}' | '−' | '﹣' | '－')
}

/// Punctuation that belongs to a number, in normalised form: the dash or minus is `-`, the point `.`.
fn kept_punctuation(before: Option<char>, character: char, after: &str) -> Option<char> {
    let is_point = |c: char| matches!(c, '.' | '·');
    let is_digit = |c: Option<char>| c.is_some_and(char::is_numeric);
    let follows = is_digit(after.chars().next());
    let is_apart = before.is_none_or(|c| c.is_whitespace() || "(=<>≤≥~±".contains(c));
    match character {
        '-' if before.is_some_and(char::is_alphabetic) => None,
        ',' if follows && is_digit(before) => Some(','),
        // A number may begin with its point: `.25`.
        c if is_point(c) && follows && (is_digit(before) || is_apart || before.is_some_and(is_dash)) => Some('.'),
        c if is_dash(c) && follows && is_digit(before) => Some('-'),
        // Of an exponent.
        '⁻' if follows && is_digit(before) => Some('-'),
        // A minus, and not a dash within a sentence, which is long or has spaces around it.
        '-' | '−' | '\u{2012}' | '\u{2013}'
            if is_apart && (follows || is_digit(after.strip_prefix(is_point).and_then(|rest| rest.chars().next()))) =>
        {
            Some('-')
        }
        _ => None,
    }
}

/// The byte ranges of citations in a text, in order: brackets with only numbers, and parentheses with names and years.
pub fn citation_marks(text: &str) -> Vec<Range<usize>> {
    static MARKS: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r"[\[(]\s*[0-9]{1,4}[a-z]?(?:\s*[,;–—−‐‑-]\s*[0-9]{1,4}[a-z]?)*\s*[\])]|\((?P<words>[^()\[\]]*\p{L}[^()\[\]]*)\)";
        Regex::new(pattern).expect("a constant pattern")
    });
    let found = MARKS.captures_iter(text).filter_map(|found| {
        let are_works = found.name("words").is_none_or(|words| are_works(words.as_str()));
        found.get(0).filter(|_| are_works).map(|all| all.range())
    });
    found.collect()
}

/// Words that stand before numbers which may look like years. They begin with a capital, but are no names.
const NO_NAMES: [&str; 36] = [
    "jan",
    "january",
    "feb",
    "february",
    "mar",
    "march",
    "apr",
    "april",
    "may",
    "jun",
    "june",
    "jul",
    "july",
    "aug",
    "august",
    "sep",
    "sept",
    "september",
    "oct",
    "october",
    "nov",
    "november",
    "dec",
    "december",
    "no",
    "nr",
    "cat",
    "group",
    "cohort",
    "study",
    "phase",
    "table",
    "figure",
    "fig",
    "version",
    "since",
];

/// Whether the text within parentheses cites works by names and years, and has no other figures.
fn are_works(words: &str) -> bool {
    static WORK: LazyLock<Regex> = LazyLock::new(|| {
        let year = r"(?:1[6-9]|20)[0-9][0-9][a-z]?(?-u:\b)";
        let initials = r"(?:,?\s+\p{Lu}\.?(?:[\s-]?\p{Lu}\.?){0,2})?";
        let others = r"(?P<others>,?\s+(?:et\s+al|and\s+(?:others|colleagues|co-?workers))\.?)?";
        let pattern = format!(
            r"(?P<name>\p{{Lu}}[\p{{L}}'’‐-]*\p{{L}})\.?{initials}{others}(?P<apart>[\s,]+){year}(?:\s*(?:,|&|and|[–—-])\s*(?:{year}|[b-h](?-u:\b)))*"
        );
        Regex::new(&pattern).expect("a constant pattern")
    });
    static PAGES: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r"(?:(?i:\b(?:pp?|pages?|chap(?:ter)?s?|fig(?:ure)?s?|tables?|sections?|vol)\.?)|:)\s*[0-9]+(?:\s*[–—-]\s*[0-9]+)?[a-z]?";
        Regex::new(pattern).expect("a constant pattern")
    });
    let mut rest = String::new();
    let mut from = 0;
    for work in WORK.captures_iter(words) {
        let (Some(all), name, apart) = (work.get(0), &work["name"], &work["apart"]) else { return false };
        let is_no_name = work.name("others").is_none() && NO_NAMES.contains(&name.to_lowercase().as_str());
        let is_acronym = !name.contains(char::is_lowercase);
        let after = words[all.end()..].trim_start();
        let is_unit = !after.is_empty() && !after.starts_with([';', ',', ':', '&', '.']);
        let is_unit = is_unit && !["and ", "or ", "for ", "see ", "as "].iter().any(|word| after.starts_with(word));
        if is_unit || (is_acronym && !apart.contains(',')) || is_no_name {
            return false;
        }
        rest.push_str(&words[from..all.start()]);
        from = all.end();
    }
    rest.push_str(&words[from..]);
    let has_figures = |text: &str| text.contains(|c: char| c.is_numeric() || "=<>≤≥±%°×".contains(c));
    from > 0 && !has_figures(&PAGES.replace_all(&rest, ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn normal(text: &str) -> String {
        Normalised::new(text, &citation_marks(text)).text
    }

    #[test]
    fn typography_does_not_count() {
        for (one, other) in [
            ("“The cells”, he said", "The 'cells' he said"),
            ("mesen-\n  chymal stem–cells", "mesenchymal stem cells"),
            ("ﬁbroblasts of the ﬂank", "fibroblasts of the flank"),
            ("IL‑6 and TNF-α", "IL6 and TNFα"),
            ("soft\u{ad}en", "soften"),
            ("Müller", "Mu\u{308}ller"),
            ("5\u{a0}µg", "5 μg"),
            ("rise of IL-6 [15], which fell [8, 11–13].", "rise of IL-6, which fell."),
            ("they fell (Chang et al., 2016; Lee 2010a).", "they fell."),
            ("they fell (25, 26).", "they fell."),
            ("p < 0.05", "p<0·05"),
            ("−5 °C", "-5 °C"),
            ("10⁻⁵ M", "10−5 M"),
            ("cm⁻¹", "cm-1"),
            ("it fell (reviewed in van der Meer, 2012a,b; Chang JK & Lee, 2016, p. 12) then", "it fell then"),
            ("it fell (WHO, 2016; Müller-Lee et al 2010, 2011) then", "it fell then"),
        ] {
            assert_eq!(normal(one), normal(other), "{one}");
        }
    }

    #[test]
    fn words_figures_and_signs_count() {
        for (one, other) in [
            ("p < 0.05", "p > 0.05"),
            ("0.5 mg", "05 mg"),
            ("5–10 mg", "510 mg"),
            ("a change of −5", "a change of 5"),
            ("a 5 % rise", "a 5 rise"),
            ("1,000", "1.000"),
            ("did not fall", "did fall"),
            ("TNF-α", "TNF-β"),
            (".25 mg", "25 mg"),
            ("−.25 mg", ".25 mg"),
            ("10⁻⁵", "10⁵"),
            ("men (n = 1650) fell", "men (n = 1950) fell"),
            ("it fell (dose 1800 mg)", "it fell (dose 2000 mg)"),
            ("it fell (Dose 1800 mg)", "it fell (Dose 2000 mg)"),
            ("seen (January 2016 to March 2017)", "seen (January 2016 to March 2018)"),
            ("seen (Lee, 2016, n = 12)", "seen (Lee, 2016, n = 13)"),
            ("cells (ATCC 1650)", "cells (ATCC 1651)"),
        ] {
            assert_ne!(normal(one), normal(other), "{one}");
        }
    }

    proptest! {
        #[test]
        fn places_map_back(text in "[a-cA-C0-9 .,<\u{ad}ﬁéα–−\\[\\]()\n“é😀-]{0,80}") {
            let normalised = Normalised::new(&text, &citation_marks(&text));
            prop_assert_eq!(normalised.text.len(), normalised.origins.len());
            let mut last = 0;
            for (at, character) in normalised.text.char_indices() {
                let origin = normalised.original(&(at..at + character.len_utf8()));
                prop_assert!(origin.start >= last && text.is_char_boundary(origin.start) && text.is_char_boundary(origin.end));
                let again = Normalised::new(&text[origin.clone()], &[]).text;
                let is_number_mark = matches!(character, '.' | ',' | '-');
                prop_assert!(is_number_mark || again.contains(character), "{character:?} from {:?}", &text[origin.clone()]);
                last = origin.start;
            }
            // Normalised text is not changed by normalising it again.
            if !normalised.text.contains(['.', ',', '-']) {
                prop_assert_eq!(&Normalised::new(&normalised.text, &[]).text, &normalised.text);
            }
        }
    }
}
