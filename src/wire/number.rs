//! Whole numbers of a range.

use std::fmt;

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::error::RequestError;

/// A whole number from `LEAST` to `MOST`, as the description of the interface says. Any whole number is read, so that one
/// out of range is refused by name. `20.0` is a whole number, as it is to JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Whole<const LEAST: i64, const MOST: i64>(i64);

impl<const LEAST: i64, const MOST: i64> Whole<LEAST, MOST> {
    /// The number that is given for the parameter `name`, or the default.
    ///
    /// # Errors
    /// [`RequestError::OutOfRange`].
    pub fn value_or(given: Option<Self>, name: &'static str, default: usize) -> Result<usize, RequestError> {
        given.map_or(Ok(default), |given| given.get(name))
    }

    /// The number; `name` is that of the parameter.
    ///
    /// # Errors
    /// [`RequestError::OutOfRange`].
    pub(super) fn get(self, name: &'static str) -> Result<usize, RequestError> {
        match usize::try_from(self.0) {
            Ok(number) if (LEAST..=MOST).contains(&self.0) => Ok(number),
            _ => Err(RequestError::OutOfRange { name, given: self.0, least: LEAST, most: MOST }),
        }
    }
}

/// The first to the last year that papers can be of.
pub type Year = Whole<0, 9999>;

/// The year as it is indexed.
pub fn year(name: &'static str, given: Option<Year>) -> Result<Option<u16>, RequestError> {
    let year = given.map(|year| year.get(name)).transpose()?;
    Ok(year.and_then(|year| u16::try_from(year).ok()))
}

impl<const LEAST: i64, const MOST: i64> PartialSchema for Whole<LEAST, MOST> {
    fn schema() -> RefOr<Schema> {
        let schema: ObjectBuilder = Object::builder().schema_type(Type::Integer).minimum(Some(LEAST));
        schema.maximum((MOST < i64::MAX).then_some(MOST)).into()
    }
}

impl<const LEAST: i64, const MOST: i64> ToSchema for Whole<LEAST, MOST> {}

impl<'de, const LEAST: i64, const MOST: i64> Deserialize<'de> for Whole<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let refuse = |error| D::Error::custom(format_args!("expected a whole number from {LEAST} to {MOST}: {error}"));
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
        // Far out of any range, and refused as such.
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
            let refused = Err(RequestError::OutOfRange { name: "limit", given, least: 1, most: 100 });
            assert_eq!(Whole::<1, 100>(given).get("limit"), refused);
        }
    }
}
