//! Hyphens, dashes and the minus sign.

/// Whether a character can join the two ends of a range of numbers.
///
/// Rules of other files that list dashes list fewer, and would take other text for a range with all of these.
pub(super) fn is_dash(character: char) -> bool {
    matches!(character, '-' | '\u{2010}'..='\u{2014}' | '−')
}
