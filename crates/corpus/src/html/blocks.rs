//! Classifies a block of text by its words: front matter, a notice, a heading, or sentences of the paper.

use std::sync::LazyLock;

use regex::Regex;

use super::measure::is_section_heading;
use crate::DropRule;
use crate::heading::without_number;
use crate::patterns::compile;

/// The number of words of a block that are in links.
pub(super) struct Links {
    pub(super) words: usize,
    /// In links to other pages.
    pub(super) linked: usize,
    /// In links within the page.
    pub(super) anchored: usize,
}

/// The letters and digits of `text` in lower case. Two spellings of a title have the same ones.
pub(super) fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a rule for the lines of a printed page is also valid for blocks of HTML.
pub(super) fn is_of_pages(rule: DropRule) -> bool {
    matches!(
        rule,
        DropRule::DoiLine
            | DropRule::UrlLine
            | DropRule::Copyright
            | DropRule::LicenceNotice
            | DropRule::DownloadNotice
            | DropRule::PageNumber
            | DropRule::ViewerToken
    )
}

/// Whether a heading after the reference list begins a section of the article, such as an appendix.
pub(super) fn is_of_tail(heading: &str) -> bool {
    static TAIL: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"(?i)^(?:appendix|appendices|annex|supplement\b|(?:figure|table)s? (?:captions?|legends?)|figures?$|tables?$|legends?\b)",
        )
    });
    TAIL.is_match(without_number(heading))
}

/// The rule for a block that begins with a label of its content: `Received: 1 May 2014`.
pub(super) fn rule_of_label(text: &str, words: usize) -> Option<DropRule> {
    static FRONT: LazyLock<Regex> = LazyLock::new(|| {
        compile(concat!(
            r"(?i)^\W{0,3}(?:(?:suggested )?citation|cite (?:this )?(?:article|paper|as)?|how to cite(?: this article)?|(?:academic |handling |external |associate |section |reviewing )?editors?|edited by|reviewed by|reviewers?|received|revised|accepted|published(?: online)?|first published|submitted|available online|copyright|correspondence(?: to| should be)?|corresponding authors?|\*?e-?mail(?: address(?:es)?)?|affiliations?|key ?words?|key words and phrases|index terms|pmid|pmcid|doi|issn|format|file size)\s*:",
            r"|^\W{0,3}(?:received|revised|accepted) (?:\d{1,2} )?(?:january|february|march|april|may|june|july|august|september|october|november|december)\b",
            r"|^this article is (?:included in|part of|a part of)\b|^this file can be viewed with\b|^for all author emails\b|^to whom correspondence",
        ))
    });
    static BACK: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"(?i)^(?:the )?(?:authors? (?:declare|report|state)s? (?:that )?(?:they have |there (?:is|are) |having )?no (?:potential |known )?(?:competing|conflict|financial)|no competing interests)\b.{0,200}$|^(?:data availability|funding|financial (?:support|disclosure)|competing interests?|conflicts? of interests?|authors?['’]? contributions?|ethics(?: approval)?|acknowledge?ments?)\s*:",
        )
    });
    static FILES: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"(?i)^(?:additional files?|supplementary (?:files?|materials?|data|information)|supporting information|electronic supplementary material)\b",
        )
    });
    const MAX_WORDS: usize = 60;
    if FRONT.is_match(text) && words <= MAX_WORDS * 2 {
        Some(DropRule::FrontMatter)
    } else if BACK.is_match(text) {
        Some(DropRule::Administration)
    } else if FILES.is_match(text) && words <= MAX_WORDS {
        Some(DropRule::SupplementaryMaterial)
    } else {
        None
    }
}

/// Whether a block before the first heading is text of the paper: sentences that do not name its authors.
pub(super) fn is_opening(text: &str, words: usize) -> bool {
    static PLACE: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"\b(?:University|Universit\w+|Institut\w*|Department|Hospital|College|School of|Faculty|Laborator\w+|Centre for|Center for|Academy)\b|@",
        )
    });
    const MIN_WORDS: usize = 25;
    let commas = text.matches([',', ';']).count();
    let is_address = PLACE.is_match(text) && (commas * 7 > words || words < 60 && PLACE.find_iter(text).count() > 1);
    let ends = text.trim_end().ends_with(['.', '?', '!', ')', ']', '”', '"', ':']);
    words >= MIN_WORDS && (ends || words >= 2 * MIN_WORDS) && !is_address
}

/// `Abstract. Cells were given …`
pub(super) fn begins_as_abstract(text: &str) -> bool {
    static ABSTRACT: LazyLock<Regex> = LazyLock::new(|| compile(r"^(?i:abstract|summary)\s*[.:—–-]?\s+\p{Lu}"));
    ABSTRACT.is_match(text)
}

/// Whether a paragraph in bold is a heading.
pub(super) fn is_bold_heading(text: &str, words: usize) -> bool {
    const MAX_WORDS: usize = 14;
    words <= MAX_WORDS
        && text.contains(char::is_alphabetic)
        && (is_section_heading(text) || !text.ends_with(['.', ',', ';', ':', '?', '!', ')']))
}
