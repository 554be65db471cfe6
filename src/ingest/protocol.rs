//! The messages between a run and its reading process. A request is one line of JSON followed by the bytes of the files; a
//! reply is one line of JSON.

use std::io::{BufRead, Read, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::reading::Reading;
use super::source::{FileVersion, LoadedFile, Paper, ReadFailure};
use crate::corpus::{Limited, Limits, ReadError};

/// One source to read.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) limits: Limits,
    pub(super) max_memory_mb: u64,
    files: Vec<File>,
}

#[derive(Debug, Serialize, Deserialize)]
struct File {
    version: FileVersion,
    /// The number of bytes of GROBID's answer, which follow those of the file, or why there is no answer.
    tei: Option<Result<u64, String>>,
    /// Number of bytes that follow: those of the file, with its bibliography.
    bytes: u64,
}

impl Request {
    fn new(files: &[LoadedFile], reading: &Reading) -> Self {
        let file = |file: &LoadedFile| {
            let tei = file.tei.as_ref().map(|tei| tei.as_ref().map(|tei| tei.len() as u64).map_err(Clone::clone));
            File { version: file.version.clone(), tei, bytes: file.bytes.len() as u64 }
        };
        Self { limits: reading.limits, max_memory_mb: reading.max_memory_mb, files: files.iter().map(file).collect() }
    }

    /// Sends a source.
    ///
    /// # Errors
    /// Those of the pipe; [`InvalidData`](std::io::ErrorKind::InvalidData) if a path is not valid Unicode.
    pub(super) fn send(files: &[LoadedFile], reading: &Reading, to: &mut impl Write) -> std::io::Result<()> {
        let line = serde_json::to_string(&Self::new(files, reading))?;
        writeln!(to, "{line}")?;
        for file in files {
            to.write_all(&file.bytes)?;
            if let Some(Ok(tei)) = &file.tei {
                to.write_all(tei)?;
            }
        }
        to.flush()
    }

    /// Receives a source; `None` at the end.
    ///
    /// # Errors
    /// Those of the pipe, or if the memory does not suffice for the bytes.
    pub(super) fn receive(from: &mut impl BufRead) -> std::io::Result<Option<(Self, Vec<LoadedFile>)>> {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let request: Self = serde_json::from_str(&line)?;
        let mut files = Vec::with_capacity(request.files.len());
        for File { version, tei, bytes } in &request.files {
            let bytes = exactly(*bytes, from)?;
            let tei = match tei {
                Some(Ok(length)) => Some(Ok(exactly(*length, from)?)),
                Some(Err(reason)) => Some(Err(reason.clone())),
                None => None,
            };
            files.push(LoadedFile { version: version.clone(), bytes, tei });
        }
        Ok(Some((request, files)))
    }
}

fn exactly(length: u64, from: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX))
        .map_err(|_| std::io::ErrorKind::OutOfMemory)?;
    from.take(length).read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < length { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
}

/// The papers, or why the source could not be read.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Reply {
    Read(Vec<Paper>),
    Failed { file: PathBuf, error: Report },
}

/// A [`ReadError`] that can be serialised. Errors that a run distinguishes keep their kind, others only their text.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Report {
    Empty,
    NoText,
    UnknownFormat(String),
    TooLarge {
        bytes: u64,
        limit: u64,
    },
    OverLimit {
        what: Limited,
        found: usize,
        limit: usize,
    },
    Encrypted,
    NoTextLayer,
    Changed,
    /// An allocation failed, and the process survived it.
    OutOfMemory,
    Io(String),
    Other(String),
}

impl From<Result<Vec<Paper>, ReadFailure>> for Reply {
    fn from(outcome: Result<Vec<Paper>, ReadFailure>) -> Self {
        match outcome {
            Ok(papers) => Reply::Read(papers),
            Err(ReadFailure { file, error }) => Reply::Failed { file, error: error.into() },
        }
    }
}

impl Reply {
    /// The memory does not suffice for the bytes of the source.
    pub(super) fn out_of_memory() -> Self {
        Reply::Failed { file: PathBuf::new(), error: Report::OutOfMemory }
    }

    /// `max_memory_mb`: the memory limit of the reading process.
    pub(super) fn into_result(self, max_memory_mb: u64) -> Result<Vec<Paper>, ReadFailure> {
        match self {
            Reply::Read(papers) => Ok(papers),
            Reply::Failed { file, error } => Err(ReadFailure { file, error: error.into_error(max_memory_mb) }),
        }
    }
}

impl From<ReadError> for Report {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Empty => Self::Empty,
            ReadError::NoText => Self::NoText,
            ReadError::UnknownFormat(what) => Self::UnknownFormat(what),
            ReadError::TooLarge { bytes, limit } => Self::TooLarge { bytes, limit },
            ReadError::OverLimit { what, found, limit } => Self::OverLimit { what, found, limit },
            ReadError::Encrypted => Self::Encrypted,
            ReadError::NoTextLayer => Self::NoTextLayer,
            ReadError::Changed => Self::Changed,
            ReadError::OutOfMemory { .. } => Self::OutOfMemory,
            ReadError::Io(error) if error.kind() == std::io::ErrorKind::OutOfMemory => Self::OutOfMemory,
            ReadError::Io(error) => Self::Io(error.to_string()),
            other => Self::Other(other.to_string()),
        }
    }
}

impl Report {
    fn into_error(self, max_memory_mb: u64) -> ReadError {
        match self {
            Self::Empty => ReadError::Empty,
            Self::NoText => ReadError::NoText,
            Self::UnknownFormat(what) => ReadError::UnknownFormat(what),
            Self::TooLarge { bytes, limit } => ReadError::TooLarge { bytes, limit },
            Self::OverLimit { what, found, limit } => ReadError::OverLimit { what, found, limit },
            Self::Encrypted => ReadError::Encrypted,
            Self::NoTextLayer => ReadError::NoTextLayer,
            Self::Changed => ReadError::Changed,
            Self::OutOfMemory => ReadError::OutOfMemory { limit_mb: max_memory_mb },
            Self::Io(text) => ReadError::Io(std::io::Error::other(text)),
            Self::Other(text) => ReadError::Reported(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_the_same_on_both_sides() {
        let not_found = std::io::Error::from(std::io::ErrorKind::NotFound);
        for error in [
            ReadError::Empty,
            ReadError::NoText,
            ReadError::UnknownFormat("a picture".into()),
            ReadError::TooLarge { bytes: 2, limit: 1 },
            ReadError::OverLimit { what: Limited::Passages, found: 2, limit: 1 },
            ReadError::Malformed { format: "JATS XML", reason: "no end".into() },
            ReadError::Encrypted,
            ReadError::NoTextLayer,
            ReadError::Changed,
            ReadError::OutOfMemory { limit_mb: 64 },
            ReadError::Failed("of its own".into()),
            ReadError::Io(not_found),
        ] {
            let words = error.to_string();
            let line = serde_json::to_string(&Report::from(error)).unwrap();
            let back: Report = serde_json::from_str(&line).unwrap();
            assert_eq!(back.into_error(64).to_string(), words);
        }
    }
}
