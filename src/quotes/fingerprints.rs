//! Selects fingerprints of normalised texts by winnowing (Schleimer, Wilkerson & Aiken, 2003): of each few hashes in a row the
//! smallest. What is selected depends on the text around it alone, so that two texts with a long enough run in common share all
//! fingerprints of that run.

use xxhash_rust::xxh3::xxh3_64;

/// Number of bytes that are hashed together.
const BYTES: usize = 12;

/// Number of hashes in a row of which the smallest is selected.
const WINDOW: usize = 8;

/// Runs of so many bytes have a fingerprint that each text with the same run has.
pub(super) const GUARANTEED: usize = BYTES + WINDOW - 1;

/// The hashes of all runs of [`BYTES`] bytes, in order.
pub(super) fn hashes(text: &str) -> impl Iterator<Item = u32> + '_ {
    text.as_bytes().windows(BYTES).map(|bytes| xxh3_64(bytes) as u32)
}

/// The selected hashes, in order; none of a text shorter than [`GUARANTEED`].
pub(super) fn fingerprints(text: &str) -> Vec<u32> {
    let hashes: Vec<u32> = hashes(text).collect();
    let mut selected = Vec::new();
    let mut last = None;
    for (start, window) in hashes.windows(WINDOW).enumerate() {
        // The rightmost of equal ones, so that repetitive text has few.
        let smallest = window.iter().enumerate().rev().min_by_key(|(_, hash)| **hash);
        if let Some((offset, hash)) = smallest
            && last != Some(start + offset)
        {
            selected.push(*hash);
            last = Some(start + offset);
        }
    }
    selected
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A run that is in a text has its fingerprints there, too.
        #[test]
        fn runs_in_common_have_their_fingerprints_in_common(
            before in "[a-d]{0,30}", run in "[a-d]{19,60}", after in "[a-d]{0,30}",
        ) {
            let of_run = fingerprints(&run);
            let of_text = fingerprints(&format!("{before}{run}{after}"));
            prop_assert!(!of_run.is_empty());
            prop_assert!(of_run.iter().all(|one| of_text.contains(one)));
        }
    }

    #[test]
    fn short_texts_have_none() {
        assert!(fingerprints(&"abcdefghijklmnopqr"[..GUARANTEED - 1]).is_empty());
        assert_eq!(fingerprints("abcdefghijklmnopqrs").len(), 1);
    }
}
