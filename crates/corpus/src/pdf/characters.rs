//! Normalises the characters of a glyph to those that users search for.

use unicode_normalization::UnicodeNormalization;

use super::page::Glyph;

/// Appends one glyph for each of the characters of `glyph`, and divides its width among them.
pub(super) fn push_characters(glyphs: &mut Vec<Glyph>, glyph: Glyph, characters: &[char]) {
    let width = glyph.x1 - glyph.x0;
    let visible = width > 0.1 * glyph.size;
    let expanded: Vec<char> =
        characters.iter().flat_map(|c| expand(*c).iter().copied().chain(plain(*c, visible))).collect();
    let step = width / expanded.len().max(1) as f32;
    for (i, character) in expanded.into_iter().enumerate() {
        let x0 = glyph.x0 + step * i as f32;
        glyphs.push(Glyph { character, x0, x1: x0 + step, ..glyph });
    }
}

/// The normal form of a character; `None` for characters that are not text.
fn plain(character: char, visible: bool) -> Option<char> {
    match character {
        // A visible soft hyphen is a hyphen.
        '\u{AD}' => visible.then_some('-'),
        '\u{2010}' | '\u{2011}' => Some('-'),
        // Characters that only allow a line break.
        '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' => None,
        // Mathematical letters become plain ones: `𝛾` becomes `γ`.
        '\u{1D400}'..='\u{1D7FF}' => std::iter::once(character).nfkc().next(),
        _ => (expand(character).is_empty() && !character.is_control()).then_some(character),
    }
}

/// The letters of a ligature; empty for other characters.
fn expand(character: char) -> &'static [char] {
    match character {
        '\u{FB00}' => &['f', 'f'],
        '\u{FB01}' => &['f', 'i'],
        '\u{FB02}' => &['f', 'l'],
        '\u{FB03}' => &['f', 'f', 'i'],
        '\u{FB04}' => &['f', 'f', 'l'],
        '\u{FB05}' | '\u{FB06}' => &['s', 't'],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(characters: &[char], width: f32) -> String {
        let glyph = Glyph { character: ' ', x0: 0.0, x1: width, y: 0.0, size: 10.0, font: 0, rotated: false };
        let mut glyphs = Vec::new();
        push_characters(&mut glyphs, glyph, characters);
        glyphs.iter().map(|glyph| glyph.character).collect()
    }

    #[test]
    fn ligatures_formula_letters_and_hyphens_are_plain() {
        assert_eq!(text(&['\u{FB03}'], 8.0), "ffi");
        assert_eq!(text(&['𝛾'], 5.0), "γ");
        assert_eq!(text(&['\u{AD}'], 3.0), "-");
        assert_eq!(text(&['\u{AD}'], 0.0), "");
    }
}
