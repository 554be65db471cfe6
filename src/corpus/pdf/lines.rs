//! Glyphs to words, words to lines.
//!
//! A line is built in the order in which the page draws it, which keeps columns apart without having to find their
//! gutter first; parts of a line that were drawn apart (a superscript, an italic word) are put back by their position.

use std::collections::HashMap;

use super::accents::compose_accents;
use super::fonts::{Fonts, Style};
use super::page::{Glyph, Page};

/// A gap of this share of the font size is a space.
const SPACE: f32 = 0.13;
/// A gap of this share of the font size ends a line: a justified line is never stretched as far.
const LINE_BREAK: f32 = 2.2;
/// Baselines closer than this share of the font size are one.
const SAME_BASELINE: f32 = 0.12;
/// A superscript or subscript is smaller than this share of its line's font size.
const SCRIPT_SIZE: f32 = 0.88;
/// How far, as a share of the font size, a superscript or subscript leaves the baseline.
const SCRIPT_SHIFT: f32 = 0.72;
/// How many neighbours a part of a line is compared with when parts are put together.
const MERGE_WINDOW: usize = 96;

/// Where a word stands with respect to its line's baseline.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Script {
    #[default]
    Normal,
    Super,
    Sub,
}

/// Characters without a space between them, of one font and one height.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Word {
    pub text: String,
    pub x0: f32,
    pub x1: f32,
    pub y: f32,
    pub size: f32,
    pub style: Style,
    /// Index into [`Fonts`].
    pub font: u16,
    pub script: Script,
    /// A space separates it from the word before.
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
    /// Runs along the margin or up an axis.
    pub rotated: bool,
}

impl Line {
    pub(super) fn width(&self) -> f32 {
        self.x1 - self.x0
    }

    /// The text as shown, scripts included.
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

    fn from_words(page: u32, words: Vec<Word>, rotated: bool) -> Self {
        let mut line = Self { page, words, rotated, ..Self::default() };
        line.measure();
        line
    }

    /// Derive extent, baseline, size, style and scripts from the words.
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

/// The lines that some glyphs of a page make, in the order in which it draws them.
pub(super) fn lines(page: &Page, glyphs: &[Glyph], fonts: &Fonts) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut builder = LineBuilder { page: page.number, fonts, words: Vec::new(), last: None, rotated: false };
    let mut space = false;
    let mut drawn = Drawn::default();
    for glyph in &compose_accents(glyphs) {
        if glyph.character.is_whitespace() || glyph.size < 0.5 {
            space = true;
            continue;
        }
        if !glyph.rotated && drawn.again(glyph) {
            continue;
        }
        if !builder.continues(glyph) {
            lines.extend(builder.finish());
        }
        builder.push(glyph, space);
        space = false;
    }
    lines.extend(builder.finish());
    merge_parts(lines)
}

/// The glyphs drawn so far, to find those that are drawn again at the same place: bold type is sometimes made so, and
/// some typesetters lay a text over itself.
#[derive(Default)]
struct Drawn {
    /// Places by character and `x` in points.
    places: HashMap<(char, i32), Vec<(f32, f32)>>,
}

impl Drawn {
    /// More glyphs at one `x` are a pattern, not text.
    const MAX_PLACES: usize = 400;

    /// Remember a glyph; true if it was there before.
    fn again(&mut self, glyph: &Glyph) -> bool {
        let bin = glyph.x0 as i32;
        let near =
            |&(x, y): &(f32, f32)| (x - glyph.x0).abs() < 0.1 * glyph.size && (y - glyph.y).abs() < 0.42 * glyph.size;
        let known = (bin - 1..=bin + 1)
            .any(|bin| self.places.get(&(glyph.character, bin)).is_some_and(|places| places.iter().any(near)));
        let places = self.places.entry((glyph.character, bin)).or_default();
        if !known && places.len() < Self::MAX_PLACES {
            places.push((glyph.x0, glyph.y));
        }
        known
    }
}

struct LineBuilder<'f> {
    page: u32,
    fonts: &'f Fonts,
    words: Vec<Word>,
    last: Option<Glyph>,
    rotated: bool,
}

