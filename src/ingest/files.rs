//! Groups files that are one source of a paper, by their names.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use crate::corpus::split_page;

/// The files of one source of a paper: usually one; several if each page is a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFiles {
    /// In the order of their pages.
    pub files: Vec<PathBuf>,
    /// Whether the user named the file, rather than a folder that contains it. It is then expected to be a paper.
    pub named: bool,
}

impl SourceFiles {
    /// Whether one of the files is expected to be a paper, so that it is a failure if it is not.
    pub(super) fn is_expected(&self, file: &Path) -> bool {
        self.named || has_paper_ending(file)
    }
}

/// Files and folders, with all that lies in the folders.
#[derive(Debug, Clone, Default)]
pub(super) struct Trees(HashSet<PathBuf>);

impl Trees {
    /// Whether the path is one of them or lies in one. The cost does not depend on their number.
    pub(super) fn cover(&self, path: &Path) -> bool {
        path.ancestors().any(|ancestor| self.0.contains(ancestor))
    }
}

impl FromIterator<PathBuf> for Trees {
    fn from_iter<T: IntoIterator<Item = PathBuf>>(paths: T) -> Self {
        Self(paths.into_iter().collect())
    }
}

/// Extensions of papers. Files with other extensions are indexed only if their content says that they are papers.
const EXTENSIONS: [&str; 12] =
    ["xml", "nxml", "tei", "pdf", "html", "htm", "xhtml", "md", "markdown", "txt", "text", "gz"];

/// Whether the file has the extension of a paper.
pub fn has_paper_ending(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

/// The page number in the name of a file: 12 for `review-p12.txt`.
pub fn page_number(path: &Path) -> Option<u32> {
    split_page(&path.file_stem().unwrap_or_default().to_string_lossy()).1
}

/// Groups the pages of each paper: `review-p12.txt` and `review-p13.txt` in one folder. Groups are in the order of
/// their first files.
pub(super) fn group_pages(files: Vec<PathBuf>) -> Vec<Vec<PathBuf>> {
    let mut pages: BTreeMap<(PathBuf, String, String), Vec<(u32, PathBuf)>> = BTreeMap::new();
    let mut groups = Vec::new();
    for file in files {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let extension = file.extension().unwrap_or_default().to_string_lossy().into_owned();
        match split_page(&stem) {
            (paper, Some(page)) if extension.eq_ignore_ascii_case("txt") => {
                let folder = file.parent().unwrap_or(Path::new("")).to_owned();
                pages.entry((folder, paper.to_owned(), extension)).or_default().push((page, file));
            }
            _ => groups.push(vec![file]),
        }
    }
    for mut of_paper in pages.into_values() {
        of_paper.sort();
        groups.push(of_paper.into_iter().map(|(_, file)| file).collect());
    }
    groups.sort();
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_one_paper_come_together_in_order() {
        let files = ["a/r-p10.txt", "a/r-p9.txt", "a/x.xml", "b/r-p9.txt"].map(PathBuf::from).to_vec();
        let expected: Vec<Vec<PathBuf>> = [vec!["a/r-p9.txt", "a/r-p10.txt"], vec!["a/x.xml"], vec!["b/r-p9.txt"]]
            .map(|files| files.into_iter().map(PathBuf::from).collect())
            .to_vec();
        assert_eq!(group_pages(files), expected);
    }
}
