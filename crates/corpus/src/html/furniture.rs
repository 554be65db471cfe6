//! Finds the parts of a web page that do not belong to its article: navigation, banners, buttons, related papers.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::measure::{Measure, short_text};
use super::names::{Names, has_class};
use super::tokens::Tag;
use super::tree::{Tree, is_heading};
use crate::DropRule;
use crate::heading::without_number;
use crate::patterns::compile;

/// Maximum number of words of prose in a label or a button.
const LITTLE_PROSE: usize = 30;

/// The parts of a page that are left out as a whole.
#[derive(Debug)]
pub(super) struct Furniture {
    /// For each node, the rule by which its subtree is left out; none for the nodes inside such a subtree.
    pub(super) rules: Vec<Option<DropRule>>,
    /// Rules that would leave out more than half of the prose of the page. They are not applied.
    pub(super) refused: Vec<DropRule>,
}

/// How certain a rule is. This limits the share of the page's prose that the rule may leave out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Certainty {
    /// Matched by the element or its role: `nav`, `role="search"`. At most a half.
    Element,
    /// The element is initially hidden. At most a half. Sections that a click makes visible are text.
    Hidden,
    /// Matched by a name that no part of a paper has. At most a fifth.
    Name,
    /// Matched by a name that a section of a paper may also have. At most a fifth, and a section only by its heading.
    Label,
    /// The element may contain the whole page: a form. Nearly no prose.
    Container,
}

impl Furniture {
    /// Finds the parts of `tree`. The reference list is never one of them.
    pub(super) fn find(tree: &Tree, measure: &Measure, references: Option<&Range<usize>>) -> Self {
        let mut furniture = Furniture { rules: vec![None; tree.len()], refused: Vec::new() };
        let page = measure.prose.over(0..tree.len());
        let mut article_end = 0;
        let mut index = 0;
        while index < tree.len() {
            let subtree = tree.subtree(index);
            let next = index + 1;
            let Some(tag) = tree.tag(index) else {
                index = next;
                continue;
            };
            let found = rule_for_element(tag, index < article_end);
            if matches!(tag.name.as_ref(), "article" | "main") || tag.attribute("role") == Some("main") {
                article_end = article_end.max(subtree.end);
            }
            let found = found.or_else(|| is_button(tree, index).then_some((DropRule::PageFurniture, Certainty::Name)));
            let holds_references =
                references.is_some_and(|list| subtree.start <= list.start && list.end <= subtree.end);
            let is_in_references = references.is_some_and(|list| list.start < subtree.start && subtree.end <= list.end);
            let prose = measure.prose.over(subtree.clone());
            let allowed = found.is_some_and(|(rule, certainty)| match certainty {
                _ if holds_references => false,
                Certainty::Element | Certainty::Hidden if prose * 2 > page && page > 0 => {
                    if !furniture.refused.contains(&rule) {
                        furniture.refused.push(rule);
                    }
                    false
                }
                Certainty::Element => true,
                Certainty::Hidden => !(opens_a_section(tree, measure, index) || is_in_references),
                Certainty::Name => prose * 5 <= page || prose <= LITTLE_PROSE,
                Certainty::Label if prose <= LITTLE_PROSE || prose * 2 <= measure.words.over(subtree.clone()) => true,
                Certainty::Label => match first_heading(tree, measure, subtree.clone()) {
                    Some(heading) => rule_for_heading(&heading).is_some(),
                    None => prose * 5 <= page,
                },
                Certainty::Container => prose <= 40,
            });
            match found.filter(|_| allowed) {
                Some((rule, _)) => {
                    if let Some(place) = furniture.rules.get_mut(index) {
                        *place = Some(rule);
                    }
                    index = subtree.end.max(next);
                }
                None => index = next,
            }
        }
        furniture
    }
}

/// The text of the first heading in `range`.
fn first_heading(tree: &Tree, measure: &Measure, range: Range<usize>) -> Option<String> {
    if measure.headings.over(range.clone()) == 0 {
        return None;
    }
    // A box begins with its heading.
    const MAX_NODES: usize = 200;
    let found = range.take(MAX_NODES).find(|&index| is_heading(tree.name(index)))?;
    Some(short_text(tree, tree.subtree(found)))
}

/// Whether an element is hidden prose after a heading: an accordion.
fn opens_a_section(tree: &Tree, measure: &Measure, index: usize) -> bool {
    const MAX_SIBLINGS: usize = 8;
    let subtree = tree.subtree(index);
    if measure.prose.over(subtree.clone()) < 40 {
        return false;
    }
    let inside = measure.section_headings.over(subtree.clone()) > 0;
    let Some(parent) = tree.parent(index) else { return inside };
    // The heading is before it, in the same element or in the one around it.
    let starts = [parent, tree.parent(parent).unwrap_or(parent)];
    inside
        || starts.into_iter().any(|start| {
            let before = start..subtree.start;
            before.len() <= MAX_SIBLINGS * 8 && measure.section_headings.over(before) > 0
        })
}

