//! Identifiers as people write them: bare, with a prefix, or as a URL.

use std::sync::LazyLock;

use regex::Regex;

use super::bare_doi;
use crate::doi::find_doi;
use crate::patterns::compile;

/// A globally unique identifier of a paper.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identifier {
    /// Bare, in lower case.
    Doi(String),
    /// Digits.
    Pmid(String),
    /// `PMC` and digits.
    Pmcid(String),
}

/// Maximum length of a parsed text.
const MAX_BYTES: usize = 300;

static PMCID: LazyLock<Regex> =
    LazyLock::new(|| compile(r"(?i)^(?:pmcid[:\s]*|https?://\S+?/(?:pmc/)?articles/)?(PMC)?(\d{3,9})[/.]?$"));
static PMID: LazyLock<Regex> = LazyLock::new(|| {
    let site = r"https?://(?:www\.)?(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/";
    // Four digits without a prefix are a year.
    compile(format!(r"(?i)^(?:(?:(?:pmid|pubmed)[:\s]*|{site})(\d{{1,9}})|(\d{{5,9}}))[/.]?$"))
});

impl Identifier {
    /// Parses an identifier in any notation: `10.1186/AR2116.`, `doi:10.1186/ar2116`,
    /// `https://doi.org/10.1186%2Far2116`, `PMID 17335576`, `PMC1906799`, or a URL that ends with one of them. A bare
    /// number is a PMID. `None` if the text contains other words.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_matches(['<', '>', '(', ')', '"', '“', '”', ',', ';', '?']).trim();
        if text.len() > MAX_BYTES || text.is_empty() {
            return None;
        }
        if let Some(doi) = doi(text) {
            return Some(Self::Doi(doi));
        }
        // The query and the fragment of a URL do not identify a paper.
        let text = text.split(['?', '#']).next().unwrap_or(text);
        if let Some(found) = PMID.captures(text) {
            return Some(Self::Pmid(found.get(1).or(found.get(2))?.as_str().to_owned()));
        }
        let found = PMCID.captures(text)?;
        let is_named = found.get(1).is_some() || text.to_ascii_lowercase().starts_with("pmcid");
        is_named.then(|| Self::Pmcid(format!("PMC{}", &found[2])))
    }

    /// The term under which the paper is looked up, see [`Identity::keys`](super::Identity::keys).
    pub fn key(&self) -> String {
        match self {
            Self::Doi(doi) => format!("doi:{doi}"),
            Self::Pmid(pmid) => format!("pmid:{pmid}"),
            Self::Pmcid(pmcid) => format!("pmcid:{pmcid}"),
        }
    }

    /// The kind of the identifier: `doi`, `pmid` or `pmcid`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Doi(_) => "doi",
            Self::Pmid(_) => "pmid",
            Self::Pmcid(_) => "pmcid",
        }
    }
}

/// The DOI that a text consists of, apart from a prefix or the rest of a URL.
fn doi(text: &str) -> Option<String> {
    let decoded = text.replace("%2F", "/").replace("%2f", "/").replace("%28", "(").replace("%29", ")");
    let start = decoded.find("10.")?;
    let before = decoded[..start].trim().trim_end_matches(':').trim_end().to_ascii_lowercase();
    let is_prefix = matches!(before.as_str(), "" | "doi") || before.ends_with('/');
    if !is_prefix || before.contains(char::is_whitespace) || decoded[start..].contains(char::is_whitespace) {
        return None;
    }
    let doi = &decoded[start..];
    let end = if before.ends_with('/') { doi.find(['?', '#']) } else { None };
    find_doi(&doi[..end.unwrap_or(doi.len())]).map(|doi| bare_doi(&doi))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doi_in_any_form() {
        for text in [
            "10.1186/ar2116",
            "10.1186/AR2116.",
            "doi:10.1186/ar2116",
            "DOI: 10.1186/ar2116",
            "doi 10.1186/ar2116,",
            "https://doi.org/10.1186/ar2116",
            "http://dx.doi.org/10.1186/AR2116",
            "https://doi.org/10.1186%2Far2116",
            "doi.org/10.1186/ar2116?utm_source=x#abstract",
            "https://doi.org/10.1186/ar2116?utm_source=x",
            "<https://doi.org/10.1186/ar2116>",
            "https://link.springer.com/article/10.1186/ar2116#Sec1",
            "“10.1186/ar2116”",
        ] {
            assert_eq!(
                Identifier::parse(text).map(|found| found.key()).as_deref(),
                Some("doi:10.1186/ar2116"),
                "{text}"
            );
        }
        assert_eq!(
            Identifier::parse("10.1016/S0140-6736(05)67394-1").map(|found| found.key()).as_deref(),
            Some("doi:10.1016/s0140-6736(05)67394-1")
        );
    }

    #[test]
    fn identifiers_of_pubmed() {
        for text in [
            "17335576",
            "PMID: 17335576",
            "pmid:17335576",
            "https://pubmed.ncbi.nlm.nih.gov/17335576/",
            "PubMed 17335576",
        ] {
            assert_eq!(Identifier::parse(text), Some(Identifier::Pmid("17335576".into())), "{text}");
        }
        for text in [
            "PMC1906799",
            "pmc1906799",
            "PMCID: PMC1906799",
            "pmcid:1906799",
            "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC1906799/",
            "https://pmc.ncbi.nlm.nih.gov/articles/PMC1906799/?report=reader",
        ] {
            assert_eq!(Identifier::parse(text), Some(Identifier::Pmcid("PMC1906799".into())), "{text}");
        }
    }

    #[test]
    fn questions_are_no_identifiers() {
        for text in
            ["", "IL-6", "2015", "what is 10.1186/ar2116 about", "version 10.2", "123", "MSC effect on RA", "10."]
        {
            assert_eq!(Identifier::parse(text), None, "{text}");
        }
    }
}
