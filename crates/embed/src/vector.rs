//! Vectors of length 1, and the dot product.

/// A vector whose Euclidean norm is 1, so that a dot product is a cosine. The zero vector is allowed as well.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitVector(Vec<f32>);

impl UnitVector {
    /// Scales `values` to norm 1. Values that are not finite are replaced by 0; the zero vector is not changed.
    pub fn normalise(mut values: Vec<f32>) -> Self {
        for value in &mut values {
            if !value.is_finite() {
                *value = 0.0;
            }
        }
        let norm = dot(&values, &values).sqrt();
        if norm > 0.0 {
            values.iter_mut().for_each(|value| *value /= norm);
        }
        Self(values)
    }

    /// The normalised mean of several vectors of equal dimension; `None` if there are none.
    pub fn mean(vectors: &[Self]) -> Option<Self> {
        let mut sum = vectors.first()?.0.clone();
        for vector in &vectors[1..] {
            sum.iter_mut().zip(&vector.0).for_each(|(total, value)| *total += value);
        }
        Some(Self::normalise(sum))
    }

    /// The cosine of the angle between the two, from -1 to 1.
    pub fn cosine(&self, other: &Self) -> f32 {
        dot(&self.0, &other.0)
    }

    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    pub fn dimension(&self) -> usize {
        self.0.len()
    }
}

/// The dot product of two vectors of equal dimension, the second of f32 or int8, summed in f32.
///
/// Keeps sixteen partial sums, because f32 addition in order cannot be vectorised. The order is the same on every machine. Always
/// inlined, so that callers can compile it for wider registers.
#[inline(always)]
pub fn dot<T: Copy + Into<f32>>(a: &[f32], b: &[T]) -> f32 {
    const LANES: usize = 16;
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0f32; LANES];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane].into();
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * (*b).into()).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_norm_one_whatever_comes_in() {
        let unit = UnitVector::normalise(vec![3.0, 4.0]);
        assert!((unit.as_slice()[0] - 0.6).abs() < 1e-6 && (unit.as_slice()[1] - 0.8).abs() < 1e-6);
        assert_eq!(UnitVector::normalise(vec![f32::NAN, 2.0]).as_slice(), &[0.0, 1.0]);
        assert_eq!(UnitVector::normalise(vec![0.0, 0.0]).as_slice(), &[0.0, 0.0]);
    }

    #[test]
    fn dots_are_the_sums_of_products() {
        for dimension in [0, 1, 15, 16, 40, 384] {
            let a: Vec<f32> = (0..dimension).map(|number| number as f32 - 7.0).collect();
            let b: Vec<f32> = (0..dimension).map(|number| (number % 3) as f32).collect();
            let exact: i64 = (0..dimension).map(|number| (i64::from(number) - 7) * i64::from(number % 3)).sum();
            assert_eq!(dot(&a, &b) as i64, exact, "{dimension}");
        }
    }

    #[test]
    fn mean_lies_between() {
        let a = UnitVector::normalise(vec![1.0, 0.0]);
        let b = UnitVector::normalise(vec![0.0, 1.0]);
        let mean = UnitVector::mean(&[a.clone(), b]).expect("two vectors");
        assert!((mean.cosine(&a) - std::f32::consts::FRAC_1_SQRT_2).abs() < 1e-6);
        assert!(UnitVector::mean(&[]).is_none());
    }
}
