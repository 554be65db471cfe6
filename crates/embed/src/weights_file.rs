//! A file of tensors, mapped into memory.

use std::fs::File;
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use safetensors::SafeTensors;
use tch::Tensor;

use super::EmbedError;

/// A file such as `model.safetensors`: about 100 MB, each part of which is copied once, where it is used.
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

    /// Reads the names and shapes.
    pub(super) fn tensors(&self) -> Result<NamedTensors<'_>, EmbedError> {
        let tensors =
            SafeTensors::deserialize(&self.bytes).map_err(|error| EmbedError::bad_file(&self.path, &error))?;
        Ok(NamedTensors { file: &self.path, tensors })
    }
}

/// The tensors in a file.
#[derive(Debug)]
pub(super) struct NamedTensors<'a> {
    file: &'a Path,
    tensors: SafeTensors<'a>,
}

impl NamedTensors<'_> {
    pub(super) fn names(&self) -> Vec<&str> {
        self.tensors.names().into_iter().map(String::as_str).collect()
    }

    /// A copy of the tensor with a name.
    pub(super) fn get(&self, name: &str) -> Result<Tensor, EmbedError> {
        let view = self.tensors.tensor(name).map_err(|_| self.bad(&format!("it has no {name}")))?;
        Tensor::try_from(view).map_err(|error| self.bad(&error))
    }

    /// The error that this file cannot be used.
    pub(super) fn bad(&self, reason: &dyn std::fmt::Display) -> EmbedError {
        EmbedError::bad_file(self.file, reason)
    }
}
