//! Names of Zotero libraries among the paths of papers: `zotero`, and `zotero:FOLDER`.

use std::path::{Path, PathBuf};

use anyhow::{bail, ensure};

use crate::library::zotero::{Home, Profile, is_library};

/// The prefix of the folder of a library.
const NAME: &str = "zotero";

/// Where Zotero keeps its settings and data on this machine. Empty if the system has no home folder for the user.
pub(super) fn home() -> Home {
    let app_data = std::env::var_os("APPDATA").map(PathBuf::from);
    etcetera::home_dir().map_or_else(|_| Home::default(), |home| Home { home, app_data })
}

/// The paths with the folders of the libraries that they name.
///
/// # Errors
/// A library is named and not found.
pub(super) fn resolved(paths: &[PathBuf], profiles: &[Profile]) -> anyhow::Result<Vec<PathBuf>> {
    paths.iter().map(|path| folder_of(path, profiles)).collect()
}

/// The same for a server, which may start before the disk of a library is mounted: a library whose folder is missing or empty has a
/// warning, and the folder where it is expected.
///
/// # Errors
/// A folder is named that has files but no library.
pub(super) fn expected(paths: &[PathBuf], profiles: &[Profile]) -> anyhow::Result<Vec<PathBuf>> {
    paths.iter().map(|path| folder_of(path, profiles).or_else(|error| place_of(path, profiles).ok_or(error))).collect()
}

/// The folder where a library that was not found is expected; `None` if something else is there.
fn place_of(path: &Path, profiles: &[Profile]) -> Option<PathBuf> {
    let folder = match named_folder(path) {
        Some(folder) => in_home(folder),
        None => home().candidates(profiles).into_iter().next()?,
    };
    let is_empty = std::fs::read_dir(&folder).map_or(true, |mut entries| entries.next().is_none());
    if !is_empty || !folder.is_absolute() {
        return None;
    }
    tracing::warn!(folder = %folder.display(), "has no Zotero library now; it is indexed when it is there");
    Some(folder)
}

fn in_home(folder: &Path) -> PathBuf {
    folder.strip_prefix("~").map_or_else(|_| folder.to_owned(), |inside| home().home.join(inside))
}

fn folder_of(path: &Path, profiles: &[Profile]) -> anyhow::Result<PathBuf> {
    match named_folder(path) {
        // A file or folder of this name is meant.
        None if path != Path::new(NAME) || path.exists() => Ok(path.to_owned()),
        None => {
            let home = home();
            if let Some(folder) = home.find(profiles) {
                return Ok(folder);
            }
            let searched = home.candidates(profiles);
            let searched: Vec<String> = searched.iter().map(|folder| folder.display().to_string()).collect();
            bail!("no Zotero library was found in {}; name its folder: zotero:FOLDER", searched.join(", "))
        }
        Some(folder) => {
            let folder = in_home(folder);
            ensure!(is_library(&folder), "{} is no folder of Zotero: it has no zotero.sqlite", folder.display());
            Ok(folder)
        }
    }
}

/// The folder of a library in `zotero:FOLDER`.
fn named_folder(path: &Path) -> Option<&Path> {
    path.to_str()?.strip_prefix(NAME)?.strip_prefix(':').filter(|folder| !folder.is_empty()).map(Path::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_paths_stay_as_they_are() {
        assert_eq!(folder_of(Path::new("papers/zotero"), &[]).ok(), Some("papers/zotero".into()));
        let error = folder_of(Path::new("zotero:/nowhere"), &[]).expect_err("no library").to_string();
        assert_eq!(error, "/nowhere is no folder of Zotero: it has no zotero.sqlite");
    }

    #[test]
    fn a_server_waits_for_a_library_whose_disk_is_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let named = |name: &str| PathBuf::from(format!("zotero:{}", folder.path().join(name).display()));
        let paths = ["papers".into(), named("away"), named("")];
        assert_eq!(
            expected(&paths, &[]).expect("none is wrong"),
            [PathBuf::from("papers"), folder.path().join("away"), folder.path().join("")]
        );
        std::fs::write(folder.path().join("letter.pdf"), "x").expect("written");
        assert!(expected(&[named("")], &[]).is_err(), "no library, but other files");
    }
}
