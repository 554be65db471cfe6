//! Attention within one text (Vaswani et al. 2017).

mod in_bf16;
mod in_f32;
mod size;

pub(super) use self::size::COLUMNS;
use self::size::Size;

/// The factor by which queries are multiplied beforehand, so that 2 to the power of their products with the keys is the
/// softmax before its division.
pub(super) fn query_scale(head_width: usize) -> f32 {
    std::f32::consts::LOG2_E / (head_width as f32).sqrt()
}

/// Buffers for one head, reused for all texts.
#[derive(Debug, Default)]
pub(super) struct Attention {
    in_f32: in_f32::Attention,
    in_bf16: in_bf16::Attention,
}

impl Attention {
    /// The attention within one text, with products of bf16 numbers if the CPU supports them. `queries`: those of the
    /// requested tokens, scaled by [`query_scale`], `[asked, width]`; `keys_values`: keys and values side by side, of
    /// all tokens, `[length, 2 · width]`; `context`: `[asked, width]`.
    #[target_feature(enable = "avx512f")]
    pub(super) fn forward(
        &mut self,
        queries: &[f32],
        keys_values: &[f32],
        heads: usize,
        context: &mut [f32],
        width: usize,
    ) {
        let size = Size { length: keys_values.len() / (2 * width), width, head_width: width / heads };
        if in_bf16::fits(size) {
            // SAFETY: the CPU has the features, checked above.
            unsafe { self.in_bf16.forward(queries, keys_values, size, context) };
        } else {
            self.in_f32.forward(queries, keys_values, size, context);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scalar;
    use super::super::tests::{can_run, pseudo_random};
    use super::*;
    use proptest::prelude::*;

    const HEADS: usize = 3;

    /// Computed in f64.
    fn exact(queries: &[f32], keys_values: &[f32], size: Size) -> Vec<f32> {
        let Size { width, head_width, .. } = size;
        let mut context = Vec::new();
        for query in queries.chunks_exact(width) {
            for (head, query) in query.chunks_exact(head_width).enumerate() {
                let columns = head * head_width..(head + 1) * head_width;
                let score = |row: &[f32]| {
                    let products = query.iter().zip(&row[columns.clone()]).map(|(a, b)| f64::from(*a) * f64::from(*b));
                    products.sum::<f64>()
                };
                let shares: Vec<f64> = keys_values.chunks_exact(2 * width).map(|row| score(row).exp2()).collect();
                let total: f64 = shares.iter().sum();
                for column in columns.clone() {
                    let values = keys_values.chunks_exact(2 * width).map(|row| f64::from(row[width + column]));
                    context.push((values.zip(&shares).map(|(value, share)| value * share).sum::<f64>() / total) as f32);
                }
            }
        }
        context
    }

    /// Computed by the scalar reference of the f32 kernel.
    fn scalar_context(queries: &[f32], keys_values: &[f32], size: Size) -> Vec<f32> {
        let Size { width, head_width, .. } = size;
        let mut context = Vec::new();
        for query in queries.chunks_exact(width) {
            for (head, query) in query.chunks_exact(head_width).enumerate() {
                let of_head = |offset: usize| -> Vec<&[f32]> {
                    let rows = keys_values.chunks_exact(2 * width);
                    rows.map(|row| &row[offset + head * head_width..][..head_width]).collect()
                };
                context.extend(scalar::attention(query, &of_head(0), &of_head(width), COLUMNS));
            }
        }
        context
    }

    /// Random inputs whose scores are between about -8 and 8.
    fn text(asked: usize, size: Size, seed: u64) -> (Vec<f32>, Vec<f32>) {
        let queries = pseudo_random(asked * size.width, seed).iter().map(|number| number * 2.0).collect();
        (queries, pseudo_random(size.length * 2 * size.width, seed ^ 5))
    }

    fn assert_near(context: &[f32], exact: &[f32], most: f32) -> Result<(), TestCaseError> {
        for (number, exact) in context.iter().zip(exact) {
            prop_assert!((number - exact).abs() < most, "{number} is not {exact}");
        }
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn context_is_that_of_the_paper(
            length in 1usize..150,
            asked in 1usize..40,
            blocks in 1usize..3,
            seed in any::<u64>(),
        ) {
            if !can_run() {
                return Ok(());
            }
            let size = Size { length, width: HEADS * blocks * COLUMNS, head_width: blocks * COLUMNS };
            let (queries, keys_values) = text(asked, size, seed);
            let exact = exact(&queries, &keys_values, size);
            let mut context = vec![0.0; queries.len()];
            let mut attention = Attention::default();
            // SAFETY: the CPU has the features, checked above.
            unsafe { attention.in_f32.forward(&queries, &keys_values, size, &mut context) };
            assert_near(&context, &exact, 1e-5)?;
            assert_eq!(context, scalar_context(&queries, &keys_values, size));
            if in_bf16::fits(size) {
                // SAFETY: the CPU has the features, checked above.
                unsafe { attention.in_bf16.forward(&queries, &keys_values, size, &mut context) };
                // bf16 has 8 bits of precision, and the errors of the many products are independent.
                assert_near(&context, &exact, 0.02)?;
            }
        }
    }

    #[test]
    fn long_texts_and_high_scores_are_no_different() {
        if !can_run() {
            return;
        }
        let size = Size { length: 1100, width: COLUMNS, head_width: COLUMNS };
        let (queries, keys_values) = text(9, size, 7);
        let queries: Vec<f32> = queries.iter().map(|number| number * 30.0).collect();
        let exact = exact(&queries, &keys_values, size);
        let mut context = vec![0.0; queries.len()];
        // SAFETY: the CPU has the features, checked above.
        unsafe { Attention::default().forward(&queries, &keys_values, 1, &mut context, COLUMNS) };
        // A score of 100 or more in bf16 has an error of up to half a step of 1.
        let cosine = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        let similarity = cosine(&context, &exact) / (cosine(&context, &context) * cosine(&exact, &exact)).sqrt();
        assert!(similarity > 0.95, "{similarity}");
    }
}
