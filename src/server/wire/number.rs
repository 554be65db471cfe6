//! Whole numbers as JSON Schema sees them: `20.0` is one.

use std::fmt;

use serde::de::{Deserializer, Error, Unexpected, Visitor};

/// Reads a whole number that may be `null`.
pub(super) fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    deserializer.deserialize_any(Whole)
}

struct Whole;

impl Visitor<'_> for Whole {
    type Value = Option<i64>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number")
    }

    fn visit_unit<E: Error>(self) -> Result<Option<i64>, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Option<i64>, E> {
        Ok(Some(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Option<i64>, E> {
        // Far out of any range that is asked for, and refused as such.
        Ok(Some(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Option<i64>, E> {
        if number.fract() != 0.0 {
            return Err(E::invalid_type(Unexpected::Float(number), &self));
        }
        #[expect(clippy::cast_possible_truncation, reason = "it has no fraction, and what is too large saturates")]
        let whole = number as i64;
        Ok(Some(whole))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<i64>, String> {
        whole(&mut serde_json::Deserializer::from_str(text)).map_err(|error| error.to_string())
    }

    #[test]
    fn whole_numbers_in_any_spelling() {
        assert_eq!(read("20"), Ok(Some(20)));
        assert_eq!(read("-2.0e1"), Ok(Some(-20)));
        assert_eq!(read("null"), Ok(None));
        assert_eq!(read("1e300"), Ok(Some(i64::MAX)));
        assert_eq!(read("18446744073709551615"), Ok(Some(i64::MAX)));
        assert!(read("1.5").is_err_and(|error| error.contains("1.5") && error.contains("a whole number")));
        assert!(read("\"1\"").is_err());
    }
}
