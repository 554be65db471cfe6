//! A vector of length 1.

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
        let norm = values.iter().map(|value| value * value).sum::<f32>().sqrt();
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
        self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum()
    }

    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    pub fn dimension(&self) -> usize {
        self.0.len()
    }
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
    fn mean_lies_between() {
        let a = UnitVector::normalise(vec![1.0, 0.0]);
        let b = UnitVector::normalise(vec![0.0, 1.0]);
        let mean = UnitVector::mean(&[a.clone(), b]).expect("two vectors");
        assert!((mean.cosine(&a) - std::f32::consts::FRAC_1_SQRT_2).abs() < 1e-6);
        assert!(UnitVector::mean(&[]).is_none());
    }
}
