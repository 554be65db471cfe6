//! Reads the metadata of the paper, in this order of preference: Highwire's `citation_*` tags, Dublin Core and PRISM, JSON-LD of
//! schema.org, Open Graph, and the visible text of the page.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::measure::{count_words, short_text};
use super::names::Names;
use super::tokens::Tag;
use super::tree::{Content, Tree};
use crate::doi::{find_doi, parse_doi};
use crate::patterns::{YEAR, compile};
use crate::{Metadata, Reference, front_matter, pages};

/// Maximum length of a script that is read as JSON-LD, in bytes. Real ones have a few thousand.
const MAX_SCRIPT_BYTES: usize = 1 << 20;
const MAX_AUTHORS: usize = 2000;

/// The metadata of the paper on the page.
#[derive(Debug, Default)]
pub(super) struct Front {
    pub(super) metadata: Metadata,
    /// The abstract in the head of the page.
    pub(super) description: Option<String>,
    /// Whether the page has metadata in a vocabulary of publishers.
    pub(super) is_of_paper: bool,
    /// The entries of the reference list in the head of the page.
    pub(super) references: Vec<Reference>,
}

#[derive(Default)]
struct Sources {
    highwire: Metadata,
    /// All authors in one tag. Used if no tag has a single author.
    highwire_authors: Vec<String>,
    dublin_core: Metadata,
    contributors: Vec<String>,
    json_ld: Metadata,
    open_graph: Metadata,
    printed: Metadata,
    site: Option<String>,
    title: Option<String>,
}

impl Front {
    /// Reads the head of the page, and the visible text before the node `prose`, where the text of the article begins.
    pub(super) fn read(tree: &Tree, prose: usize) -> Self {
        let mut front = Front::default();
        let mut sources = Sources::default();
        let mut heading = None;
        for index in 0..tree.len() {
            let Some(tag) = tree.tag(index) else { continue };
            match tag.name.as_ref() {
                "meta" => front.meta(tag, &mut sources),
                "title" if sources.title.is_none() => {
                    sources.title = Some(tree.text(tree.subtree(index))).filter(|title| !title.is_empty());
                }
                "h1" if heading.is_none() => {
                    heading = Some(tree.text(tree.subtree(index))).filter(|text| text.len() < 1000 && !text.is_empty());
                }
                "script" if tag.attribute("type").is_some_and(|kind| kind.contains("ld+json")) => {
                    let script = tree.raw(index);
                    if script.len() <= MAX_SCRIPT_BYTES
                        && let Ok(value) = serde_json::from_str::<Value>(script)
                    {
                        front.json_ld(&value, &mut sources.json_ld, 0);
                    }
                }
                _ => {}
            }
        }
        sources.printed.authors = printed_authors(tree);
        sources.printed.doi = printed_doi(tree, prose);
        sources.printed.year = printed_year(tree, prose);
        sources.printed.title = printed_title(heading, sources.title.take(), sources.site.as_deref());
        front.metadata = sources.together();
        front
    }

    fn meta(&mut self, tag: &Tag, sources: &mut Sources) {
        let Some(content) = tag.attribute("content").map(plain).filter(|content| !content.is_empty()) else { return };
        let Some(name) = tag.attribute("name").or_else(|| tag.attribute("property")) else { return };
        let name = name.to_ascii_lowercase();
        // Some pages have `dc:title` and `citation.title`.
        let name = name.replacen("dc:", "dc.", 1).replacen("dcterms:", "dcterms.", 1).replacen("prism:", "prism.", 1);
        if let Some(field) = name.strip_prefix("citation_").or(name.strip_prefix("wkhealth_")) {
            self.is_of_paper |= matches!(field, "title" | "doi" | "journal_title");
            match field {
                "reference" => self.references.extend(reference(&content)),
                "abstract" => self.describe(&content, true),
                "authors" => sources.highwire_authors.extend(content.split(';').map(given_first)),
                _ => highwire(field, &content, &mut sources.highwire),
            }
            return;
        }
        match name.as_str() {
            "og:site_name" => sources.site = Some(content),
            "og:title" => sources.open_graph.title = Some(content),
            "og:url" => sources.open_graph.url = Some(content),
            "article:published_time" => sources.open_graph.year = front_matter::year(&content),
            "dc.contributor" => sources.contributors.push(given_first(&content)),
            "dc.description" | "dcterms.abstract" | "eprints.abstract" => self.describe(&content, true),
            "description" | "og:description" | "twitter:description" => self.describe(&content, false),
            _ => dublin_core(&name, &content, &mut sources.dublin_core),
        }
    }

