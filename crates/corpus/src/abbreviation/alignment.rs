//! Aligns the letters of a short form with the words before it.
//!
//! Schwartz and Hearst (2003, "A simple algorithm for identifying abbreviation definitions in biomedical text") take the
//! shortest text that contains the letters in order. Ab3P (Sohn et al., 2008) tries strategies from strict to loose: letters
//! that begin every word, then skipped words, then letters inside of words. Here each departure from the strict match has a
//! cost, and the alignment with the lowest cost is chosen. The caller accepts it up to a cost that depends on the number of
//! letters.

use unicode_normalization::UnicodeNormalization;

/// The cost of each departure from "every letter begins a word, and every word begins with a letter of the short form".
mod cost {
    /// A stop word, such as "of", without a letter of the short form.
    pub const SKIPPED_STOP_WORD: f32 = 0.3;
    /// Another word without a letter of the short form.
    pub const SKIPPED_WORD: f32 = 1.8;
    /// A word without a letter of the short form at the end of the long form.
    pub const TRAILING_WORD: f32 = 1.4;
    /// A letter that begins a part of a word: after a hyphen, at a capital, or between letters and digits.
    pub const PART: f32 = 0.2;
    /// A letter inside of a word, directly after the letter that was matched before it.
    pub const NEXT_LETTER: f32 = 0.5;
    /// A letter elsewhere inside of a word.
    pub const INNER_LETTER: f32 = 0.7;
    /// A word whose first letter is not matched although another one is.
    pub const HEADLESS: f32 = 1.4;
    /// A long form that begins after a hyphen.
    pub const BEGINS_IN_WORD: f32 = 0.6;
    /// A comma inside the long form.
    pub const COMMA: f32 = 1.0;
}

/// A long form in a window, with the cost of its alignment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Alignment {
    /// Byte offset of the long form in the window. It ends where the window ends.
    pub start: usize,
    /// 0 if each letter begins a word and each word begins with a letter of the short form.
    pub cost: f32,
}

/// The long form of `short` with the lowest cost that ends at the end of `window`. Takes time proportional to the letters of
/// `short` and to the square of the window.
pub(super) fn align(short: &str, window: &str) -> Option<Alignment> {
    let letters: Vec<char> = short.chars().filter(|c| c.is_alphanumeric()).map(fold).collect();
    let plural = short.ends_with('s') && short.chars().rev().nth(1).is_some_and(|c| c.is_uppercase() || c.is_numeric());
    let full = align_letters(&letters, window);
    let singular = if plural { align_letters(letters.split_last()?.1, window) } else { None };
    // The plural s does not stand for a word: the long form must also end like a plural.
    let singular = singular.filter(|_| window.trim_end().ends_with(['s', 'a', 'e', 'i']));
    match (full, singular) {
        (Some(full), Some(singular)) => Some(if singular.cost <= full.cost { singular } else { full }),
        (full, singular) => singular.or(full),
    }
}

/// The alignment of the first letters of the short form, the last of them matched at `index`, with the lowest cost.
#[derive(Clone, Copy)]
struct PartialAlignment {
    index: usize,
    cost: f32,
    start: usize,
}

fn align_letters(letters: &[char], window: &str) -> Option<Alignment> {
    let window = Window::new(window);
    let (&first, rest) = letters.split_first()?;
    let mut reached: Vec<PartialAlignment> = (0..window.letters.len())
        .filter(|&index| window.matches(index, first))
        .filter_map(|index| window.cost_of_beginning(index).map(|cost| PartialAlignment { index, cost, start: index }))
        .collect();
    for &letter in rest {
        let places = (0..window.letters.len()).filter(|&index| window.matches(index, letter));
        reached = places.filter_map(|index| window.cheapest(&reached, index)).collect();
    }
    let finished = reached.iter().map(|r| PartialAlignment { cost: r.cost + window.cost_of_ending(r.index), ..*r });
    let best = finished.min_by(|a, b| a.cost.total_cmp(&b.cost).then(b.start.cmp(&a.start)))?;
    Some(Alignment { start: window.long_form_start(best.start), cost: best.cost })
}

