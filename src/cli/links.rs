//! URLs of files, and hyperlinks on a terminal.

use std::path::{Path, PathBuf};

use url::Url;

use crate::search::Hit;
use crate::store::{IndexError, Snapshot, SourceRecord};
use crate::wire::PassageHit;

/// The file in which the passage of a hit can be read.
pub(super) struct HitSource {
    /// The file that the paper was indexed from, as stored in the index.
    pub(super) path: Option<PathBuf>,
    /// What opens the passage's page: the reference manager that has the paper (`zotero://open-pdf/library/items/ABCD2345?page=7`),
    /// else the file (`file:///papers/ar2116.pdf#page=7`).
    pub(super) url: Option<String>,
    /// The sources of the paper.
    sources: Vec<SourceRecord>,
}

impl HitSource {
    /// Adds to a hit the data that only a client on this machine may see.
    pub(super) fn apply(self, hit: &mut PassageHit) {
        hit.source.path = self.path.map(|path| path.to_string_lossy().into_owned());
        hit.links.open = self.url.unwrap_or_else(|| hit.links.open.clone());
        hit.add_library(&self.sources);
    }
}

/// The sources of hits, in their order.
pub(super) fn sources_of(snapshot: &Snapshot, hits: &[Hit]) -> Result<Vec<HitSource>, IndexError> {
    let papers: Vec<&str> = hits.iter().map(|hit| hit.record.paper.as_str()).collect();
    let all = snapshot.sources_of_papers(&papers)?;
    let source = |hit: &Hit| {
        let sources = all.get(hit.record.paper.as_str()).cloned().unwrap_or_default();
        let first = sources.first();
        let page = hit.record.passage.pages.map(|(first, _)| first);
        let item = first.and_then(|source| source.item.as_deref());
        let in_manager = item.and_then(|item| item.url(page));
        let url = in_manager.or_else(|| first.and_then(|source| file_url(&source.path, page)));
        Ok(HitSource { path: first.map(|source| source.path.clone()), url, sources })
    };
    hits.iter().map(source).collect()
}

fn file_url(path: &Path, page: Option<u32>) -> Option<String> {
    let mut url = Url::from_file_path(std::path::absolute(path).ok()?).ok()?;
    url.set_fragment(page.map(|page| format!("page={page}")).as_deref());
    Some(url.into())
}

/// Formats text as a hyperlink (OSC 8) if the terminal supports it; otherwise returns the text only.
pub(super) fn hyperlink(text: &str, url: Option<&str>) -> String {
    match url.filter(|_| supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout)) {
        Some(url) => format!("\x1b]8;;{url}\x1b\\{text}\x1b]8;;\x1b\\"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_file_has_its_page_and_no_character_that_ends_it() {
        let address = |path: &str, page| file_url(Path::new(path), page).expect("an address");
        assert_eq!(address("/papers/a b#1.pdf", Some(7)), "file:///papers/a%20b%231.pdf#page=7");
        assert_eq!(address("/papers/\x1b]8;;é.txt", None), "file:///papers/%1B]8;;%C3%A9.txt");
    }
}
