//! Names of queries and documents in a test collection.

use std::borrow::Borrow;
use std::fmt;

/// The name of a query. A type of its own because queries and documents are both numbered in most collections, and one
/// taken for the other gives a score of zero instead of an error.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueryId(String);

/// The name of a document. Its order, by bytes, decides ties in a ranking.
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

        // Maps keyed by a name can be asked with a `&str`.
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