    /// Keeps the longer of two abstracts. A `description` may be any sentence, so it must have a minimum length.
    fn describe(&mut self, text: &str, is_abstract: bool) {
        let words = count_words(text);
        let known = self.description.as_deref().map_or(0, count_words);
        if words >= if is_abstract { 30 } else { 60 } && words > known {
            self.description = Some(text.to_owned());
        }
    }

    /// Reads the articles among the objects of JSON-LD.
    fn json_ld(&mut self, value: &Value, metadata: &mut Metadata, depth: usize) {
        const DEEPEST: usize = 8;
        if depth > DEEPEST {
            return;
        }
        match value {
            Value::Array(values) => values.iter().for_each(|value| self.json_ld(value, metadata, depth + 1)),
            Value::Object(fields) => {
                let is_article = texts(value.get("@type")).iter().any(|kind| kind.ends_with("Article"));
                if is_article {
                    self.is_of_paper |= texts(value.get("@type")).iter().any(|kind| kind.ends_with("ScholarlyArticle"));
                    self.json_article(value, metadata);
                } else {
                    for inner in ["@graph", "mainEntity", "mainEntityOfPage", "about"] {
                        if let Some(inner) = fields.get(inner) {
                            self.json_ld(inner, metadata, depth + 1);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn json_article(&mut self, article: &Value, metadata: &mut Metadata) {
        let first = |field: &str| texts(article.get(field)).into_iter().next().map(|text| plain(&text));
        metadata.title = metadata.title.take().or_else(|| first("headline")).or_else(|| first("name"));
        if metadata.authors.is_empty() {
            metadata.authors = names(article.get("author"));
        }
        metadata.year = metadata.year.or_else(|| front_matter::year(&first("datePublished")?));
        let identifiers = ["doi", "identifier", "sameAs", "@id", "url"].into_iter().flat_map(|f| texts(article.get(f)));
        metadata.doi = metadata.doi.take().or_else(|| identifiers.filter_map(|text| parse_doi(&text)).next());
        metadata.url = metadata.url.take().or_else(|| first("url"));
        if let Some(text) = first("abstract").or_else(|| first("description")) {
            self.describe(&text, false);
        }
        // An article is part of an issue, of a volume, of a journal.
        let mut part = article.get("isPartOf");
        for _ in 0..4 {
            let Some(whole) = part else { break };
            let whole = whole.get(0).unwrap_or(whole);
            let is_journal = texts(whole.get("@type")).iter().any(|kind| kind == "Periodical" || kind == "Journal");
            let name = texts(whole.get("name")).into_iter().next();
            if is_journal && metadata.journal.is_none() {
                metadata.journal = name.map(|name| plain(&name));
            }
            metadata.volume = metadata.volume.take().or_else(|| texts(whole.get("volumeNumber")).into_iter().next());
            metadata.issue = metadata.issue.take().or_else(|| texts(whole.get("issueNumber")).into_iter().next());
            part = whole.get("isPartOf");
        }
    }
}

impl Sources {
    fn together(self) -> Metadata {
        let mut metadata = self.highwire;
        if metadata.authors.is_empty() {
            metadata.authors = self.highwire_authors;
        }
        let mut dublin_core = self.dublin_core;
        if dublin_core.authors.is_empty() {
            dublin_core.authors = self.contributors;
        }
        for other in [dublin_core, self.json_ld, self.printed, self.open_graph] {
            pages::fill(&mut metadata, other);
        }
        let mut known = std::collections::HashSet::new();
        metadata.authors.retain(|author| !author.is_empty() && known.insert(author.clone()));
        metadata
    }
}

fn highwire(field: &str, content: &str, metadata: &mut Metadata) {
    let text = || Some(content.to_owned());
    match field {
        "title" => metadata.title = metadata.title.take().or_else(text),
        "author" => metadata.authors.push(given_first(content)),
        "journal_title" => metadata.journal = text(),
        "journal_abbrev" => metadata.journal = metadata.journal.take().or_else(text),
        // The date of the issue is preferred to the date of the online publication.
        "publication_date" | "cover_date" | "year" => metadata.year = front_matter::year(content).or(metadata.year),
        "date" | "online_date" => metadata.year = metadata.year.or(front_matter::year(content)),
        "volume" => metadata.volume = text(),
        "issue" => metadata.issue = text(),
        "firstpage" => metadata.first_page = text(),
        "lastpage" => metadata.last_page = text(),
        "doi" => metadata.doi = metadata.doi.take().or_else(|| parse_doi(content)),
        "pmid" => metadata.pmid = front_matter::digits(content),
        "pmcid" => metadata.pmcid = front_matter::digits(content).map(|digits| format!("PMC{digits}")),
        "article_type" => metadata.article_type = text(),
        "keywords" | "keyword" => metadata.keywords.extend(front_matter::list(content, &[";", ","])),
        "public_url" | "abstract_html_url" => metadata.url = metadata.url.take().or_else(text),
        _ => {}
    }
}

fn dublin_core(name: &str, content: &str, metadata: &mut Metadata) {
    let text = || Some(content.to_owned());
    match name {
        "dc.title" | "dcterms.title" | "eprints.title" => metadata.title = metadata.title.take().or_else(text),
        "dc.creator" | "dcterms.creator" => metadata.authors.push(given_first(content)),
        "dc.date" | "dcterms.issued" | "dcterms.date" | "dc.date.issued" | "prism.publicationdate" => {
            metadata.year = metadata.year.or(front_matter::year(content));
        }
        "dc.identifier" | "dc.identifier.doi" | "prism.doi" | "dcterms.identifier" | "doi" => {
            metadata.doi = metadata.doi.take().or_else(|| parse_doi(content));
        }
        "prism.publicationname" | "dcterms.ispartof" | "dc.relation.ispartof" => metadata.journal = text(),
        // `Metabolites 2014, Vol. 4, Pages 932-945`
        "dc.source" => {
            let journal = content.split(|c: char| c.is_ascii_digit() || matches!(c, ',' | ';')).next();
            let journal = journal.unwrap_or_default().trim();
            metadata.journal = metadata.journal.take().or((!journal.is_empty()).then(|| journal.to_owned()));
        }
        "prism.volume" => metadata.volume = text(),
        "prism.number" => metadata.issue = text(),
        "prism.startingpage" => metadata.first_page = text(),
        "prism.endingpage" => metadata.last_page = text(),
        "keywords" | "dc.subject" => metadata.keywords.extend(front_matter::list(content, &[";", ","])),
        _ => {}
    }
}

/// `citation_title=Cells; citation_author=Lee A; citation_year=2010`, or an entry as printed.
fn reference(content: &str) -> Option<Reference> {
    static FIELD: LazyLock<Regex> = LazyLock::new(|| compile(r"citation_(\w+)\s*="));
    let mut reference = Reference::default();
    let starts: Vec<_> = FIELD.captures_iter(content).collect();
    if starts.is_empty() {
        return (!content.is_empty()).then(|| crate::reference::parse(content));
    }
    for (index, found) in starts.iter().enumerate() {
        let (Some(all), Some(field)) = (found.get(0), found.get(1)) else { continue };
        let end = starts.get(index + 1).and_then(|next| next.get(0)).map_or(content.len(), |next| next.start());
        let value = content.get(all.end()..end).unwrap_or_default();
        let value = value.trim_matches(|c: char| c.is_whitespace() || matches!(c, ';' | ','));
        let text = || (!value.is_empty()).then(|| value.to_owned());
        match field.as_str() {
            "title" => reference.title = text(),
            "author" | "authors" => {
                reference.authors.extend(value.split(';').map(str::trim).filter(|a| !a.is_empty()).map(str::to_owned))
            }
            "journal_title" | "inbook_title" | "conference_title" => reference.journal = text(),
            "volume" => reference.volume = text(),
            "firstpage" | "first_page" | "pages" => reference.first_page = text(),
            "publication_date" | "year" | "date" => reference.year = front_matter::year(value),
            "doi" => reference.doi = parse_doi(value),
            "pmid" => reference.pmid = front_matter::digits(value),
            _ => {}
        }
    }
    reference.text = printed(&reference);
    (!reference.text.is_empty()).then_some(reference)
}

/// The printed form of an entry, built from its fields.
fn printed(reference: &Reference) -> String {
    let year = reference.year.map(|year| year.to_string());
    let authors = (!reference.authors.is_empty()).then(|| reference.authors.join(", "));
    let parts = [
        authors,
        year,
        reference.title.clone(),
        reference.journal.clone(),
        reference.volume.clone(),
        reference.first_page.clone(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(". ")
}

/// The visible title: the heading of the page if it is also a part of `<title>`, else the content of `<title>` without
/// the name of the site.
fn printed_title(heading: Option<String>, title: Option<String>, site: Option<&str>) -> Option<String> {
    let Some(title) = title else { return heading };
    if let Some(heading) = heading.filter(|heading| heading.contains(' ') && contains_words(&title, heading)) {
        return Some(heading);
    }
    // The longest part is the title: `Journal | Full text | Title of the paper`.
    let part = title.split(" | ").max_by_key(|part| part.len()).unwrap_or(&title);
    let part = match (site, part.rsplit_once(" - ")) {
        (Some(site), Some((before, last))) if last.trim().eq_ignore_ascii_case(site.trim()) => before,
        _ => part,
    };
    Some(part.trim().to_owned())
}

/// Whether `text` contains the letters and digits of `part` in this order.
fn contains_words(text: &str, part: &str) -> bool {
    let letters =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    letters(text).contains(&letters(part))
}

/// The first DOI in a link or a text before the text of the article.
fn printed_doi(tree: &Tree, prose: usize) -> Option<String> {
    (0..prose.min(tree.len())).find_map(|index| match tree.node(index).map(|node| &node.content) {
        Some(Content::Element(tag)) if tag.name == "a" => {
            let target = tag.attribute("href").filter(|target| target.contains("doi.org/10."))?;
            parse_doi(&target.replace("%2F", "/").replace("%2f", "/"))
        }
        Some(Content::Text(text)) if text.len() < 400 => find_doi(text),
        _ => None,
    })
}

/// The year after `Published` or a copyright sign, before the text of the article.
fn printed_year(tree: &Tree, prose: usize) -> Option<u16> {
    static DATE: LazyLock<Regex> = LazyLock::new(|| {
        compile(format!(
            r"(?i)(?:\bpublished\b|\bpublication date\b|©|\bcopyright\b|\baccepted\b|\bepub\b)[^.]{{0,60}}?\b({YEAR})\b"
        ))
    });
    // A label and its date may be in two elements.
    let mut text = String::new();
    for index in 0..prose.min(tree.len()) {
        if let Some(Content::Text(piece)) = tree.node(index).map(|node| &node.content)
            && piece.len() < 400
            && !matches!(tree.node(index).map(|node| tree.name(node.parent)), Some("title"))
        {
            text.push_str(piece.trim());
            text.push(' ');
        }
    }
    DATE.captures(&text)?.get(1)?.as_str().parse().ok()
}

/// The authors in microdata, else in elements with a class such as `author-name`, else the given and family names in an element
/// with a class such as `author-list`.
fn printed_authors(tree: &Tree) -> Vec<String> {
    let is_microdata = |_: usize, tag: &Tag| {
        matches!(tag.attribute("itemprop"), Some("author" | "creator")) || tag.attribute("rel") == Some("author")
    };
    let authors = people(tree, &is_microdata);
    if !authors.is_empty() {
        return authors;
    }
    let authors = people(tree, &|index, tag| is_author(tree, index, tag));
    if authors.is_empty() { listed_authors(tree) } else { authors }
}

/// The names in the elements that `is_person` selects.
fn people(tree: &Tree, is_person: &dyn Fn(usize, &Tag) -> bool) -> Vec<String> {
    let mut authors = Vec::new();
    let mut end = 0;
    for index in 0..tree.len() {
        let Some(tag) = tree.tag(index).filter(|_| index >= end && authors.len() < MAX_AUTHORS) else { continue };
        let subtree = tree.subtree(index);
        let is_small = subtree.len() <= 60 && matches!(tag.name.as_ref(), "span" | "a" | "div" | "li" | "button");
        if is_small
            && is_person(index, tag)
            && let Some(name) = person(tree, index)
        {
            authors.push(name);
            end = subtree.end;
        }
    }
    authors
}

/// Pairs of given and family name in the first list of authors.
fn listed_authors(tree: &Tree) -> Vec<String> {
    const MAX_NODES: usize = 20_000;
    let is_list = |index: usize| {
        let Some(tag) = tree.tag(index) else { return false };
        matches!(tag.name.as_ref(), "div" | "ul" | "section" | "span" | "p") && {
            let names = Names::new(tag);
            names.has(&["author", "authors", "contrib", "contributors"])
        }
    };
    let mut authors = Vec::new();
    let Some(list) = (0..tree.len()).find(|&index| is_list(index)) else { return authors };
    let mut given: Option<String> = None;
    for index in tree.subtree(list).take(MAX_NODES) {
        let Some(tag) = tree.tag(index).filter(|_| authors.len() < MAX_AUTHORS) else { continue };
        let names = Names::new(tag);
        if names.has(&["given"]) {
            given = Some(short_text(tree, tree.subtree(index)));
        } else if names.has(&["surname", "family"])
            && let Some(given) = given.take()
        {
            authors.push(format!("{given} {}", short_text(tree, tree.subtree(index))));
        }
    }
    authors
}

fn is_author(tree: &Tree, index: usize, tag: &Tag) -> bool {
    if !["class", "id"].iter().any(|name| tag.attribute(name).is_some()) {
        return false;
    }
    let names = Names::new(tag);
    const GROUPS: &[&str] =
        &["group", "groups", "list", "section", "info", "information", "container", "wrapper", "authors"];
    !names.has(GROUPS)
        && names.has(&["author", "contrib", "contributor", "contribs"])
        && (names.has(&["name"]) || part(tree, index, &["given"]).is_some())
        || names.has(&["authorname", "personname"])
}

/// The text of the first element inside `index` with this name.
fn part(tree: &Tree, index: usize, words: &[&str]) -> Option<String> {
    let found =
        tree.subtree(index).skip(1).find(|&inner| tree.tag(inner).is_some_and(|tag| Names::new(tag).has(words)))?;
    Some(tree.text(tree.subtree(found))).filter(|text| !text.is_empty())
}

/// The name in an element: given and family name, or its text without marks of affiliations.
fn person(tree: &Tree, index: usize) -> Option<String> {
    let given = part(tree, index, &["given"]);
    let family = part(tree, index, &["surname", "family"]);
    let text = match (given, family) {
        (Some(given), Some(family)) => format!("{given} {family}"),
        _ => {
            let mut text = String::new();
            let mut end = 0;
            for inner in tree.subtree(index) {
                if matches!(tree.name(inner), "sup" | "svg" | "button") && inner != index {
                    end = end.max(tree.subtree(inner).end);
                }
                if inner >= end && tree.tag(inner).is_none() {
                    text.push_str(&tree.text(inner..inner + 1));
                    text.push(' ');
                }
            }
            text
        }
    };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = text.trim_matches(|c: char| !c.is_alphanumeric() && c != '.');
    let name = given_first(name.strip_suffix(" and").unwrap_or(name));
    let is_name = (2..=6).contains(&name.split(' ').count()) && !name.contains(['@', ';', ':', '(']);
    (is_name && name.chars().next().is_some_and(char::is_uppercase)).then_some(name)
}

/// Strings of a JSON value: itself, those of a list, or the `value` and `name` of an object.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Number(number)) => vec![number.to_string()],
        Some(Value::Array(values)) => values
            .iter()
            .take(1000)
            .flat_map(|value| match value {
                Value::Array(_) => Vec::new(),
                value => texts(Some(value)),
            })
            .collect(),
        Some(Value::Object(fields)) => {
            let inner = ["value", "@value", "@id", "name"].into_iter().filter_map(|field| fields.get(field)?.as_str());
            inner.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// Names of people in JSON-LD: text, objects with `name` or with `givenName` and `familyName`, and lists of them.
fn names(value: Option<&Value>) -> Vec<String> {
    let values = match value {
        Some(Value::Array(values)) => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => &[],
    };
    let name = |value: &Value| {
        let field = |name: &str| value.get(name).and_then(Value::as_str);
        match (value.as_str().or_else(|| field("name")), field("givenName"), field("familyName")) {
            (Some(name), ..) => Some(given_first(&plain(name))),
            (None, Some(given), Some(family)) => Some(format!("{given} {family}")),
            _ => None,
        }
    };
    values.iter().filter_map(name).collect()
}

/// Removes tags that some pages write into attributes, and folds white space.
fn plain(content: &str) -> String {
    static TAG: LazyLock<Regex> = LazyLock::new(|| compile(r"</?[A-Za-z][A-Za-z:]{0,12}(?:\s[^<>]{0,200})?/?>"));
    static BLOCK: LazyLock<Regex> = LazyLock::new(|| compile(r"(?i)<(?:/?p|br|/?div|/?jats:p|/?title)\b[^<>]{0,200}>"));
    let content = if content.contains("&lt;") || content.contains("&amp;") {
        html_escape::decode_html_entities(content)
    } else {
        content.into()
    };
    let content = if content.contains('<') {
        TAG.replace_all(&BLOCK.replace_all(&content, " "), "").into_owned()
    } else {
        content.into_owned()
    };
    content.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `Lee, Ann B.` as `Ann B. Lee`.
fn given_first(name: &str) -> String {
    match name.trim().split_once(',') {
        Some((family, given)) if !given.trim().is_empty() => format!("{} {}", given.trim(), family.trim()),
        _ => name.trim().trim_end_matches(',').to_owned(),
    }
}
