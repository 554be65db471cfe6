//! Metadata and abstracts.

use std::sync::LazyLock;

use regex::Regex;
use roxmltree::Node;

use super::nodes::{child, descendant, plain_text};
use super::reader::Reader;
use crate::doi::parse_doi;
use crate::patterns::compile;
use crate::prose::Prose;
use crate::{DropRule, Mark, Metadata, front_matter, heading};

/// The metadata of the article.
pub(super) fn metadata(root: Node) -> Metadata {
    let mut metadata = Metadata { article_type: attribute(root, "article-type"), ..Metadata::default() };
    let Some(front) = child(root, "front") else { return metadata };
    metadata.journal = journal(front);
    if let Some(meta) = child(front, "article-meta") {
        metadata.title = title(meta);
        metadata.authors = authors(meta);
        metadata.year = year(meta);
        metadata.volume = text_of(meta, "volume");
        metadata.issue = text_of(meta, "issue");
        metadata.first_page = text_of(meta, "fpage").or_else(|| text_of(meta, "elocation-id"));
        metadata.last_page = text_of(meta, "lpage");
        metadata.keywords = keywords(meta);
        identifiers(meta, &mut metadata);
    }
    metadata.marks = marks(root, front, &metadata);
    metadata
}

fn attribute(node: Node, name: &str) -> Option<String> {
    node.attribute(name).map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned)
}

fn text_of(node: Node, name: &str) -> Option<String> {
    child(node, name).map(plain_text).filter(|text| !text.is_empty())
}

fn journal(front: Node) -> Option<String> {
    let meta = child(front, "journal-meta")?;
    descendant(meta, "journal-title")
        .or_else(|| descendant(meta, "abbrev-journal-title"))
        .or_else(|| child(meta, "journal-id"))
        .map(plain_text)
        .filter(|text| !text.is_empty())
}

fn title(meta: Node) -> Option<String> {
    let group = child(meta, "title-group")?;
    let title = heading_text(child(group, "article-title")?);
    let subtitle = child(group, "subtitle").map(heading_text).filter(|text| !text.is_empty());
    let title = match subtitle {
        Some(subtitle) => format!("{}: {subtitle}", title.trim_end_matches(':')),
        None => title,
    };
    (!title.is_empty()).then_some(title)
}

/// A title without the marks of its footnotes, and without citations by number.
pub(super) fn heading_text(title: Node) -> String {
    static EMPTY_BRACKETS: LazyLock<Regex> = LazyLock::new(|| compile(r"\s*(?:\[[\s,;–—-]*\]|\([\s,;–—-]*\))"));
    let mut prose = Prose::default();
    push_heading(title, &mut prose);
    let text = prose.finish().map_or_else(String::new, |(text, _)| text);
    if title.descendants().any(is_marker) { EMPTY_BRACKETS.replace_all(&text, "").trim().to_owned() } else { text }
}

/// Whether a part of a title is a marker and not one of its words: `*`, `[12]`, but not "Lee et al. (2010)".
pub(super) fn is_marker(part: Node) -> bool {
    match (part.tag_name().name(), part.attribute("ref-type")) {
        ("fn", _) | ("xref", Some("fn" | "table-fn" | "aff" | "corresp" | "author-notes")) => true,
        ("xref", Some("bibr") | None) => {
            let text = plain_text(part);
            let is_year = front_matter::year(&text).is_some();
            !is_year && text.chars().filter(|c| c.is_alphabetic()).count() <= 1
        }
        _ => false,
    }
}

fn push_heading(node: Node, prose: &mut Prose) {
    for part in node.children() {
        match part.tag_name().name() {
            "" => prose.push(part.text().filter(|_| part.is_text()).unwrap_or_default()),
            _ if is_marker(part) => {}
            "break" => prose.space(),
            "sup" if part.children().any(is_marker) => {}
            "sup" => prose.push_superscript(&plain_text(part)),
            "inline-formula" | "alternatives" => prose.push(&super::inline::formula_text(part)),
            _ => push_heading(part, prose),
        }
    }
}

fn authors(meta: Node) -> Vec<String> {
    let groups = meta.children().filter(|node| node.has_tag_name("contrib-group"));
    let contributors = groups.flat_map(|group| group.descendants().filter(|node| node.has_tag_name("contrib")));
    // The members of a collaboration are contributors inside of it, or are marked as persons beside the byline.
    let is_member = |contributor: &Node| {
        contributor.ancestors().any(|outer| {
            let kind = outer.attribute("contrib-type").or(outer.attribute("content-type")).unwrap_or_default();
            matches!(outer.tag_name().name(), "collab" | "collab-wrap")
                || matches!(outer.tag_name().name(), "contrib" | "contrib-group")
                    && ["non-byline", "collab", "member"].iter().any(|word| kind.contains(word))
        })
    };
    contributors
        .filter(|contributor| child(*contributor, "collab").is_some() || !is_member(contributor))
        .filter(|contributor| {
            contributor.attribute("contrib-type").is_none_or(|kind| {
                kind.starts_with("author") || kind == "collab" && child(*contributor, "collab").is_some()
            })
        })
        .filter_map(|contributor| {
            let collaboration = child(contributor, "collab").or_else(|| child(contributor, "collab-wrap"));
            if let Some(collaboration) = collaboration {
                return Some(collaboration_name(collaboration));
            }
            let kinds = ["name", "string-name", "collab"];
            kinds.iter().find_map(|kind| descendant(contributor, kind)).map(person)
        })
        .filter(|name| !name.is_empty())
        .collect()
}

