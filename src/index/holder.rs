//! A file that names the process that writes to an index, for the error message of a process that finds it locked. The
//! lock itself is tantivy's and ends with its process. The index does not depend on this file, so failures to write it
//! are ignored.

use std::path::Path;

pub(super) const FILE: &str = "writer.json";

/// Records that this process writes to the index.
pub(super) fn note(folder: &Path) {
    let command = std::env::args().take(2).collect::<Vec<_>>().join(" ");
    let note = serde_json::json!({"pid": std::process::id(), "command": command});
    let _ = std::fs::write(folder.join(FILE), note.to_string());
}

/// Removes the file.
pub(super) fn clear(folder: &Path) {
    let _ = std::fs::remove_file(folder.join(FILE));
}

/// The process that writes to the index in `folder`, according to the file: its process id and command.
pub(super) fn read(folder: &Path) -> Option<String> {
    let note: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join(FILE)).ok()?).ok()?;
    Some(format!("process {}: {}", note["pid"].as_u64()?, note["command"].as_str()?))
}