/// The text before a short form, letter by letter.
struct Window {
    letters: Vec<Letter>,
    /// For each word boundary, the cost of skipping all words before it.
    skipped: Vec<f32>,
    /// The first byte of each word.
    words: Vec<usize>,
    /// For each word, whether it is a stop word: no long form begins with one.
    is_stop: Vec<bool>,
    /// For each word, the digit that it spells: 2 for "two".
    numerals: Vec<Option<char>>,
}

struct Letter {
    folded: char,
    byte: usize,
    word: usize,
    position: Position,
    /// Whether only locants and single letters precede it in its word.
    is_behind_locants: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Position {
    Word,
    Part,
    Inside,
}

impl Window {
    fn new(text: &str) -> Self {
        let mut window = Window {
            letters: Vec::new(),
            skipped: vec![0.0],
            words: Vec::new(),
            is_stop: Vec::new(),
            numerals: Vec::new(),
        };
        for (byte, word) in words(text) {
            window.push_letters(byte, word);
            let opener = word.find(char::is_alphanumeric).unwrap_or_default();
            window.words.push(byte + opener);
            let plain = word.trim_end_matches([',', ')', ']']).to_lowercase();
            let comma = if word.ends_with(',') { cost::COMMA } else { 0.0 };
            window
                .is_stop
                .push(matches!(plain.as_str(), "and" | "as" | "by" | "for" | "from" | "of" | "or" | "the" | "with"));
            let skip = if is_stop_word(&plain) { cost::SKIPPED_STOP_WORD } else { cost::SKIPPED_WORD };
            let before = window.skipped.last().copied().unwrap_or_default();
            window.skipped.push(before + skip + comma);
            window.numerals.push(numeral(&plain));
        }
        window
    }

    fn push_letters(&mut self, byte: usize, word: &str) {
        let mut previous: Option<char> = None;
        let mut has_letter = false;
        for (offset, character) in word.char_indices() {
            if character.is_alphanumeric() {
                // In "12-myristate", both the 1 and the m begin the word.
                let is_first_letter = character.is_alphabetic() && !std::mem::replace(&mut has_letter, true);
                let position = match previous {
                    None => Position::Word,
                    Some(_) if is_first_letter => Position::Word,
                    Some(before) if begins_part(before, character) => Position::Part,
                    Some(_) => Position::Inside,
                };
                let folded = fold(character);
                let is_behind_locants = word[..offset]
                    .split(['-', ',', '\'', '′'])
                    .all(|part| part.chars().all(char::is_numeric) || part.chars().count() == 1);
                let (byte, word) = (byte + offset, self.numerals.len());
                self.letters.push(Letter { folded, byte, word, position, is_behind_locants });
            }
            if previous.is_some() || character.is_alphanumeric() {
                previous = Some(character);
            }
        }
    }

    fn matches(&self, index: usize, letter: char) -> bool {
        let here = &self.letters[index];
        here.folded == letter || here.position == Position::Word && self.numerals[here.word] == Some(letter)
    }

    /// The byte offset of a long form whose first matched letter is at `index`. Locants before the letter belong to it, as in
    /// "1,2-diacylglycerol", "12-O-tetradecanoyl" and "c-Jun".
    fn long_form_start(&self, index: usize) -> usize {
        let here = &self.letters[index];
        if here.is_behind_locants { self.words[here.word] } else { here.byte }
    }

    fn cost_of_beginning(&self, index: usize) -> Option<f32> {
        match self.letters[index].position {
            Position::Word if self.is_stop[self.letters[index].word] => None,
            Position::Word => Some(0.0),
            Position::Part => Some(cost::BEGINS_IN_WORD),
            Position::Inside => None,
        }
    }

    fn cheapest(&self, reached: &[PartialAlignment], index: usize) -> Option<PartialAlignment> {
        let before = reached.iter().take_while(|r| r.index < index);
        before
            .map(|r| PartialAlignment { index, cost: r.cost + self.cost_of_step(r.index, index), start: r.start })
            .min_by(|a, b| a.cost.total_cmp(&b.cost).then(b.start.cmp(&a.start)))
    }

