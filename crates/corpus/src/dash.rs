//! Hyphens, dashes and the minus sign.

/// Whether a character can join the two ends of a range of numbers or the parts of a word.
pub(super) fn is_dash(character: char) -> bool {
    matches!(character, '-' | '\u{2010}'..='\u{2014}' | '−')
}
