//! A line of text, its words, and their positions relative to its baseline.

use super::fonts::Style;

/// Minimum width of a space, as a share of the font size.
pub(super) const SPACE: f32 = 0.11;
/// Baselines that differ by less than this share of the font size are the same.
pub(super) const SAME_BASELINE: f32 = 0.12;
/// A superscript or subscript is smaller than this share of its line's font size.
pub(super) const SCRIPT_SIZE: f32 = 0.88;
/// Maximum distance of a superscript or subscript from the baseline, as a share of the font size.
pub(super) const SCRIPT_SHIFT: f32 = 0.72;

/// The position of a word relative to the baseline of its line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Script {
    #[default]
    Normal,
    Super,
    Sub,
}

/// Characters without a space between them, of one font and on one baseline.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Word {
    pub text: String,
    pub x0: f32,
    pub x1: f32,
    pub y: f32,
    pub size: f32,
    pub style: Style,
    /// Index into [`Fonts`](super::fonts::Fonts).
    pub font: u16,
    pub script: Script,
    /// Whether a space separates it from the previous word.
    pub space_before: bool,
}

/// A line of text within one column.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Line {
    pub page: u32,
    pub words: Vec<Word>,
    pub x0: f32,
    pub x1: f32,
    /// The baseline.
    pub y: f32,
    /// The font size of most of its characters.
    pub size: f32,
    /// The style of most of its characters.
    pub style: Style,
    /// The font of most of its characters.
    pub font: u16,
    /// Whether it runs upwards or downwards, along the margin or an axis.
    pub rotated: bool,
}

impl Line {
    pub(super) fn width(&self) -> f32 {
        self.x1 - self.x0
    }

    /// The text as shown, including superscripts and subscripts.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for word in &self.words {
            if word.space_before && !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&word.text);
        }
        text
    }

    /// Number of characters other than spaces.
    pub(super) fn characters(&self) -> usize {
        self.words.iter().map(|word| word.text.chars().count()).sum()
    }

    pub(super) fn from_words(page: u32, words: Vec<Word>, rotated: bool) -> Self {
        let mut line = Self { page, words, rotated, ..Self::default() };
        line.measure();
        line
    }

    /// Derives extent, baseline, size, style and scripts from the words.
    fn measure(&mut self) {
        let weight = |word: &Word| word.text.chars().filter(|c| c.is_alphanumeric()).count() * 4 + word.text.len();
        let mut sizes: Vec<(f32, f32, usize)> = Vec::new();
        for word in &self.words {
            let known =
                sizes.iter().position(|(size, y, _)| (size - word.size).abs() < 0.3 && (y - word.y).abs() < 0.3);
            match known {
                Some(index) => sizes[index].2 += weight(word),
                None if sizes.len() < 32 => sizes.push((word.size, word.y, weight(word))),
                None => {}
            }
        }
        let Some((size, y, _)) = sizes.iter().copied().max_by_key(|entry| entry.2) else { return };
        (self.size, self.y) = (size, y);
        self.x0 = self.words.iter().map(|word| word.x0).fold(f32::MAX, f32::min);
        self.x1 = self.words.iter().map(|word| word.x1).fold(f32::MIN, f32::max);
        let share = |test: fn(&Word) -> bool| {
            let normal = self.words.iter().map(weight).sum::<usize>();
            2 * self.words.iter().filter(|word| test(word)).map(weight).sum::<usize>() > normal
        };
        let mut fonts: Vec<(u16, usize)> = Vec::new();
        for word in &self.words {
            match fonts.iter().position(|(font, _)| *font == word.font) {
                Some(index) => fonts[index].1 += weight(word),
                None => fonts.push((word.font, weight(word))),
            }
        }
        self.font = fonts.iter().max_by_key(|entry| entry.1).map_or(0, |entry| entry.0);
        self.style = Style { bold: share(|word| word.style.bold), italic: share(|word| word.style.italic) };
        for word in &mut self.words {
            let rise = y - word.y;
            word.script = match () {
                () if word.size > SCRIPT_SIZE * size && rise.abs() < 0.25 * size => Script::Normal,
                () if rise > SAME_BASELINE * size => Script::Super,
                () if rise < -0.05 * size => Script::Sub,
                () => Script::Normal,
            };
        }
    }
}
