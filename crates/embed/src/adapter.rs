//! A change of a model's matrices for questions, of low rank (LoRA: Hu et al. 2021).
//!
//! The product of two small matrices is added to each of the model's own, when the weights are read, so that a vector costs the
//! same. Only questions are embedded with the changed weights: passages and indexes stay as they are.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use tch::{Kind, Tensor};

use super::EmbedError;
use super::weights_file::WeightsFile;

/// The name of the file in a model's folder.
pub(super) const FILE: &str = "query_adapter.safetensors";

/// The endings of the names of the two factors, those of PEFT, which come after the name of a layer.
const DOWN: &str = ".lora_A.weight";
const UP: &str = ".lora_B.weight";

/// The factors of the change of each matrix.
#[derive(Debug)]
pub struct Adapter {
    path: PathBuf,
    /// By the name of the matrix.
    factors: HashMap<String, Factors>,
}

#[derive(Debug)]
struct Factors {
    rank: i64,
    /// `[rank, from]`
    down: Vec<f32>,
    /// `[to, rank]`. A factor of the change is in it.
    up: Vec<f32>,
}

impl Adapter {
    /// Reads the two factors of each matrix, in floating point numbers of any size.
    ///
    /// # Errors
    /// The file cannot be read, or has a tensor that is not one of two factors that can be multiplied.
    pub(super) fn read(path: &Path) -> Result<Self, EmbedError> {
        let file = WeightsFile::open(path.to_owned())?;
        let tensors = file.tensors()?;
        let mut factors = HashMap::new();
        for name in tensors.names() {
            let Some(layer) = name.strip_suffix(DOWN).or_else(|| name.strip_suffix(UP)) else {
                return Err(tensors.bad(&format!("{name} is no factor: it ends neither in {DOWN} nor in {UP}")));
            };
            let factor = |ending: &str| tensors.get(&format!("{layer}{ending}")).map(|read| read.to_kind(Kind::Float));
            let (down, up) = (factor(DOWN)?, factor(UP)?);
            let rank = match (&*down.size(), &*up.size()) {
                ([rank, _], [_, of_up]) if rank == of_up && *rank > 0 => *rank,
                (down, up) => {
                    let reason = format!("the factors of {layer} have the shapes {up:?} and {down:?}");
                    return Err(tensors.bad(&reason));
                }
            };
            let numbers = |factor: Tensor| Vec::try_from(factor.flatten(0, -1)).map_err(|error| tensors.bad(&error));
            factors.insert(format!("{layer}.weight"), Factors { rank, down: numbers(down)?, up: numbers(up)? });
        }
        Ok(Self { path: path.to_owned(), factors })
    }

    /// The names of the matrices that it changes.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.factors.keys().map(String::as_str)
    }

    /// The matrix of this name, changed if it is one of those.
    ///
    /// # Errors
    /// The change has another shape.
    pub(super) fn applied(&self, name: &str, matrix: Tensor) -> Result<Tensor, EmbedError> {
        let Some(Factors { rank, down, up }) = self.factors.get(name) else { return Ok(matrix) };
        let change = Tensor::from_slice(up).view([-1, *rank]).matmul(&Tensor::from_slice(down).view([*rank, -1]));
        if change.size() != matrix.size() {
            let reason =
                format!("it changes {name} of the shape {:?}, the model's has {:?}", change.size(), matrix.size());
            return Err(self.bad(&reason));
        }
        Ok(matrix.to_kind(Kind::Float) + change)
    }

    /// The error that this file cannot be used.
    pub(super) fn bad(&self, reason: &str) -> EmbedError {
        EmbedError::bad_file(&self.path, &reason)
    }
}