fn rule_for_element(tag: &Tag, is_in_article: bool) -> Option<(DropRule, Certainty)> {
    use Certainty::{Container, Element, Hidden};
    let by_element = match tag.name.as_ref() {
        "nav" => Some((DropRule::Navigation, Element)),
        "aside" => Some((DropRule::Aside, Element)),
        "footer" if is_in_article => Some((DropRule::PageFooter, Container)),
        "footer" => Some((DropRule::PageFooter, Element)),
        "header" if !is_in_article => Some((DropRule::PageHeader, Container)),
        "noscript" | "template" | "svg" | "object" | "canvas" | "audio" | "video" => {
            Some((DropRule::Embedded, Element))
        }
        "form" => Some((DropRule::Form, Container)),
        "button" | "select" | "dialog" | "menu" => Some((DropRule::Form, Element)),
        "annotation" | "annotation-xml" => Some((DropRule::Formula, Element)),
        "pre" => Some((DropRule::Preformatted, Element)),
        "html" | "head" | "body" | "main" | "article" | "title" => return None,
        _ => None,
    };
    if by_element.is_some() {
        return by_element;
    }
    if is_hidden(tag) {
        return Some((DropRule::Hidden, Hidden));
    }
    match tag.attribute("role") {
        Some("navigation" | "menu" | "menubar" | "search" | "tablist") => {
            return Some((DropRule::Navigation, Element));
        }
        Some("contentinfo") => return Some((DropRule::PageFooter, Element)),
        Some("banner") => return Some((DropRule::PageHeader, Container)),
        Some("complementary") => return Some((DropRule::Aside, Element)),
        Some("dialog" | "alertdialog" | "alert") => return Some((DropRule::PageFurniture, Element)),
        _ => {}
    }
    rule_for_name(tag)
}

fn is_hidden(tag: &Tag) -> bool {
    const CLASSES: &[&str] = &[
        "hidden",
        "hide",
        "is-hidden",
        "js-hidden",
        "ng-hide",
        "u-hide",
        "d-none",
        "sr-only",
        "u-sronly",
        "visually-hidden",
        "visuallyhidden",
        "u-visually-hidden",
        "element-invisible",
        "screen-reader-text",
        "screenreader-only",
        "show-for-sr",
        "mfp-hide",
        // SingleFile marks what was hidden when it saved the page.
        "sf-hidden",
    ];
    tag.attribute("hidden").is_some()
        || tag.attribute("aria-hidden") == Some("true")
            && !matches!(tag.name.as_ref(), "a" | "sup" | "span" | "i" | "b" | "em" | "math" | "mrow")
        || tag.attribute("style").is_some_and(|style| {
            // Some are long because of inlined images. Properties such as `display` are at the beginning.
            let style = crate::characters::prefix(style, 400).replace(' ', "").to_ascii_lowercase();
            style.contains("display:none") || style.contains("visibility:hidden")
        })
        || has_class(tag, CLASSES)
}