    /// The cost of matching a letter at `to` after the previous one was matched at `from`.
    fn cost_of_step(&self, from: usize, to: usize) -> f32 {
        let (before, here) = (&self.letters[from], &self.letters[to]);
        let is_same_word = before.word == here.word;
        let skipped = if is_same_word { 0.0 } else { self.skipped[here.word] - self.skipped[before.word + 1] };
        let headless = if is_same_word { 0.0 } else { cost::HEADLESS };
        skipped
            + match here.position {
                Position::Word => 0.0,
                Position::Part => cost::PART + headless / 2.0,
                Position::Inside if to == from + 1 => cost::NEXT_LETTER,
                Position::Inside => cost::INNER_LETTER + headless,
            }
    }

    fn cost_of_ending(&self, index: usize) -> f32 {
        let trailing = self.numerals.len() - 1 - self.letters[index].word;
        trailing as f32 * cost::TRAILING_WORD
    }
}

/// The words of `text`, split at white space, each with its first byte.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let words = text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric));
    words.map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

fn begins_part(before: char, character: char) -> bool {
    !before.is_alphanumeric()
        || before.is_lowercase() && character.is_uppercase()
        || before.is_numeric() != character.is_numeric()
}

fn is_stop_word(word: &str) -> bool {
    matches!(
        word,
        "a" | "an"
            | "and"
            | "as"
            | "at"
            | "by"
            | "de"
            | "des"
            | "du"
            | "for"
            | "from"
            | "in"
            | "la"
            | "of"
            | "on"
            | "or"
            | "per"
            | "the"
            | "to"
            | "type"
            | "und"
            | "via"
            | "with"
            | "without"
            | "&"
            | "like"
            | "related"
            | "et"
    )
}

/// The digit that a word spells, as in "two-dimensional" (2D).
fn numeral(word: &str) -> Option<char> {
    let spelt = [("one", '1'), ("two", '2'), ("three", '3'), ("four", '4'), ("five", '5'), ("six", '6')];
    let roman = [("i", '1'), ("ii", '2'), ("iii", '3'), ("iv", '4'), ("v", '5'), ("vi", '6')];
    let head = word.split(['-', '‐', '‑']).next()?;
    spelt.iter().chain(&roman).find(|(name, _)| *name == head).map(|(_, digit)| *digit)
}

/// A letter in lower case, without accents; a Greek letter as the Latin one that its name begins with.
fn fold(letter: char) -> char {
    let plain = letter.nfkd().next().unwrap_or(letter);
    match plain.to_lowercase().next().unwrap_or(plain) {
        'α' => 'a',
        'β' => 'b',
        'γ' => 'g',
        'δ' => 'd',
        'ε' => 'e',
        'ζ' => 'z',
        'θ' => 't',
        'ι' => 'i',
        'κ' => 'k',
        'λ' => 'l',
        'μ' => 'm',
        'σ' | 'ς' => 's',
        'τ' => 't',
        'φ' | 'π' | 'ψ' => 'p',
        'χ' => 'c',
        'ω' => 'o',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long<'a>(short: &str, window: &'a str) -> &'a str {
        align(short, window).map_or("", |alignment| &window[alignment.start..])
    }

    #[test]
    fn takes_the_strictest_reading() {
        assert_eq!(long("MSC", "most mice had mesenchymal stem cells"), "mesenchymal stem cells");
        assert_eq!(long("MSCs", "the mesenchymal stem cells"), "mesenchymal stem cells");
        assert_eq!(long("TNF-α", "of tumor necrosis factor alpha"), "tumor necrosis factor alpha");
        assert_eq!(long("QOL", "quality of life"), "quality of life");
        assert_eq!(long("DES", "by diethylstilbestrol"), "diethylstilbestrol");
        assert_eq!(long("2D", "shown by two-dimensional"), "two-dimensional");
        assert_eq!(long("XYZ", "no such letters"), "");
    }

    #[test]
    fn strict_readings_cost_nothing() {
        let cost = |short, window| align(short, window).map(|alignment| alignment.cost);
        assert_eq!(cost("BM", "bone marrow"), Some(0.0));
        assert!(cost("BM", "bone of the marrow") > cost("BM", "bone of marrow"));
        assert!(cost("PB", "phenobarbital") > Some(0.0));
    }
}