/// The name of a collaboration without its members.
fn collaboration_name(collaboration: Node) -> String {
    let parts = collaboration.children().filter(|part| !matches!(part.tag_name().name(), "contrib-group" | "contrib"));
    parts.map(plain_text).collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// "Given Family", or the unchanged text if the parts are not marked up.
pub(super) fn person(name: Node) -> String {
    let part = |kind| child(name, kind).map(plain_text).filter(|text: &String| !text.is_empty());
    let Some(family) = part("surname") else { return plain_text(name) };
    let eastern = name.attribute("name-style") == Some("eastern");
    let mut parts: Vec<String> = part("given-names").into_iter().collect();
    parts.insert(if eastern { 0 } else { parts.len() }, family);
    parts.extend(part("suffix"));
    parts.join(" ")
}

/// The year of the volume if there is one, because people cite it; else the year of the first publication.
fn year(meta: Node) -> Option<u16> {
    let rank = |date: &Node| match (date.attribute("pub-type"), date.attribute("date-type")) {
        (Some("ppub" | "epub-ppub"), _) => 0,
        (Some("collection"), _) | (_, Some("collection")) => 1,
        (Some("epub"), _) | (_, Some("pub")) => 2,
        (Some("pmc-release" | "nihms-submitted"), _) => 4,
        _ => 3,
    };
    let mut dates: Vec<Node> = meta.children().filter(|node| node.has_tag_name("pub-date")).collect();
    dates.sort_by_key(rank);
    dates.into_iter().find_map(|date| plain_text(child(date, "year")?).parse().ok())
}

fn keywords(meta: Node) -> Vec<String> {
    let groups = meta.children().filter(|node| node.has_tag_name("kwd-group"));
    groups
        .filter(|group| !super::glossary::is_glossary(*group))
        .flat_map(|group| group.descendants().filter(|node| node.has_tag_name("kwd")))
        .map(plain_text)
        .filter(|keyword| !keyword.is_empty())
        .collect()
}

fn identifiers(meta: Node, metadata: &mut Metadata) {
    for id in meta.children().filter(|node| node.has_tag_name("article-id")) {
        let text = plain_text(id);
        match id.attribute("pub-id-type") {
            Some("doi") => metadata.doi = parse_doi(&text),
            Some("pmid") => metadata.pmid = front_matter::digits(&text),
            Some("pmc" | "pmcid") => metadata.pmcid = front_matter::digits(&text).map(|digits| format!("PMC{digits}")),
            _ => {}
        }
    }
}

fn marks(root: Node, front: Node, metadata: &Metadata) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut add = |mark| {
        if !marks.contains(&mark) {
            marks.push(mark);
        }
    };
    match root.attribute("article-type").unwrap_or_default() {
        "retraction" | "retracted-article" | "partial-retraction" => add(Mark::Retracted),
        "correction" | "corrected-article" => add(Mark::Corrected),
        "expression-of-concern" => add(Mark::Concern),
        "preprint" => add(Mark::Preprint),
        _ => {}
    }
    for related in front.descendants().filter(|node| node.has_tag_name("related-article")) {
        match related.attribute("related-article-type").unwrap_or_default() {
            "retraction-forward" | "retraction" | "partial-retraction" => add(Mark::Retracted),
            "correction-forward" | "correction" | "corrected-article-forward" | "erratum" => add(Mark::Corrected),
            "expression-of-concern-forward" | "expression-of-concern" | "concern-forward" => add(Mark::Concern),
            _ => {}
        }
    }
    let title = metadata.title.as_deref().unwrap_or_default().to_lowercase();
    if title.starts_with("retracted:") || title.starts_with("retracted article") || title.starts_with("[retracted]") {
        add(Mark::Retracted);
    }
    let journal = metadata.journal.as_deref().unwrap_or_default().to_lowercase();
    if ["biorxiv", "medrxiv", "arxiv", "research square", "preprints"].iter().any(|&server| journal.starts_with(server))
    {
        add(Mark::Preprint);
    }
    marks
}

impl Reader<'_> {
    /// Reads the abstracts as text. The rest of the front matter is metadata.
    pub(super) fn front(&mut self, front: Node) {
        let Some(meta) = child(front, "article-meta") else { return };
        for part in meta.children().filter(Node::is_element) {
            match part.tag_name().name() {
                "abstract" => self.summary(part),
                "trans-abstract" => self.drop_node(DropRule::TranslatedAbstract, part),
                "kwd-group" if super::glossary::is_glossary(part) => self.glossary(part),
                _ => {}
            }
        }
        for part in front.children().filter(|node| node.has_tag_name("notes")) {
            self.drop_node(DropRule::Administration, part);
        }
    }

    fn summary(&mut self, part: Node) {
        let heading = child(part, "title").map(heading_text).filter(|text| !text.is_empty());
        let heading = match (heading, part.attribute("abstract-type")) {
            (Some(heading), Some(_)) => heading,
            (None, Some("graphical")) => "Graphical abstract".into(),
            (None, Some("author-highlights" | "key-points")) => "Highlights".into(),
            (None, Some("lay-abstract" | "plain-language-summary")) => "Plain language summary".into(),
            _ => "Abstract".into(),
        };
        let span = self.source.span(part);
        let (kept, rest) = heading::cut(&heading, self.section.iter().map(String::as_str));
        self.article.drop_text(DropRule::Heading, rest, None, Some(span));
        self.section.push(kept.to_owned());
        self.children(part);
        self.section.pop();
    }
}
