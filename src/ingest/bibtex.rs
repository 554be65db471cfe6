//! The bibliography beside a file in Markdown or LaTeX.
//!
//! Papers in Markdown cite by keys (`[@lee2010]`), which a BibTeX file explains. The reader of Markdown does no I/O and reads BibTeX in
//! blocks of code, so the file is given to it as such a block.

use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

/// Extensions of Markdown files.
const MARKDOWN: [&str; 2] = ["md", "markdown"];
/// Extensions of LaTeX files.
const LATEX: [&str; 2] = ["tex", "latex"];
/// Maximum number of files in a folder that is searched for a bibliography. Each of its papers searches it again.
const MAX_FILES: usize = 1_000;
/// Number of bytes at the beginning of a file that are searched for its metadata.
pub(super) const MAX_METADATA_BYTES: usize = 64 << 10;

/// The bibliography of a Markdown file: the one that its metadata names (`bibliography: refs.bib`), else the only BibTeX file of its
/// folder. `None` for other files.
pub(super) fn beside(file: &Path, bytes: &[u8]) -> Option<PathBuf> {
    let folder = file.parent().filter(|_| is_markdown(file))?;
    let head = String::from_utf8_lossy(bytes.get(..MAX_METADATA_BYTES).unwrap_or(bytes));
    if !head.contains('@') {
        return None;
    }
    match named(&head) {
        Some(named) => within(folder, &named),
        None => only_one(folder),
    }
}

/// Whether the file may have a bibliography beside it.
pub(super) fn is_markdown(file: &Path) -> bool {
    has_extension(file, &MARKDOWN)
}

/// The bibliography of a manuscript: that of a Markdown file, as a paper has it, or the one that a LaTeX file names
/// (`\addbibresource{refs.bib}`, `\bibliography{refs}`), else the only BibTeX file of its folder.
pub fn bibliography_beside(manuscript: &Path, bytes: &[u8]) -> Option<PathBuf> {
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\\(?:addbibresource|bibliography)\s*(?:\[[^\]\n]*\])?\{\s*([^{},\n]+?)\s*[,}]")
            .expect("a constant pattern")
    });
    if !has_extension(manuscript, &LATEX) {
        return beside(manuscript, bytes);
    }
    let folder = manuscript.parent()?;
    let text = String::from_utf8_lossy(bytes);
    let Some(named) = NAMED.captures(&text).map(|found| PathBuf::from(&found[1])) else { return only_one(folder) };
    let named = if has_extension(&named, &["bib"]) { named } else { PathBuf::from(format!("{}.bib", named.display())) };
    within(folder, &named)
}

fn has_extension(file: &Path, extensions: &[&str]) -> bool {
    file.extension().is_some_and(|own| extensions.iter().any(|known| own.eq_ignore_ascii_case(known)))
}

/// The file in the folder with this name. Names that lead out of the folder are ignored.
fn within(folder: &Path, named: &Path) -> Option<PathBuf> {
    let is_inside = named.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    Some(folder.join(named)).filter(|path| is_inside && path.is_file())
}

/// The only BibTeX file of a folder.
fn only_one(folder: &Path) -> Option<PathBuf> {
    // The parent of a bare file name.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut entries = std::fs::read_dir(folder).ok()?;
    let files: Vec<PathBuf> = entries.by_ref().take(MAX_FILES).filter_map(|entry| Some(entry.ok()?.path())).collect();
    if entries.next().is_some() {
        return None;
    }
    let mut bibliographies = files.into_iter().filter(|path| has_extension(path, &["bib"]));
    bibliographies.next().filter(|_| bibliographies.next().is_none())
}

/// The file that the metadata at the beginning of `text` names.
fn named(text: &str) -> Option<PathBuf> {
    let metadata = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n"))?;
    let lines = metadata.lines().take_while(|line| !matches!(line.trim_end(), "---" | "..."));
    let value = lines.filter_map(|line| line.strip_prefix("bibliography:")).next()?;
    let value = value.trim().trim_matches(['[', ']', '"', '\'']).split(',').next()?.trim_matches(['"', '\'', ' ']);
    (!value.is_empty()).then(|| PathBuf::from(value))
}

/// Appends a bibliography to a Markdown file as a block of code.
pub(super) fn append(markdown: &mut Vec<u8>, bibliography: &[u8]) {
    const FENCE: &[u8] = b"\n~~~~~~\n";
    markdown.extend_from_slice(b"\n\n~~~~~~ {=bibtex}\n");
    markdown.extend_from_slice(bibliography);
    markdown.extend_from_slice(FENCE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bibliography_is_named_or_the_only_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let paper = path("paper.md");
        assert_eq!(beside(&paper, b"It works [@yi]."), None);
        std::fs::write(path("a.bib"), "").unwrap();
        assert_eq!(beside(&paper, b"It works [@yi]."), Some(path("a.bib")));
        assert_eq!(beside(&path("paper.txt"), b"It works [@yi]."), None);
        assert_eq!(beside(&paper, b"It cites nothing."), None);
        std::fs::write(path("b.bib"), "").unwrap();
        assert_eq!(beside(&paper, b"It works [@yi]."), None);
        let named = |file: &str| {
            beside(&paper, format!("---\ntitle: x\nbibliography: {file}\n---\nIt works [@yi].").as_bytes())
        };
        assert_eq!(named("b.bib"), Some(path("b.bib")));
        assert_eq!(named("[\"b.bib\", c.bib]"), Some(path("b.bib")));
        assert_eq!(named("../b.bib"), None);
        assert_eq!(named("/etc/passwd"), None);
    }

    #[test]
    fn a_manuscript_in_latex_names_its_bibliography() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["a.bib", "b.bib"] {
            std::fs::write(path(name), "").unwrap();
        }
        for (text, found) in [
            (r"\addbibresource{b.bib}", Some("b.bib")),
            (r"\addbibresource[glob]{ ./a.bib }", Some("./a.bib")),
            (r"\bibliographystyle{plain} \bibliography{b,other}", Some("b.bib")),
            (r"\bibliography{../a}", None),
            ("nothing is named, and there are two", None),
        ] {
            let expected = found.map(path);
            assert_eq!(bibliography_beside(&path("draft.tex"), text.as_bytes()), expected, "{text}");
        }
    }
}
