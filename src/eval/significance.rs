//! Tests whether the difference between two systems is statistically significant.

use super::metrics::mean;

/// Number of random assignments of the randomisation test. The standard error of a p value of .05 is then below .001.
const ASSIGNMENTS: u32 = 100_000;
/// Number of resamples of the bootstrap.
const RESAMPLES: usize = 10_000;
/// Seed of the random numbers. It is fixed, so that the same values give the same result.
const SEED: u64 = 0x5712_0a4a;

/// The comparison of two systems by their values on the same queries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Mean of second minus first, over queries.
    pub difference: f64,
    /// The 95 % interval of `difference`, by the percentile bootstrap over queries (Efron, 1979; Sakai, SIGIR 2006).
    pub interval: (f64, f64),
    /// The probability of a difference at least this large, in either direction, if the systems were equal.
    pub p: f64,
}

/// Compares two systems by their (first, second) values on each query; `None` if there are no queries.
///
/// The test is the two-sided paired randomisation test (Fisher's), which Smucker, Allan and Carterette, "A comparison of
/// statistical significance tests for information retrieval evaluation", CIKM 2007, recommend: if the systems were equal, the
/// two values of each pair could be exchanged.
pub fn compare(pairs: &[(f64, f64)]) -> Option<Comparison> {
    if pairs.is_empty() {
        return None;
    }
    let differences: Vec<f64> = pairs.iter().map(|(first, second)| second - first).collect();
    let mut random = Random(SEED);
    Some(Comparison {
        difference: mean(differences.iter().copied()),
        p: randomisation(&differences, &mut random),
        interval: bootstrap(&differences, &mut random),
    })
}

/// The share of sign assignments whose sum is at least as far from 0 as the observed sum. The observed assignment is
/// included.
fn randomisation(differences: &[f64], random: &mut Random) -> f64 {
    let observed = differences.iter().sum::<f64>().abs();
    // Sums of the same values in another order may differ in their last bits, which must not count.
    let reached = |sum: f64| sum.abs() >= observed - 1e-9;
    let extreme = (0..ASSIGNMENTS).filter(|_| reached(with_random_signs(differences, random))).count();
    (extreme as f64 + 1.0) / (f64::from(ASSIGNMENTS) + 1.0)
}

fn with_random_signs(differences: &[f64], random: &mut Random) -> f64 {
    let mut sum = 0.0;
    for chunk in differences.chunks(64) {
        let mut bits = random.next();
        for difference in chunk {
            sum += if bits & 1 == 0 { *difference } else { -*difference };
            bits >>= 1;
        }
    }
    sum
}

fn bootstrap(differences: &[f64], random: &mut Random) -> (f64, f64) {
    let resample = |_| mean((0..differences.len()).map(|_| differences[random.below(differences.len())]));
    let mut means: Vec<f64> = (0..RESAMPLES).map(resample).collect();
    means.sort_by(f64::total_cmp);
    (means[RESAMPLES / 40], means[RESAMPLES - 1 - RESAMPLES / 40])
}

/// `SplitMix64` (Steele, Lea and Flood, OOPSLA 2014). It is implemented here, because results must not change with the version
/// of a crate.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, computed as the high half of a product. Its bias is below one in 2^40 for a million
    /// queries.
    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_few_pairs_by_hand() {
        // All five differences are equal: 2 of the 32 assignments of signs give a sum as far from 0.
        let result = compare(&[(0.0, 0.1); 5]).expect("there are pairs");
        assert!((result.difference - 0.1).abs() < 1e-12);
        assert!((result.p - 2.0 / 32.0).abs() < 0.003, "{}", result.p);
        assert!((result.interval.0 - 0.1).abs() < 1e-12 && (result.interval.1 - 0.1).abs() < 1e-12);
        // Differences 1, 2, 3, 4, where that of 1 has the other sign: the sum is 8. Of the 16 sums, 4 are as far from
        // 0: ±8 and ±10.
        let result = compare(&[(1.0, 0.0), (0.0, 2.0), (0.0, 3.0), (0.0, 4.0)]).expect("there are pairs");
        assert!((result.p - 4.0 / 16.0).abs() < 0.005, "{}", result.p);
    }

    #[test]
    fn the_same_system_is_not_different_and_nothing_cannot_be_compared() {
        let result = compare(&[(0.3, 0.3), (0.9, 0.9)]).expect("there are pairs");
        assert_eq!((result.difference, result.p, result.interval), (0.0, 1.0, (0.0, 0.0)));
        assert_eq!(compare(&[]), None);
    }

    #[test]
    fn a_clear_difference_is_clear() {
        let pairs: Vec<(f64, f64)> = (0..200).map(|i| (0.5, 0.5 + f64::from(i % 7 - 2) / 10.0)).collect();
        let result = compare(&pairs).expect("there are pairs");
        assert!(result.p < 1e-4 && result.interval.0 > 0.0, "{result:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn turning_the_systems_round_turns_the_difference(
            pairs in prop::collection::vec((0.0..=1.0f64, 0.0..=1.0f64), 1..30)
        ) {
            let turned: Vec<_> = pairs.iter().map(|(first, second)| (*second, *first)).collect();
            let (forth, back) = (compare(&pairs).expect("pairs"), compare(&turned).expect("pairs"));
            prop_assert!((forth.difference + back.difference).abs() < 1e-12);
            prop_assert_eq!(forth.p, back.p);
            prop_assert!(forth.interval.0 <= forth.interval.1 && (0.0..=1.0).contains(&forth.p));
        }
    }
}
