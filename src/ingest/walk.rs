//! The files of a collection.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::catalogue::Catalogue;
use super::{Emptied, IngestError};
use crate::corpus::split_page;
use crate::index::PaperRecord;

/// The files that together are one paper: mostly one, several where a paper comes page by page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// In the order of their pages.
    pub files: Vec<PathBuf>,
    /// Named by the user rather than found in a folder: whatever it is, it is expected to be a paper.
    pub named: bool,
}

/// What was found under the paths that the user named.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) units: Vec<Unit>,
    /// The folders that were walked and the files that were named, in absolute form: what of the index lies under them
    /// and is not among the files has vanished.
    pub(super) roots: Vec<PathBuf>,
}

impl Found {
    /// Takes the roots out under which there is no file at all although the index knows some, except those `meant` to be
    /// empty: what is not looked at does not vanish.
    pub(super) fn spare_emptied(&mut self, catalogue: &Catalogue, meant: &[PathBuf]) -> Vec<Emptied> {
        let meant: Vec<PathBuf> = meant.iter().filter_map(|folder| folder.canonicalize().ok()).collect();
        let mut emptied = Vec::new();
        self.roots.retain(|root| {
            let is_empty = !self.units.iter().flat_map(|unit| &unit.files).any(|file| file.starts_with(root));
            let files = if is_empty { catalogue.files_under(std::slice::from_ref(root)).len() as u64 } else { 0 };
            if files == 0 || meant.contains(root) {
                return true;
            }
            emptied.push(Emptied { folder: root.clone(), files });
            false
        });
        emptied
    }

    /// Whether a run would change nothing: then it needs no lock, and disturbs no other writer.
    pub(super) fn is_as_in(&self, catalogue: &Catalogue) -> bool {
        let present: BTreeSet<&PathBuf> = self.units.iter().flat_map(|unit| &unit.files).collect();
        let all_known = self.units.iter().all(|unit| catalogue.is_unchanged(unit));
        all_known && catalogue.files_under(&self.roots).iter().all(|file| present.contains(file))
    }
}

/// Endings of papers. Files with other endings are taken only if their content says that they are papers.
const ENDINGS: [&str; 12] =
    ["xml", "nxml", "tei", "pdf", "html", "htm", "xhtml", "md", "markdown", "txt", "text", "gz"];

/// The papers under a folder, or the one that a file is.
///
/// # Errors
/// [`IngestError::Folder`] where there is nothing by this name, or it may not be looked at.
pub fn papers_under(path: &Path) -> Result<Vec<Unit>, IngestError> {
    Ok(walk(&[path.to_owned()])?.units)
}

/// The folders among `paths` without any file although the papers of an index come from there.
pub(super) fn emptied(
    paths: &[PathBuf],
    papers: &[PaperRecord],
    meant: &[PathBuf],
) -> Result<Vec<Emptied>, IngestError> {
    Ok(walk(paths)?.spare_emptied(&Catalogue::of(papers.to_vec()), meant))
}

/// Finds all files under `paths`, links followed, in the order of their names.
///
/// Left out: hidden files and folders, and files called README or LICENSE, which describe a collection and are no part of
/// it (they are read when named themselves).
pub(super) fn walk(paths: &[PathBuf]) -> Result<Found, IngestError> {
    let mut found = Found::default();
    let (mut seen, mut named) = (BTreeSet::new(), Vec::new());
    for path in paths {
        let absolute = path.canonicalize().map_err(|source| IngestError::Folder { path: path.clone(), source })?;
        if absolute.is_dir() {
            let files = files_under(&absolute)?;
            let fresh = files.into_iter().filter(|file| seen.insert(file.clone())).collect();
            found.units.extend(units(fresh));
        } else if seen.insert(absolute.clone()) {
            named.push(absolute.clone());
        }
        found.roots.push(absolute);
    }
    found.units.extend(units(named).into_iter().map(|unit| Unit { named: true, ..unit }));
    Ok(found)
}

fn files_under(folder: &Path) -> Result<Vec<PathBuf>, IngestError> {
    let mut files = Vec::new();
    let entries = WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_left_out(&entry.file_name().to_string_lossy()));
    for entry in entries {
        match entry {
            Ok(entry) if entry.file_type().is_file() => files.push(entry.into_path()),
            Ok(_) => {}
            // A link in a circle or into nothing, a folder that vanished meanwhile: no reason to leave the others.
            Err(error) if error.depth() > 0 => tracing::warn!("{error}"),
            Err(error) => {
                let path = folder.to_owned();
                return Err(IngestError::Folder { path, source: error.into() });
            }
        }
    }
    Ok(files)
}

fn is_left_out(name: &str) -> bool {
    let plain = name.to_lowercase();
    name.starts_with('.') || plain.starts_with("readme") || plain.starts_with("license")
}

/// Whether the name promises a paper.
pub fn has_paper_ending(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// Puts the pages of one paper together: `review-p12.txt` and `review-p13.txt` of one folder.
fn units(files: Vec<PathBuf>) -> Vec<Unit> {
    let mut pages: BTreeMap<(PathBuf, String, String), Vec<(u32, PathBuf)>> = BTreeMap::new();
    let mut units = Vec::new();
    for file in files {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let ending = file.extension().unwrap_or_default().to_string_lossy().into_owned();
        match split_page(&stem) {
            (paper, Some(page)) if ending.eq_ignore_ascii_case("txt") => {
                let folder = file.parent().unwrap_or(Path::new("")).to_owned();
                pages.entry((folder, paper.to_owned(), ending)).or_default().push((page, file));
            }
            _ => units.push(Unit { files: vec![file], named: false }),
        }
    }
    for mut of_paper in pages.into_values() {
        of_paper.sort();
        units.push(Unit { files: of_paper.into_iter().map(|(_, file)| file).collect(), named: false });
    }
    units.sort_by(|a, b| a.files.cmp(&b.files));
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_one_paper_come_together_in_order() {
        let files = ["a/r-p10.txt", "a/r-p9.txt", "a/x.xml", "b/r-p9.txt"].map(PathBuf::from).to_vec();
        let found: Vec<Vec<PathBuf>> = units(files).into_iter().map(|unit| unit.files).collect();
        let expected: Vec<Vec<PathBuf>> = [vec!["a/r-p9.txt", "a/r-p10.txt"], vec!["a/x.xml"], vec!["b/r-p9.txt"]]
            .map(|files| files.into_iter().map(PathBuf::from).collect())
            .to_vec();
        assert_eq!(found, expected);
    }

    #[test]
    fn descriptions_of_a_collection_are_left_out() {
        assert!(is_left_out("README.md") && is_left_out(".git") && is_left_out("LICENSE"));
        assert!(!is_left_out("review.md"));
    }
}