/// The rule by the words in the class and id of an element: `cookie-banner`, `article__share`.
fn rule_for_name(tag: &Tag) -> Option<(DropRule, Certainty)> {
    use Certainty::{Hidden, Label, Name};
    // No section of a paper has these names.
    const SITE: &[&str] = &[
        "cookie",
        "cookies",
        "consent",
        "gdpr",
        "onetrust",
        "share",
        "sharing",
        "sharethis",
        "addthis",
        "social",
        "advert",
        "advertisement",
        "ad",
        "ads",
        "newsletter",
        "subscribe",
        "signup",
        "promo",
        "promotion",
        "altmetric",
        "altmetrics",
        "login",
        "signin",
        "recommended",
        "recommendations",
        "disqus",
        "crossmark",
        "rightslink",
        "twitter",
        "facebook",
    ];
    // Sections may have these, as names of classes (`toc-section`) or as ids that are made from their headings.
    const LISTS: &[&str] = &[
        "breadcrumb",
        "breadcrumbs",
        "sidebar",
        "toc",
        "jumplinks",
        "related",
        "similar",
        "metrics",
        "menu",
        "submenu",
        "navbar",
        "nav",
        "navigation",
        "goto",
        "toolbar",
        "toolbox",
        "tools",
        "skiplink",
        "popup",
        "popover",
        "modal",
        "tooltip",
        "dropdown",
        "overlay",
        "lightbox",
        "pagination",
        "carousel",
        "comment",
        "comments",
        "annotations",
        "citedby",
        "download",
        "downloads",
        "feedback",
        "survey",
        "search",
        "buttons",
        "button",
        "btn",
        "alerts",
        "flyout",
        "callout",
        "links",
    ];
    const POPUPS: &[&str] = &[
        "overlay",
        "popup",
        "popover",
        "tooltip",
        "download",
        "downloads",
        "buttons",
        "button",
        "btn",
        "goto",
        "callout",
        "links",
    ];
    const REVIEWS: &[&str] = &["referee", "referees", "reviewer", "reports", "decision"];
    const PEOPLE: &[&str] = &[
        "author",
        "authors",
        "affiliation",
        "affiliations",
        "aff",
        "contributors",
        "contribs",
        "contrib",
        "correspondence",
        "corresp",
        "byline",
    ];
    const FRONT: &[&str] = &["keyword", "keywords", "kwd", "history", "license", "licence", "copyright", "permissions"];
    // The name of a wrapper may describe its content or its neighbours: `has-sidebar`.
    const WRAPPERS: &[&str] = &[
        "has", "with", "no", "without", "main", "wrapper", "layout", "page", "body", "fulltext", "abstract", "summary",
    ];
    if !matches!(
        tag.name.as_ref(),
        "div" | "section" | "ul" | "ol" | "li" | "p" | "span" | "dl" | "table" | "a" | "cite"
    ) {
        return None;
    }
    let names = Names::new(tag);
    // Links to entries of the reference list have such names. Menus are recognised by other rules.
    if tag.name == "a" {
        return names.has(&["btn", "button"]).then_some((DropRule::PageFurniture, Label));
    }
    let is_inline = matches!(tag.name.as_ref(), "span" | "cite");
    let is_block = !is_inline && tag.name != "li";
    if names.has(&["math"]) && names.has(&["preview", "message", "hidden", "test"]) || names.has(&["mjx"]) {
        Some((DropRule::Formula, Name))
    } else if is_block
        && (names.has(&["equation", "eqn", "formula"]) || names.has(&["math"]) && names.has(&["display"]))
        && !names.has(&["inline"])
    {
        Some((DropRule::Formula, Label))
    } else if names.has(&["sr", "visually", "screenreader"]) && names.has(&["only", "hidden", "screenreader"]) {
        Some((DropRule::Hidden, Hidden))
    } else if names.has(WRAPPERS) {
        None
    } else if names.has(SITE) {
        Some((DropRule::PageFurniture, Name))
    } else if names.has(&["footnote", "footnotes", "fn"]) {
        Some((DropRule::Footnote, Label))
    } else if names.has(&["table"]) && names.has(&["foot", "footer", "footnotes"]) {
        Some((DropRule::TableFootnote, Name))
    } else if is_inline {
        // Words of a sentence may have such names: a search term, a keyword, an author.
        if names.has(POPUPS) {
            Some((DropRule::PageFurniture, Label))
        } else {
            names.has(&["authors", "affiliations"]).then_some((DropRule::FrontMatter, Label))
        }
    } else if names.has(LISTS) {
        Some((DropRule::PageFurniture, Label))
    } else if names.has(REVIEWS) {
        Some((DropRule::SubArticle, Label))
    } else if names.has(PEOPLE) || names.has(FRONT) {
        Some((DropRule::FrontMatter, Label))
    } else if names.has(&["footer"]) {
        Some((DropRule::PageFooter, Label))
    } else {
        None
    }
}

/// Whether the few words of an element are the text of a button.
fn is_button(tree: &Tree, index: usize) -> bool {
    let subtree = tree.subtree(index);
    subtree.len() <= 12 && is_button_text(&short_text(tree, subtree))
}

