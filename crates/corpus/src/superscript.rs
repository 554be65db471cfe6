//! Unicode's superscript digits and signs.

use super::dash::is_dash;

const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];

/// The superscript form of a digit, a plus or a minus.
pub(super) fn raised(character: char) -> Option<char> {
    match character {
        '+' => Some('⁺'),
        _ if is_dash(character) => Some('⁻'),
        _ => DIGITS.get(character.to_digit(10)? as usize).copied(),
    }
}

/// The plain form of a superscript digit.
pub(super) fn plain_digit(character: char) -> Option<char> {
    let digit = DIGITS.iter().position(|&raised| raised == character)?;
    char::from_digit(u32::try_from(digit).ok()?, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_raised_and_brought_back() {
        for digit in '0'..='9' {
            assert_eq!(raised(digit).and_then(plain_digit), Some(digit));
        }
        assert_eq!((raised('−'), raised('+'), raised('a'), plain_digit('1')), (Some('⁻'), Some('⁺'), None, None));
    }
}
