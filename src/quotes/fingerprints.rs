//! Selects fingerprints of normalised texts by winnowing (Schleimer, Wilkerson & Aiken, 2003): the smallest hash of
//! each window. The selection depends only on the local text, so that two texts with a long enough common run share all
//! fingerprints of that run.

use xxhash_rust::xxh3::xxh3_64;

/// Number of bytes that are hashed together.
const BYTES: usize = 12;

/// Number of consecutive hashes of which the smallest is selected.
const WINDOW: usize = 8;

/// Each run of this many bytes has a fingerprint, which all texts with the same run share.
pub(super) const GUARANTEED: usize = BYTES + WINDOW - 1;

/// The hashes of all runs of [`BYTES`] bytes, in order.
pub(super) fn hashes(text: &str) -> impl Iterator<Item = u32> + '_ {
    text.as_bytes().windows(BYTES).map(|bytes| xxh3_64(bytes) as u32)
}

/// The selected hashes, in order; none for a text shorter than [`GUARANTEED`].
pub(super) fn fingerprints(text: &str) -> Vec<u32> {
    let hashes: Vec<u32> = hashes(text).collect();
    let mut selected = Vec::new();
    let mut last = None;
    for (start, window) in hashes.windows(WINDOW).enumerate() {
        // The rightmost of equal hashes, so that repetitive text has few fingerprints.
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
        /// A run that a text contains has its fingerprints in the text.
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
