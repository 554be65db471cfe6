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
            let folder = match folder.strip_prefix("~") {
                Ok(inside) => home().home.join(inside),
                Err(_) => folder.to_owned(),
            };
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
}
