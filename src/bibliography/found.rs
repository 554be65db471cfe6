//! The results of a question as bibliographic entries.

use super::entry::Entry;
use crate::search::Answer;

/// The papers of an answer's hits, best first.
pub fn papers_found(answer: &Answer) -> Vec<Entry> {
    answer.hits.iter().map(|hit| Entry::from_paper(hit.record.paper.as_str(), &hit.record.metadata)).collect()
}

/// The primary studies that the evidence of an answer's hits cites, in the order of the hits.
pub fn studies_cited(answer: &Answer) -> Vec<Entry> {
    let evidence = answer.hits.iter().flat_map(|hit| hit.evidence.iter().map(move |evidence| (hit, evidence)));
    let cited = evidence.flat_map(|(hit, evidence)| hit.record.cited_within(&evidence.range));
    cited.map(|(_, reference)| Entry::from_reference(reference)).collect()
}
