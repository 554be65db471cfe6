//! Composes letters with accents that are drawn as separate glyphs over or beside them: `u¨` becomes `ü`.

use unicode_normalization::char::compose;

use super::page::Glyph;

/// The combining form of a spacing accent.
fn combining(accent: char) -> Option<char> {
    Some(match accent {
        '`' | 'ˋ' => '\u{300}',
        '´' | 'ˊ' => '\u{301}',
        'ˆ' => '\u{302}',
        '˜' => '\u{303}',
        '¯' => '\u{304}',
        '˘' => '\u{306}',
        '˙' => '\u{307}',
        '¨' => '\u{308}',
        '˚' => '\u{30A}',
        '˝' => '\u{30B}',
        'ˇ' => '\u{30C}',
        '¸' => '\u{327}',
        '˛' => '\u{328}',
        _ => return None,
    })
}

/// Replaces letters and the accents over them by composed letters.
pub(super) fn compose_accents(glyphs: &[Glyph]) -> Vec<Glyph> {
    let mut out: Vec<Glyph> = Vec::with_capacity(glyphs.len());
    let mut pending: Option<(Glyph, char)> = None;
    for glyph in glyphs {
        if let Some((accent, mark)) = pending.take() {
            match over(&accent, glyph).then(|| join(glyph.character, mark)).flatten() {
                Some(character) => {
                    out.push(Glyph { character, ..*glyph });
                    continue;
                }
                None => out.push(accent),
            }
        }
        let Some(mark) = combining(glyph.character) else {
            out.push(*glyph);
            continue;
        };
        match out.last_mut().filter(|last| over(glyph, last)).and_then(|last| Some((join(last.character, mark)?, last)))
        {
            Some((character, last)) => last.character = character,
            None => pending = Some((*glyph, mark)),
        }
    }
    out.extend(pending.map(|(accent, _)| accent));
    out
}

/// Whether most of the accent's width is over the letter.
fn over(accent: &Glyph, letter: &Glyph) -> bool {
    let common = accent.x1.min(letter.x1) - accent.x0.max(letter.x0);
    common > 0.5 * (accent.x1 - accent.x0).min(letter.x1 - letter.x0)
        && (accent.y - letter.y).abs() < 0.6 * letter.size
        && letter.character.is_alphabetic()
}

fn join(letter: char, mark: char) -> Option<char> {
    compose(if letter == 'ı' { 'i' } else { letter }, mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glyph(character: char, x0: f32, x1: f32) -> Glyph {
        Glyph { character, x0, x1, y: 10.0, size: 10.0, font: 0, rotated: false }
    }

    #[test]
    fn accents_join_the_letter_before_or_after() {
        let text = |glyphs: &[Glyph]| compose_accents(glyphs).iter().map(|glyph| glyph.character).collect::<String>();
        assert_eq!(text(&[glyph('u', 0.0, 5.0), glyph('¨', 0.5, 4.5), glyph('r', 5.0, 8.0)]), "ür");
        assert_eq!(text(&[glyph('´', 0.5, 4.0), glyph('n', 0.0, 5.0)]), "ń");
        assert_eq!(text(&[glyph('x', 0.0, 5.0), glyph('˜', 6.0, 10.0), glyph('5', 11.0, 16.0)]), "x˜5");
    }
}
