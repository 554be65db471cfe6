//! Reads the weights of a model by name.

use std::fs::File;
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use safetensors::SafeTensors;
use tch::{Kind, Tensor};

use super::EmbedError;

/// `model.safetensors`, mapped into memory: about 100 MB, each part of which is copied once, where it is used.
#[derive(Debug)]
pub(super) struct WeightsFile {
    path: PathBuf,
    bytes: Mmap,
}

impl WeightsFile {
    pub(super) fn open(path: PathBuf) -> Result<Self, EmbedError> {
        let file = File::open(&path).map_err(|error| EmbedError::bad_file(&path, &error))?;
        // SAFETY: the mapping is read only, as bytes without any invariant. If another program truncates the file while
        // it is read, this process is killed; model files are replaced by renaming, which does not change the mapped
        // file.
        let bytes = unsafe { Mmap::map(&file) }.map_err(|error| EmbedError::bad_file(&path, &error))?;
        Ok(Self { path, bytes })
    }
}

/// The weights in a file.
#[derive(Debug)]
pub(super) struct Checkpoint<'a> {
    file: &'a Path,
    tensors: SafeTensors<'a>,
    /// The prefix of names: empty for a bare encoder, "bert." for a model with a head.
    prefix: &'static str,
    kind: Kind,
}

impl<'a> Checkpoint<'a> {
    /// Reads the names and shapes. Weights are converted to `kind`.
    pub(super) fn read(file: &'a WeightsFile, kind: Kind) -> Result<Self, EmbedError> {
        let tensors =
            SafeTensors::deserialize(&file.bytes).map_err(|error| EmbedError::bad_file(&file.path, &error))?;
        let prefix = if tensors.names().iter().any(|name| name.starts_with("bert.")) { "bert." } else { "" };
        Ok(Self { file: &file.path, tensors, prefix, kind })
    }

    /// The kind to which weights are converted.
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// The weights with a name, which must have the given shape.
    pub(super) fn get(&self, name: &str, shape: &[i64]) -> Result<Tensor, EmbedError> {
        let tensor = self.get_any(name)?;
        if tensor.size() != shape {
            let reason = format!("{}{name} has the shape {:?}, expected {shape:?}", self.prefix, tensor.size());
            return Err(EmbedError::bad_file(self.file, &reason));
        }
        Ok(tensor)
    }

    /// The weights with a name, of any shape.
    pub(super) fn get_any(&self, name: &str) -> Result<Tensor, EmbedError> {
        let name = format!("{}{name}", self.prefix);
        let view =
            self.tensors.tensor(&name).map_err(|_| EmbedError::bad_file(self.file, &format!("it has no {name}")))?;
        let tensor = Tensor::try_from(view).map_err(|error| EmbedError::bad_file(self.file, &error))?;
        Ok(tensor.to_kind(self.kind))
    }
}
