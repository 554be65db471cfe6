//! Reads the weights of a model by name.

use std::collections::HashMap;
use std::path::PathBuf;

use tch::{Kind, Tensor};

use super::EmbedError;
use super::model::bad;

/// `model.safetensors`, read whole.
#[derive(Debug)]
pub(super) struct Checkpoint {
    file: PathBuf,
    tensors: HashMap<String, Tensor>,
    /// The prefix of names: empty for a bare encoder, "bert." for a model with a head.
    prefix: &'static str,
    kind: Kind,
}

impl Checkpoint {
    /// Reads the file. Its weights are converted to `kind`.
    pub(super) fn read(file: PathBuf, kind: Kind) -> Result<Self, EmbedError> {
        let tensors = Tensor::read_safetensors(&file).map_err(|error| bad(&file, &error))?;
        let tensors: HashMap<String, Tensor> = tensors.into_iter().collect();
        let prefix = if tensors.keys().any(|name| name.starts_with("bert.")) { "bert." } else { "" };
        Ok(Self { file, tensors, prefix, kind })
    }

    /// The weights with a name, which must have the given shape.
    pub(super) fn get(&self, name: &str, shape: &[i64]) -> Result<Tensor, EmbedError> {
        let name = format!("{}{name}", self.prefix);
        let tensor = self.tensors.get(&name).ok_or_else(|| bad(&self.file, &format!("it has no {name}")))?;
        if tensor.size() != shape {
            let reason = format!("{name} has the shape {:?}, expected {shape:?}", tensor.size());
            return Err(bad(&self.file, &reason));
        }
        Ok(tensor.to_kind(self.kind))
    }
}
