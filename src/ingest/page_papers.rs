//! Splits pages that were grouped by their names into papers, by their metadata.

use crate::corpus::{Identity, Metadata};

/// The metadata of a page about its paper.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct PageFront {
    identity: Identity,
    has_authors: bool,
}

impl PageFront {
    pub(super) fn from_metadata(metadata: &Metadata) -> Self {
        Self { identity: Identity::from_metadata(metadata), has_authors: !metadata.authors.is_empty() }
    }

    /// Whether the page begins a new paper. `follows`: by the numbers in the file names, it is the page after the previous
    /// ones.
    ///
    /// A page with a title begins another paper if an identifier differs, or if the title differs and the page has authors or an
    /// identifier; a title without them may be a heading. Without a title, an identifier may be that of a cited work, and only counts
    /// if pages are missing in between. A page without metadata continues the paper.
    pub(super) fn begins_paper_after(&self, before: &Self, follows: bool) -> bool {
        let (own, other) = (&self.identity, &before.identity);
        let pairs = [(&own.doi, &other.doi), (&own.pmcid, &other.pmcid), (&own.pmid, &other.pmid)];
        let known = || pairs.iter().filter(|(own, other)| own.is_some() && other.is_some());
        if known().any(|(own, other)| own == other) {
            return false;
        }
        let has_title = own.title.is_some();
        if known().next().is_some() {
            return has_title || !follows;
        }
        let has_front = self.has_authors || pairs.iter().any(|(own, _)| own.is_some());
        let titles_differ = match (&own.title, &other.title) {
            (Some(own), Some(other)) => own.title != other.title,
            _ => false,
        };
        has_front && titles_differ
    }

    /// Adds the metadata of a further page of the same paper.
    pub(super) fn extend(&mut self, page: Self) {
        let (known, more) = (&mut self.identity, page.identity);
        known.doi = known.doi.take().or(more.doi);
        known.pmcid = known.pmcid.take().or(more.pmcid);
        known.pmid = known.pmid.take().or(more.pmid);
        known.title = known.title.take().or(more.title);
        self.has_authors |= page.has_authors;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn front(title: &str, author: &str, doi: &str) -> PageFront {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let authors = some(author).into_iter().collect();
        PageFront::from_metadata(&Metadata { title: some(title), doi: some(doi), authors, ..Metadata::default() })
    }

    #[test]
    fn front_matter_decides_and_silence_continues_the_paper() {
        let first = front("On knees", "A. Able", "10.1/knees");
        for (page, follows, begins) in [
            (front("", "", ""), false, false),
            (front("On hips", "B. Baker", "10.1/hips"), true, true),
            (front("On hips", "", "10.1/hips"), true, true),
            (front("On hips", "B. Baker", ""), true, true),
            (front("Further results", "", ""), false, false),
            (front("On knees", "A. Able", ""), false, false),
            (front("Another heading", "", "10.1/knees"), false, false),
            (front("", "", "10.1/cited"), true, false),
            (front("", "", "10.1/other"), false, true),
        ] {
            assert_eq!(page.begins_paper_after(&first, follows), begins, "{page:?}");
        }
    }
}
