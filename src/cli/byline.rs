//! Who wrote a work and how it is identified, in few words.

/// The first author: `Ana Lee`, or `Ana Lee et al.` of several.
pub(super) fn first_author(authors: &[String]) -> Option<String> {
    match authors {
        [] => None,
        [only] => Some(only.clone()),
        [first, ..] => Some(format!("{first} et al.")),
    }
}

/// The DOI, otherwise the PMID: `doi:10.1186/ar2116`, `PMID 17326845`.
pub(super) fn identifier(doi: Option<&str>, pmid: Option<&str>) -> Option<String> {
    doi.map(|doi| format!("doi:{doi}")).or_else(|| pmid.map(|pmid| format!("PMID {pmid}")))
}
