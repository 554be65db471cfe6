//! Citations by author and year: `Yi and Song (2012)`, `(Yi and Song, 2012; Wang et al., 2015a,b)`.

mod marker;
mod studies;

use super::resolved::ResolvedCitations;
use crate::{Block, Citation, Reference};
use marker::{AuthorYearMarker, MARKER};
use studies::Studies;

/// Resolves the citations by author and year. If `references` is empty, the cited studies are added to it.
pub(super) fn resolve(blocks: &[Block], references: &mut Vec<Reference>) -> ResolvedCitations {
    let mut studies = Studies::new(references);
    let mut found = ResolvedCitations::default();
    for block in blocks {
        let mut citations = Vec::new();
        for captures in MARKER.captures_iter(&block.text) {
            let Some(marker) = AuthorYearMarker::new(&block.text, &captures) else { continue };
            let cited =
                if studies.is_open { studies.add(&marker, references) } else { studies.find(&marker, references) };
            if cited.is_empty() {
                found.unresolved += usize::from(marker.is_certain && !studies.is_open);
            } else {
                citations.push(Citation { range: marker.start..marker.end, references: cited });
            }
        }
        found.citations.push(citations);
    }
    found
}
