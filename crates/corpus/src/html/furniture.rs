//! What stands on an article's web page beside the article.

use super::tokens::Tag;
use crate::DropRule;

/// The rule by which an element and all in it is left out; `is_inside` tells that the article itself has begun.
pub(super) fn rule(tag: &Tag, is_inside: bool) -> Option<DropRule> {
    match tag.name.as_str() {
        "nav" => return Some(DropRule::Navigation),
        "aside" => return Some(DropRule::Aside),
        "footer" => return Some(DropRule::PageFooter),
        "header" if !is_inside => return Some(DropRule::PageHeader),
        "noscript" | "template" | "svg" | "object" | "canvas" | "audio" | "video" => return Some(DropRule::Embedded),
        "form" | "button" | "select" | "dialog" | "menu" => return Some(DropRule::Form),
        "annotation" | "annotation-xml" => return Some(DropRule::Formula),
        "pre" => return Some(DropRule::Preformatted),
        "html" | "head" | "body" | "main" | "article" => return None,
        _ => {}
    }
    let is_hidden = tag.attribute("hidden").is_some()
        || tag.attribute("aria-hidden") == Some("true") && !matches!(tag.name.as_str(), "a" | "sup" | "span")
        || tag.attribute("style").is_some_and(|style| style.replace(' ', "").contains("display:none"));
    if is_hidden {
        return Some(DropRule::Hidden);
    }
    match tag.attribute("role") {
        Some("navigation" | "menu" | "menubar" | "search") => return Some(DropRule::Navigation),
        Some("contentinfo") => return Some(DropRule::PageFooter),
        Some("complementary") => return Some(DropRule::Aside),
        Some("dialog" | "alertdialog" | "alert") => return Some(DropRule::PageFurniture),
        _ => {}
    }
    by_name(tag)
}

/// By the words of the element's class and id: `cookie-banner`, `article__share`.
fn by_name(tag: &Tag) -> Option<DropRule> {
    const FURNITURE: &[&str] = &[
        "cookie",
        "cookies",
        "consent",
        "gdpr",
        "breadcrumb",
        "breadcrumbs",
        "share",
        "sharing",
        "social",
        "sidebar",
        "toc",
        "related",
        "recommended",
        "recommendations",
        "advert",
        "advertisement",
        "ad",
        "ads",
        "newsletter",
        "subscribe",
        "altmetric",
        "metrics",
        "login",
        "menu",
        "navbar",
        "toolbar",
        "skiplink",
        "popup",
        "modal",
        "tooltip",
        "pagination",
    ];
    const PEOPLE: &[&str] = &["authors", "affiliations", "contributors", "contribs", "affiliation", "correspondence"];
    // A wrapper that says what it holds or has beside itself is not the thing.
    const WRAPPERS: &[&str] =
        &["has", "with", "no", "without", "main", "content", "wrapper", "layout", "page", "body", "fulltext"];
    if !matches!(tag.name.as_str(), "div" | "section" | "ul" | "ol" | "p" | "span" | "dl" | "table") {
        return None;
    }
    let names = [tag.attribute("class"), tag.attribute("id")];
    let words: Vec<String> = names
        .into_iter()
        .flatten()
        .flat_map(|name| name.split(|c: char| !c.is_ascii_alphanumeric()))
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    if has(&["sr", "visually", "screenreader"]) && has(&["only", "hidden", "screenreader"]) {
        Some(DropRule::Hidden)
    } else if has(WRAPPERS) {
        None
    } else if has(FURNITURE) {
        Some(DropRule::PageFurniture)
    } else if has(PEOPLE) {
        Some(DropRule::FrontMatter)
    } else {
        None
    }
}

/// Whether the element holds the reference list, by its class, id or role.
pub(super) fn is_reference_list(tag: &Tag) -> bool {
    if !matches!(tag.name.as_str(), "div" | "section" | "ul" | "ol" | "table") {
        return false;
    }
    let role = tag.attribute("role") == Some("doc-bibliography");
    let names = [tag.attribute("class"), tag.attribute("id")];
    role || names.into_iter().flatten().flat_map(str::split_whitespace).any(|name| {
        let name = name.to_ascii_lowercase();
        matches!(
            name.as_str(),
            "references" | "reference-list" | "ref-list" | "reflist" | "bibliography" | "citation-list"
        ) || name.ends_with("article-references")
    })
}
