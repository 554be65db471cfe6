//! Normalises text: keeps the letters, digits and signs by which a quotation and a paper are compared.
//!
//! Removes spaces, hyphens, punctuation and quotation marks, and converts letters to lower case; ligatures and
//! full-width forms become plain letters. Citations are removed as well: `[12]` and `(Chang et al., 2016)`. Keeps what
//! changes a value: the point and the comma within a number, the dash between two numbers, a minus before a number, and
//! signs such as `<`, `±` and `%`.

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
            let after = original[end..].chars().next();
            if let Some(sign) = kept_punctuation(before, character, after) {
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

/// Punctuation that belongs to a number, in normalised form.
fn kept_punctuation(before: Option<char>, character: char, after: Option<char>) -> Option<char> {
    let is_digit = |c: Option<char>| c.is_some_and(char::is_numeric);
    if !is_digit(after) {
        return None;
    }
    match character {
        '.' | '·' if is_digit(before) => Some('.'),
        ',' if is_digit(before) => Some(','),
        '-' if before.is_some_and(char::is_alphabetic) => None,
        _ if is_dash(character) && is_digit(before) => Some('-'),
        // A minus, and not a dash within a sentence, which is long or has spaces around it.
        '-' | '−' | '\u{2012}' | '\u{2013}' if before.is_none_or(|c| c.is_whitespace() || "(=<>≤≥~±".contains(c)) => {
            Some('-')
        }
        _ => None,
    }
}

/// The byte ranges of citations in a text, in order: brackets with only numbers, and parentheses with a year.
pub fn citation_marks(text: &str) -> Vec<Range<usize>> {
    static MARKS: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r"[\[(]\s*[0-9]{1,4}[a-z]?(?:\s*[,;–—−‐‑-]\s*[0-9]{1,4}[a-z]?)*\s*[\])]|\([^()\[\]]*\p{L}[^()\[\]]*(?-u:\b)(?:1[6-9]|20)[0-9][0-9][a-z]?(?-u:\b)[^()\[\]]*\)";
        Regex::new(pattern).expect("a constant pattern")
    });
    MARKS.find_iter(text).map(|found| found.range()).collect()
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
