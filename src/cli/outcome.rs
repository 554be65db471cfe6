//! Outcomes of commands.

/// The outcome of a command that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Exit code 0.
    Success,
    /// Exit code 1: nothing was found, some files could not be read, or a quotation is not verbatim.
    Partial,
}