/// `Download figure`, `View Article`, `Go to:`.
pub(super) fn is_button_text(text: &str) -> bool {
    static BUTTON: LazyLock<Regex> = LazyLock::new(|| {
        compile(concat!(
            r"(?i)^\W*(?:(?:click here to )?(?:view|see|show|open|download|enlarge|get|read|display|hide|export|print|save|expand|collapse|copy|add|request|purchase|buy)",
            r"(?:[ :–-]+(?:a|an|as|in|the|this|all|full|to|new|and|original|larger?|high|original|article|articles?'?s?|figures?|images?|tables?|image|popup|pop-?up|inline|pdf|xml|power ?point|ppt|slides?|tab|window|version|size|resolution|references?|citations?|download|abstract|text|full text|more|less|details?|metrics|collections?|favorites|permissions?|reprints?|video|author information|chapter|asset|in article|display|thumbnail|viewer|res|high-res|power-?point|larger version|other formats?|record|scopus|google|patient|[\d.,]+ ?[kmg]b))*(?: \([\d.,]+ ?[kmg]b\))?",
            r"|(?:figure|table|article) options|links|(?:pdf|xml|epub|power ?point|ppt|in (?:this|a new) window|(?:next|previous) section|view (?:larger|large) version|top|article|full ?text|ris|bibtex|endnote|full ?(?:text|size)(?: (?:html|pdf|xml|image|table|figure|links?))?|original image|(?:larger|thumbnail) image)",
            r"|(?:google scholar|pubmed(?: central)?(?: abstract| full text)?|pubmed/ncbi|pmc free article|publisher full text|cross ?ref(?: full text)?|web of science|scopus|medline|cas|ads|isi|openurl|webcite|find (?:this )?(?:article|paper|it) online|search via refindit|view (?:article|record) in \w+)",
            r"|(?:go to|jump to|back to|return to|skip to)(?: (?:top|text|article|citation|ref(?:erence)? in (?:the )?article|the|content|main|main content|navigation|section|.{0,20}))?",
            r"|in text citation|share(?: this)?(?: article)?(?: on \w+)?|(?:e-?)?mail(?: this article)?|tweet|like|reddit|linkedin|facebook|twitter|mendeley|citeulike|close|next|previous|prev|math processing error|loading(?: \[?mathjax.*|\.*)?",
            r"|(?:cited|viewed|downloaded) by(?: \(?\d+\)?)?|citations? \(?\d+\)?|rights (?:and|&) permissions|reprints and permissions|article (?:options|tools)|export citations?|save to library|cite(?: this)?(?: article)?|figure viewer|supplementary(?: data| files?)?",
            r")(?:\W*\([\d.,]+ ?[kmg]?b?\))?\W*$",
        ))
    });
    text.len() <= 80 && text.contains(char::is_alphabetic) && BUTTON.is_match(text)
}

/// The rule for a section of the site, by its heading.
pub(super) fn rule_for_heading(heading: &str) -> Option<DropRule> {
    static SITE: LazyLock<Regex> = LazyLock::new(|| {
        compile(concat!(
            r"(?i)^(?:(?:(?:related|similar|recommended|suggested|trending|popular|featured|latest|most (?:read|cited|viewed|popular|recent|recently \w+))(?: \w+)? (?:articles?|content|papers?|reading|research|posts?|links?|literature|news|collections?|items|journals)",
            r"|(?:more|other) (?:articles?|content|papers?|posts?|links?|from|in this|on this|by)|recommended|trending)\b.*",
            r"|(?:article )?(?:metrics|usage(?: statistics)?|level metrics)|article (?:tools|options|impact|navigation|contents?|builder|information|info|notes?|history)|cited by.*|citing (?:articles?|literature).*|(?:how to )?cite this .*|how to cite.*|citations? (?:tools|information)|export citations?.*|download (?:pdf|citation|article|references).*|share (?:this|on|article).*|(?:reader |user |post a |leave a |add a )?comments?(?: \(\d+\))?|e-?letters|discussion forum|sign (?:up|in)\b.*|log ?in\b.*|(?:email|citation|article) alerts?.*|jump to.*|on this page|table of contents|in this (?:article|issue)|reference tools|rights (?:and|&) permissions|request permissions|reprints and permissions|quick links|subject areas?|categories (?:and|&) tags|keywords?|key words|people also looked at|readers also .*|associated data|linkout.*|about (?:this|the) (?:article|journal|authors?|publisher)|author biograph(?:y|ies)|(?:authors?.?|contributor) (?:and )?(?:details|information|info|notes?|affiliations?)(?: .*)?|affiliations?(?: details)?|editor information|(?:current )?referee status.*|publication (?:history|dates?|data)|(?:article|version) history|amendments from version.*|copyright(?: .*)?|licen[cs]e(?: .*)?|cookies?(?: .*)?|privacy policy|section snippets|article preview|preview|data & figures|figures? (?:&|and) (?:data|tables)|save to .*)$",
        ))
    });
    static REVIEW: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"(?i)^(?:open peer review|peer review(?:er)? (?:reports?|comments|file|history)|decision letter|author(?:s'|s’)? response|response to (?:the )?reviewers|reviewers?'? (?:comments|reports?).*|reviewer #?\d+.*|elife assessment|referee reports?.*)$",
        )
    });
    let heading = without_number(heading).trim_matches(|c: char| !c.is_alphanumeric());
    if REVIEW.is_match(heading) {
        Some(DropRule::SubArticle)
    } else if SITE.is_match(heading) {
        Some(DropRule::PageFurniture)
    } else {
        None
    }
}
