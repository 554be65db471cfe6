//! Converts digits and signs to and from Unicode superscripts.

use super::dash::is_dash;

const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];

/// The superscript form of a digit, a plus or a minus.
pub(super) fn to_superscript(character: char) -> Option<char> {
    match character {
        '+' => Some('⁺'),
        _ if is_dash(character) => Some('⁻'),
        _ => DIGITS.get(character.to_digit(10)? as usize).copied(),
    }
}

/// The plain form of a superscript digit.
pub(super) fn from_superscript(character: char) -> Option<char> {
    let digit = DIGITS.iter().position(|&to_superscript| to_superscript == character)?;
    char::from_digit(u32::try_from(digit).ok()?, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_raised_and_brought_back() {
        for digit in '0'..='9' {
            assert_eq!(to_superscript(digit).and_then(from_superscript), Some(digit));
        }
        assert_eq!(
            (to_superscript('−'), to_superscript('+'), to_superscript('a'), from_superscript('1')),
            (Some('⁻'), Some('⁺'), None, None)
        );
    }
}
