//! A note of which process writes to an index, for those who find it locked. The lock itself is tantivy's and ends with its
//! process; without the note an index is written just as well, so failures to write it are ignored.

use std::path::Path;

pub(super) const FILE: &str = "writer.json";

/// Notes that this process writes.
pub(super) fn note(folder: &Path) {
    let command = std::env::args().take(2).collect::<Vec<_>>().join(" ");
    let note = serde_json::json!({"pid": std::process::id(), "command": command});
    let _ = std::fs::write(folder.join(FILE), note.to_string());
}

/// Removes the note.
pub(super) fn clear(folder: &Path) {
    let _ = std::fs::remove_file(folder.join(FILE));
}

/// Who writes to the index in `folder`, as far as the note says: its process id and command.
pub(super) fn read(folder: &Path) -> Option<String> {
    let note: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join(FILE)).ok()?).ok()?;
    Some(format!("process {}: {}", note["pid"].as_u64()?, note["command"].as_str()?))
}
