//! Ids of queries and documents in a test collection.

use std::borrow::Borrow;
use std::fmt;

/// The id of a query. It is a type of its own, because most collections number both queries and documents, and a mix-up of the
/// two gives a score of zero instead of an error.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueryId(String);

/// The id of a document. Ties in a ranking are ordered by the bytes of the id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId(String);

macro_rules! name {
    ($type:ident) => {
        impl $type {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<T: Into<String>> From<T> for $type {
            fn from(name: T) -> Self {
                Self(name.into())
            }
        }

        // Allows lookups by `&str` in maps with this key.
        impl Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(QueryId);
name!(DocumentId);
