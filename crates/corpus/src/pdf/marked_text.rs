//! Applies replacement text (`/ActualText`), which gives the meaning of a sequence of glyphs. Some PDFs mark hyphens at line
//! ends as soft hyphens, and ligatures or small capitals with their letters.

use hayro_syntax::object::{Dict, String as PdfString};

use super::page::Glyph;

/// Maximum number of characters of a replacement. Longer ones describe figures or formulas and are not used.
const MAX_CHARACTERS: usize = 8;
/// Maximum depth of marked-content sequences. Deeper ones are ignored.
const MAX_DEPTH: usize = 64;

/// The open marked-content sequences.
#[derive(Debug, Default)]
pub(super) struct MarkedText {
    open: Vec<Option<Replacement>>,
    /// Number of open sequences beyond [`MAX_DEPTH`].
    beyond: usize,
}

#[derive(Debug)]
struct Replacement {
    text: Vec<char>,
    /// Number of glyphs before the sequence.
    first: usize,
}

impl MarkedText {
    pub(super) fn begin(&mut self, properties: Option<&Dict<'_>>, glyphs: &[Glyph]) {
        if self.open.len() >= MAX_DEPTH {
            self.beyond += 1;
            return;
        }
        let text = properties.and_then(|dict| dict.get::<PdfString<'_>>("ActualText"));
        let replacement = text
            .map(|string| decode(string.as_bytes()))
            .filter(|text| text.len() <= MAX_CHARACTERS)
            .map(|text| Replacement { text, first: glyphs.len() });
        self.open.push(replacement);
    }

    pub(super) fn end(&mut self, glyphs: &mut Vec<Glyph>) {
        if self.beyond > 0 {
            self.beyond -= 1;
        } else if let Some(Some(replacement)) = self.open.pop() {
            replacement.apply(glyphs);
        }
    }
}

impl Replacement {
    fn apply(&self, glyphs: &mut Vec<Glyph>) {
        let Some(shown) = glyphs.get(self.first..) else { return };
        let (Some(first), Some(last)) = (shown.first().copied(), shown.last().copied()) else { return };
        let one_line = shown.iter().all(|glyph| (glyph.y - first.y).abs() < 0.1) && last.x1 >= first.x0;
        if !one_line || shown.len() > MAX_CHARACTERS {
            return;
        }
        glyphs.truncate(self.first);
        let step = (last.x1 - first.x0) / self.text.len().max(1) as f32;
        for (i, character) in self.text.iter().enumerate() {
            let x0 = first.x0 + step * i as f32;
            glyphs.push(Glyph { character: *character, x0, x1: x0 + step, ..first });
        }
    }
}

/// Decodes a PDF text string: UTF-16 or UTF-8 with a byte order mark, else Latin-1, which nearly equals PDFDocEncoding.
pub(super) fn decode(bytes: &[u8]) -> Vec<char> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<Vec<char>>()
    };
    match bytes {
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).chars().collect(),
        _ => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_strings_are_decoded() {
        assert_eq!(decode(&[0xFE, 0xFF, 0x00, 0xAD]), ['\u{AD}']);
        assert_eq!(decode(b"fi"), ['f', 'i']);
    }

    #[test]
    fn a_replacement_takes_the_place_of_its_glyphs() {
        let hyphen = Glyph { character: '-', x0: 5.0, x1: 8.0, y: 1.0, size: 10.0, font: 0, rotated: false };
        let mut glyphs = vec![hyphen];
        Replacement { text: vec!['\u{AD}'], first: 0 }.apply(&mut glyphs);
        assert_eq!(glyphs, [Glyph { character: '\u{AD}', ..hyphen }]);
    }
}
