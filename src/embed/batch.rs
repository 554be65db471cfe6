//! Batches of similar length.

use std::ops::Range;

/// How much goes through the model at once.
#[derive(Debug, Clone, Copy)]
pub struct TokenBudget {
    /// Tokens of a batch, padding included.
    pub tokens: usize,
    /// Sequences of a batch.
    pub sequences: usize,
}

impl Default for TokenBudget {
    /// Measured on two-core machines: larger batches leave the caches, smaller ones pay the fixed cost of a call.
    fn default() -> Self {
        Self { tokens: 4096, sequences: 128 }
    }
}

/// Cuts sequences sorted by length (longest first) into batches within the budget; a batch has at least one sequence.
///
/// `lengths` must not increase. Each range is a batch, padded to the length of its first sequence.
pub(super) fn batches(lengths: &[usize], budget: TokenBudget) -> Vec<Range<usize>> {
    let mut cuts = Vec::new();
    let mut start = 0;
    while start < lengths.len() {
        let fitting = budget.tokens / lengths[start].max(1);
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
    fn long_sequences_come_few_at_a_time() {
        let budget = TokenBudget { tokens: 100, sequences: 4 };
        assert_eq!(batches(&[60, 50, 20, 20, 20, 20, 20], budget), vec![0..1, 1..3, 3..7]);
        assert_eq!(batches(&[500], budget), vec![0..1]);
        assert!(batches(&[], budget).is_empty());
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
