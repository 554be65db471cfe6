//! The progress of a run, in embedded characters, because embedding takes most of the time.

use std::collections::BTreeMap;
use std::path::Path;

use super::files::SourceFiles;

/// The progress of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Number of sources to read.
    pub files: u64,
    /// Number of sources that are done.
    pub done: u64,
    /// Number of passages written so far.
    pub passages: u64,
    /// Number of characters embedded so far; a passage is embedded as a whole and in sentences.
    pub embedded: u64,
    /// Total number of characters to embed: those of the files that were read, and an estimate for the others.
    pub expected: u64,
}

/// Weight of the prior assumption about an extension, in bytes of files with it.
const ASSUMED_BYTES: f64 = 500e3;

/// Estimates the number of characters in unread files, from their sizes and from the files with the same extension that were
/// read before.
#[derive(Debug, Default)]
pub(super) struct Workload {
    by_extension: BTreeMap<String, Bytes>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Bytes {
    unread: u64,
    read: u64,
    /// Characters in the files that were read.
    characters: u64,
}

impl Workload {
    pub(super) fn new(sources: &[SourceFiles]) -> Self {
        let mut workload = Self::default();
        for source in sources {
            workload.of(source).unread += bytes(source);
        }
        workload
    }

    /// Records that a source was read, and how many of its characters will be embedded.
    pub(super) fn read(&mut self, source: &SourceFiles, characters: u64) {
        let bytes = bytes(source);
        let known = self.of(source);
        known.unread = known.unread.saturating_sub(bytes);
        known.read += bytes;
        known.characters += characters;
    }

    /// Estimated number of characters in unread files.
    pub(super) fn unread_characters(&self) -> u64 {
        let estimates = self.by_extension.iter().map(|(extension, known)| {
            let assumed = assumed_characters(extension) * ASSUMED_BYTES;
            let per_byte = (assumed + known.characters as f64) / (ASSUMED_BYTES + known.read as f64);
            known.unread as f64 * per_byte
        });
        estimates.sum::<f64>() as u64
    }

    fn of(&mut self, source: &SourceFiles) -> &mut Bytes {
        let extension = source.files.first().and_then(|file| file.extension());
        let extension = extension.map(|extension| extension.to_string_lossy().to_lowercase());
        self.by_extension.entry(extension.unwrap_or_default()).or_default()
    }
}

/// Prior number of embedded characters per byte: means over the papers on which the readers are measured.
fn assumed_characters(extension: &str) -> f64 {
    match extension {
        "pdf" => 0.1,
        "xml" | "nxml" | "tei" => 0.5,
        "html" | "htm" | "xhtml" | "mhtml" | "mht" => 0.3,
        _ => 2.0,
    }
}

fn bytes(source: &SourceFiles) -> u64 {
    let size = |file: &Path| file.metadata().map_or(0, |metadata| metadata.len());
    source.files.iter().map(|file| size(file)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_follows_the_files_that_were_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let source = |name: &str, bytes: usize| {
            let file = folder.path().join(name);
            std::fs::write(&file, vec![b' '; bytes]).expect("a file");
            SourceFiles { files: vec![file], named: false }
        };
        let sources: Vec<SourceFiles> = (0..10).map(|number| source(&format!("{number}.pdf"), 1_000_000)).collect();
        let mut workload = Workload::new(&sources);
        assert_eq!(workload.unread_characters(), 1_000_000, "as assumed");
        for source in &sources[..5] {
            workload.read(source, 20_000);
        }
        let left = workload.unread_characters();
        assert!((100_000..150_000).contains(&left), "{left}");
        sources[5..].iter().for_each(|source| workload.read(source, 0));
        assert_eq!(workload.unread_characters(), 0);
    }
}
