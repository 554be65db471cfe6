//! Integers within a range.

use std::fmt;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::error::RequestError;

/// A whole number from `MIN` to `MAX`, which are also in the OpenAPI document. Any whole number is parsed, so that the error for one
/// that is out of range names the parameter. `20.0` is a whole number, as in JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Whole<const MIN: i64, const MAX: i64>(i64);

impl<const MIN: i64, const MAX: i64> Whole<MIN, MAX> {
    /// The value of the parameter `name`, or the default.
    ///
    /// # Errors
    /// [`RequestError::OutOfRange`].
    pub fn value_or(given: Option<Self>, name: &'static str, default: usize) -> Result<usize, RequestError> {
        given.map_or(Ok(default), |given| given.get(name))
    }

    /// The value of the parameter `name`.
    ///
    /// # Errors
    /// [`RequestError::OutOfRange`].
    pub(super) fn get(self, name: &'static str) -> Result<usize, RequestError> {
        match usize::try_from(self.0) {
            Ok(number) if (MIN..=MAX).contains(&self.0) => Ok(number),
            _ => Err(RequestError::OutOfRange { name, given: self.0, min: MIN, max: MAX }),
        }
    }
}

/// The range of years of papers.
pub type Year = Whole<0, 9999>;

/// The year in the type of the index.
pub fn year(name: &'static str, given: Option<Year>) -> Result<Option<u16>, RequestError> {
    let year = given.map(|year| year.get(name)).transpose()?;
    Ok(year.and_then(|year| u16::try_from(year).ok()))
}

impl<const MIN: i64, const MAX: i64> PartialSchema for Whole<MIN, MAX> {
    fn schema() -> RefOr<Schema> {
        let schema: ObjectBuilder = Object::builder().schema_type(Type::Integer).minimum(Some(MIN));
        schema.maximum((MAX < i64::MAX).then_some(MAX)).into()
    }
}

impl<const MIN: i64, const MAX: i64> ToSchema for Whole<MIN, MAX> {}

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let refuse = |error| D::Error::custom(format_args!("expected a whole number from {MIN} to {MAX}: {error}"));
        deserializer.deserialize_i64(WholeVisitor).map(Self).map_err(refuse)
    }
}

struct WholeVisitor;

impl Visitor<'_> for WholeVisitor {
    type Value = i64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<i64, E> {
        Ok(number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
        // Larger numbers are out of any range.
        Ok(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<i64, E> {
        if number.fract() != 0.0 {
            return Err(E::invalid_type(Unexpected::Float(number), &self));
        }
        #[expect(clippy::cast_possible_truncation, reason = "it has no fraction, and what is too large saturates")]
        let whole = number as i64;
        Ok(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<i64, String> {
        serde_json::from_str::<Whole<1, 100>>(text).map(|whole| whole.0).map_err(|error| error.to_string())
    }

    #[test]
    fn whole_numbers_in_any_spelling() {
        assert_eq!(read("20"), Ok(20));
        assert_eq!(read("-2.0e1"), Ok(-20));
        assert_eq!(read("1e300"), Ok(i64::MAX));
        assert_eq!(read("18446744073709551615"), Ok(i64::MAX));
        assert!(read("1.5").is_err_and(|error| error.contains("1.5") && error.contains("a whole number")));
        assert!(read("\"1\"").is_err());
    }

    #[test]
    fn a_number_out_of_range_is_refused_by_name() {
        assert_eq!(Whole::<1, 100>(100).get("limit"), Ok(100));
        for given in [0, -1, 101, i64::MAX] {
            let refused = Err(RequestError::OutOfRange { name: "limit", given, min: 1, max: 100 });
            assert_eq!(Whole::<1, 100>(given).get("limit"), refused);
        }
    }
}