impl LineBuilder<'_> {
    /// Whether the glyph belongs to the line that is being built.
    fn continues(&self, glyph: &Glyph) -> bool {
        let Some(last) = self.last else { return true };
        if glyph.rotated || last.rotated {
            return glyph.rotated
                && last.rotated
                && (glyph.x0 - last.x0).abs() + (glyph.y - last.y).abs() < 2.0 * glyph.size;
        }
        let size = last.size.max(glyph.size);
        let gap = glyph.x0 - last.x1;
        let on_baseline = self.words.iter().rev().take(8).any(|word| (word.y - glyph.y).abs() < SAME_BASELINE * size);
        let is_script = (last.y - glyph.y).abs() < SCRIPT_SHIFT * size
            && (last.size < SCRIPT_SIZE * glyph.size || glyph.size < SCRIPT_SIZE * last.size)
            && gap < 0.6 * size;
        let widest = if on_baseline { LINE_BREAK } else { 1.0 };
        (on_baseline || is_script) && gap > -0.7 * size && gap < widest * size
    }

    fn push(&mut self, glyph: &Glyph, after_space: bool) {
        let style = self.fonts.style(glyph.font);
        let gap = self.last.map_or(0.0, |last| glyph.x0 - last.x1);
        let space = gap > SPACE * glyph.size || (after_space && gap > 0.02 * glyph.size);
        let space = if glyph.rotated { after_space } else { space };
        let continued = self.words.last_mut().filter(|word| {
            !space
                && word.style == style
                && (word.size - glyph.size).abs() < 0.2
                && (glyph.rotated || (word.y - glyph.y).abs() < 0.3)
        });
        match continued {
            Some(word) => {
                word.text.push(glyph.character);
                word.x1 = word.x1.max(glyph.x1);
            }
            None => self.words.push(Word {
                text: glyph.character.to_string(),
                x0: glyph.x0,
                x1: glyph.x1,
                y: glyph.y,
                size: glyph.size,
                style,
                font: glyph.font,
                script: Script::Normal,
                space_before: space && !self.words.is_empty(),
            }),
        }
        self.rotated = glyph.rotated;
        self.last = Some(*glyph);
    }

    fn finish(&mut self) -> Option<Line> {
        self.last = None;
        let words = std::mem::take(&mut self.words);
        (!words.is_empty()).then(|| Line::from_words(self.page, words, self.rotated))
    }
}

/// Put together parts of a line that were drawn apart.
fn merge_parts(lines: Vec<Line>) -> Vec<Line> {
    let mut by_height: Vec<usize> = (0..lines.len()).collect();
    by_height.sort_by(|&a, &b| lines[a].y.total_cmp(&lines[b].y).then(lines[a].x0.total_cmp(&lines[b].x0)));
    let mut parts: Vec<Option<Line>> = lines.into_iter().map(Some).collect();
    for position in 0..by_height.len() {
        let Some(mut line) = parts[by_height[position]].take() else { continue };
        let near = position.saturating_sub(MERGE_WINDOW)..(position + MERGE_WINDOW).min(by_height.len());
        let mut target = by_height[position];
        let mut grown = true;
        while grown {
            grown = false;
            for other in near.clone().map(|i| by_height[i]) {
                if parts[other].as_ref().is_some_and(|part| is_same_line(&line, part)) {
                    let part = parts[other].take().unwrap_or_default();
                    // The larger part decides the place in the drawing order.
                    if part.characters() > line.characters() {
                        target = other;
                    }
                    line = join(line, part);
                    grown = true;
                }
            }
        }
        parts[target] = Some(line);
    }
    parts.into_iter().flatten().collect()
}

/// Whether two parts stand side by side on one line.
fn is_same_line(a: &Line, b: &Line) -> bool {
    if a.rotated || b.rotated {
        return false;
    }
    let (left, right) = if a.x0 <= b.x0 { (a, b) } else { (b, a) };
    let size = left.size.max(right.size);
    let gap = right.x0 - left.x1;
    let shift = (left.y - right.y).abs();
    let is_script = shift < SCRIPT_SHIFT * size
        && left.size.min(right.size) < SCRIPT_SIZE * size
        && gap < 0.3 * size
        && left.characters().min(right.characters()) <= 12;
    (shift < SAME_BASELINE * size && gap < 0.6 * size && gap > -0.3 * size)
        || (is_script && gap > -0.4 * size)
        || (is_script && encloses(a, b))
        || (is_script && encloses(b, a))
}

/// A script that was drawn after its line falls into a gap of it.
fn encloses(line: &Line, part: &Line) -> bool {
    let slack = 0.15 * line.size;
    line.x0 < part.x0
        && part.x1 < line.x1
        && line.words.iter().all(|word| word.x1 < part.x0 + slack || word.x0 > part.x1 - slack)
}

fn join(a: Line, b: Line) -> Line {
    let (page, rotated) = (a.page, a.rotated);
    let mut words: Vec<Word> = a.words.into_iter().chain(b.words).collect();
    words.sort_by(|a, b| a.x0.total_cmp(&b.x0));
    for i in 1..words.len() {
        let gap = words[i].x0 - words[i - 1].x1;
        words[i].space_before = gap > SPACE * words[i].size.max(words[i - 1].size);
    }
    if let Some(first) = words.first_mut() {
        first.space_before = false;
    }
    Line::from_words(page, words, rotated)
}
