//! Metadata in a page's head: Highwire's `citation_*` tags, Dublin Core, PRISM and Open Graph.

use super::tokens::Tag;
use crate::doi::parse_doi;
use crate::{Metadata, front_matter};

/// What the head's tags say; the more exact vocabularies win over the others, whatever their order.
#[derive(Debug, Default)]
pub(super) struct Head {
    exact: Metadata,
    rough: Metadata,
}

impl Head {
    /// Take one `meta` tag.
    pub(super) fn meta(&mut self, tag: &Tag) {
        let Some(content) = tag.attribute("content").map(str::trim).filter(|content| !content.is_empty()) else {
            return;
        };
        let Some(name) = tag.attribute("name").or_else(|| tag.attribute("property")) else { return };
        let name = name.to_ascii_lowercase();
        match name.strip_prefix("citation_") {
            Some(field) => citation(field, content, &mut self.exact),
            None => other(&name, content, &mut self.rough),
        }
    }

    /// Take the text of the `title` element, which often ends in the name of the site.
    pub(super) fn title(&mut self, text: &str) {
        let title = text.split(" | ").next().unwrap_or(text).trim();
        if !title.is_empty() {
            self.rough.title.get_or_insert_with(|| title.to_owned());
        }
    }

    pub(super) fn into_metadata(self) -> Metadata {
        let mut metadata = self.exact;
        crate::pages::fill(&mut metadata, self.rough);
        metadata
    }
}

fn citation(field: &str, content: &str, metadata: &mut Metadata) {
    let text = || Some(content.to_owned());
    match field {
        "title" => metadata.title = text(),
        "author" => metadata.authors.push(given_first(content)),
        "authors" => metadata.authors.extend(content.split(';').map(given_first)),
        "journal_title" => metadata.journal = text(),
        "journal_abbrev" => metadata.journal = metadata.journal.take().or_else(text),
        "publication_date" | "date" | "year" | "cover_date" => {
            metadata.year = metadata.year.or(front_matter::year(content))
        }
        "online_date" => metadata.year = metadata.year.or(front_matter::year(content)),
        "volume" => metadata.volume = text(),
        "issue" => metadata.issue = text(),
        "firstpage" => metadata.first_page = text(),
        "lastpage" => metadata.last_page = text(),
        "doi" => metadata.doi = parse_doi(content),
        "pmid" => metadata.pmid = front_matter::digits(content),
        "pmcid" => metadata.pmcid = front_matter::digits(content).map(|digits| format!("PMC{digits}")),
        "article_type" => metadata.article_type = text(),
        "keywords" | "keyword" => metadata.keywords.extend(front_matter::list(content, &[";", ","])),
        "public_url" | "abstract_html_url" => metadata.url = metadata.url.take().or_else(text),
        _ => {}
    }
}

fn other(name: &str, content: &str, metadata: &mut Metadata) {
    let text = || Some(content.to_owned());
    match name {
        "dc.title" | "dcterms.title" | "og:title" => metadata.title = metadata.title.take().or_else(text),
        "dc.creator" | "dcterms.creator" | "dc.contributor" => metadata.authors.push(given_first(content)),
        "dc.date" | "dcterms.issued" | "dcterms.date" | "prism.publicationdate" | "article:published_time" => {
            metadata.year = metadata.year.or(front_matter::year(content));
        }
        "dc.identifier" | "prism.doi" | "dcterms.identifier" => {
            metadata.doi = metadata.doi.take().or_else(|| parse_doi(content));
        }
        "prism.publicationname" | "dc.source" | "dcterms.ispartof" => {
            metadata.journal = metadata.journal.take().or_else(text)
        }
        "prism.volume" => metadata.volume = text(),
        "prism.number" => metadata.issue = text(),
        "prism.startingpage" => metadata.first_page = text(),
        "prism.endingpage" => metadata.last_page = text(),
        "og:url" => metadata.url = metadata.url.take().or_else(text),
        "keywords" | "dc.subject" => metadata.keywords.extend(front_matter::list(content, &[";", ","])),
        _ => {}
    }
}

/// `Lee, Ann B.` as `Ann B. Lee`.
fn given_first(name: &str) -> String {
    match name.trim().split_once(',') {
        Some((family, given)) if !given.trim().is_empty() => format!("{} {}", given.trim(), family.trim()),
        _ => name.trim().trim_end_matches(',').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_given_first() {
        assert_eq!(given_first("Lee, Ann B."), "Ann B. Lee");
        assert_eq!(given_first("Ann Lee"), "Ann Lee");
    }
}
