//! Batches of similar length.

use std::ops::Range;

/// The maximum size of a batch.
#[derive(Debug, Clone, Copy)]
pub struct TokenBudget {
    /// Maximum number of tokens of a batch, including padding.
    pub tokens: usize,
    /// Maximum number of sequences of a batch.
    pub sequences: usize,
}

impl Default for TokenBudget {
    /// Measured on two-core machines: larger batches do not fit into the caches, smaller ones have more overhead per call.
    fn default() -> Self {
        Self { tokens: 4096, sequences: 128 }
    }
}

/// Batches are padded to a multiple of this many tokens. libtorch compiles a matrix product for each shape, which takes
/// longer than a short question, and caches a bounded number of them.
const PADDING_STEP: usize = 8;

/// The length to which a batch is padded, if its longest sequence has `longest` tokens and the model reads `most`.
pub(super) fn padded_length(longest: usize, most: usize) -> usize {
    longest.next_multiple_of(PADDING_STEP).min(most.max(longest))
}

/// Splits sequences sorted by length (the longest first) into batches within the budget. A batch has at least one sequence.
///
/// `lengths` must not increase. Each range is a batch, padded to the length of its first sequence.
pub(super) fn batches(lengths: &[usize], budget: TokenBudget) -> Vec<Range<usize>> {
    let mut cuts = Vec::new();
    let mut start = 0;
    while start < lengths.len() {
        let fitting = budget.tokens / padded_length(lengths[start].max(1), usize::MAX);
        let end = (start + fitting.clamp(1, budget.sequences.max(1))).min(lengths.len());
        cuts.push(start..end);
        start = end;
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn batches_of_long_sequences_are_small() {
        let budget = TokenBudget { tokens: 112, sequences: 4 };
        assert_eq!(batches(&[60, 50, 20, 20, 20, 20, 20], budget), vec![0..1, 1..3, 3..7]);
        assert_eq!(batches(&[500], budget), vec![0..1]);
        assert!(batches(&[], budget).is_empty());
    }

    #[test]
    fn lengths_are_padded_in_steps_up_to_the_models() {
        assert_eq!([1, 8, 9, 250].map(|longest| padded_length(longest, 256)), [8, 8, 16, 256]);
        assert_eq!(padded_length(250, 252), 252);
    }

    proptest! {
        #[test]
        fn every_sequence_is_in_one_batch_within_the_budget(mut lengths in prop::collection::vec(0usize..300, 0..80)) {
            lengths.sort_by(|a, b| b.cmp(a));
            let budget = TokenBudget { tokens: 512, sequences: 16 };
            let cuts = batches(&lengths, budget);
            let covered: Vec<usize> = cuts.iter().cloned().flatten().collect();
            prop_assert_eq!(covered, (0..lengths.len()).collect::<Vec<_>>());
            for cut in cuts {
                prop_assert!(cut.len() <= budget.sequences);
                prop_assert!(cut.len() == 1 || cut.len() * lengths[cut.start] <= budget.tokens);
            }
        }
    }
}
