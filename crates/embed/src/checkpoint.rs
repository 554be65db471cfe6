//! Reads the weights of a model by name, changed by its adapter.

use tch::{Kind, Tensor};

use super::EmbedError;
use super::adapter::Adapter;
use super::weights_file::{NamedTensors, WeightsFile};

/// The weights in a file.
#[derive(Debug)]
pub(super) struct Checkpoint<'a> {
    tensors: NamedTensors<'a>,
    adapter: Option<&'a Adapter>,
    /// The prefix of names: empty for a bare encoder, "bert." for a model with a head.
    prefix: &'static str,
    kind: Kind,
}

impl<'a> Checkpoint<'a> {
    /// Reads the names and shapes. Weights are changed by the adapter, and then converted to `kind`.
    ///
    /// # Errors
    /// The file cannot be read; the adapter changes matrices that it does not have.
    pub(super) fn read(file: &'a WeightsFile, adapter: Option<&'a Adapter>, kind: Kind) -> Result<Self, EmbedError> {
        let tensors = file.tensors()?;
        let names = tensors.names();
        let prefix = if names.iter().any(|name| name.starts_with("bert.")) { "bert." } else { "" };
        let is_there = |name: &str| names.iter().any(|own| own.strip_prefix(prefix) == Some(name));
        if let Some(adapter) = adapter
            && let Some(name) = adapter.names().find(|name| !is_there(name))
        {
            return Err(adapter.bad(&format!("it changes {name}, which the model does not have")));
        }
        Ok(Self { tensors, adapter, prefix, kind })
    }

    /// The kind to which weights are converted.
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// The weights with a name, which must have the given shape.
    pub(super) fn get(&self, name: &str, shape: &[i64]) -> Result<Tensor, EmbedError> {
        let tensor = self.tensors.get(&format!("{}{name}", self.prefix))?;
        if tensor.size() != shape {
            let reason = format!("{}{name} has the shape {:?}, expected {shape:?}", self.prefix, tensor.size());
            return Err(self.tensors.bad(&reason));
        }
        let tensor = match self.adapter {
            Some(adapter) => adapter.applied(name, tensor)?,
            None => tensor,
        };
        Ok(tensor.to_kind(self.kind))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use safetensors::tensor::{Dtype, TensorView};

    use super::*;

    /// Tensors by name and shape.
    type Shapes<'a> = &'a [(&'a str, &'a [usize])];

    /// A file of tensors of consecutive numbers from 1 on.
    fn file(name: &str, tensors: Shapes<'_>) -> PathBuf {
        let bytes = |shape: &[usize]| -> Vec<u8> {
            (1..=shape.iter().product::<usize>()).flat_map(|number| (number as f32).to_le_bytes()).collect()
        };
        let numbers: Vec<Vec<u8>> = tensors.iter().map(|(_, shape)| bytes(shape)).collect();
        let views = tensors.iter().zip(&numbers).map(|((name, shape), numbers)| {
            (*name, TensorView::new(Dtype::F32, shape.to_vec(), numbers).expect("a tensor"))
        });
        let path = std::env::temp_dir().join(format!("stroma-checkpoint-{}-{name}", std::process::id()));
        std::fs::write(&path, safetensors::serialize(views, &None).expect("a file")).expect("written");
        path
    }

    /// The matrix `dense.weight`, `[2, 3]`, with an adapter of some tensors.
    fn adapted(name: &str, prefix: &str, adapter: Shapes<'_>) -> Result<Vec<f32>, EmbedError> {
        let [weights, bias] = ["weight", "bias"].map(|part| format!("{prefix}dense.{part}"));
        let model = file(&format!("{name}-model"), &[(&weights, &[2, 3]), (&bias, &[2])]);
        let adapter = file(name, adapter);
        let read = || {
            let (weights, adapter) = (WeightsFile::open(model.clone())?, Adapter::read(&adapter)?);
            let checkpoint = Checkpoint::read(&weights, Some(&adapter), Kind::Float)?;
            let unchanged = checkpoint.get("dense.bias", &[2])?;
            assert_eq!(Vec::<f32>::try_from(&unchanged).expect("numbers"), [1.0, 2.0]);
            let matrix = checkpoint.get("dense.weight", &[2, 3])?;
            Ok(Vec::try_from(&matrix.flatten(0, -1)).expect("numbers"))
        };
        let read = read();
        for path in [model, adapter] {
            std::fs::remove_file(path).expect("removed");
        }
        read
    }

    #[test]
    fn the_product_of_its_factors_is_added_to_a_matrix() {
        for (name, prefix) in [("bare", ""), ("headed", "bert.")] {
            let factors: [(&str, &[usize]); 2] = [("dense.lora_A.weight", &[1, 3]), ("dense.lora_B.weight", &[2, 1])];
            let matrix = adapted(name, prefix, &factors).expect("a matrix");
            // [1, 2, 3; 4, 5, 6] + [1; 2] · [1, 2, 3]
            assert_eq!(matrix, [2.0, 4.0, 6.0, 6.0, 9.0, 12.0]);
        }
    }

    #[test]
    fn an_adapter_for_another_model_is_refused_with_the_reason() {
        let cases: [(&str, Shapes<'_>, &str); 5] = [
            ("none", &[("dense.weight", &[2, 3])], "is no factor"),
            ("half", &[("dense.lora_A.weight", &[1, 3])], "has no dense.lora_B.weight"),
            ("ranks", &[("dense.lora_A.weight", &[1, 3]), ("dense.lora_B.weight", &[2, 2])], "have the shapes"),
            ("shape", &[("dense.lora_A.weight", &[1, 4]), ("dense.lora_B.weight", &[2, 1])], "of the shape [2, 4]"),
            ("name", &[("other.lora_A.weight", &[1, 3]), ("other.lora_B.weight", &[2, 1])], "does not have"),
        ];
        for (name, adapter, reason) in cases {
            let error = adapted(name, "", adapter).expect_err(reason).to_string();
            assert!(error.contains(reason) && error.contains(&format!("-{name} ")), "{error}");
        }
    }
}
