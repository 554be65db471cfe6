//! Recognises text that viewers and publishers add to a page. The matching rule is recorded with the text that it
//! removes.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::DropRule;
use crate::patterns::{DOI_PREFIX, YEAR, compile};

/// A rule for lines that consist of noise.
struct LineRule {
    rule: DropRule,
    pattern: LazyLock<Regex>,
}

macro_rules! rule {
    ($rule:expr, $pattern:expr) => {
        LineRule { rule: $rule, pattern: LazyLock::new(|| compile($pattern)) }
    };
}

static LINE_RULES: [LineRule; 9] = [
    rule!(DropRule::PageNumber, r"(?i)^\W*(?:(?:page|pg\.?|p\.)\s*)?\d{1,5}(?:\s*(?:of|/)\s*\d{1,5})?\W*$"),
    rule!(DropRule::DoiLine, format!(r"(?i)^(?:doi:?\s*|https?://(?:dx\.)?doi\.org/)?{DOI_PREFIX}\S+$")),
    rule!(DropRule::UrlLine, r"(?i)^(?:https?://|www\.)\S+$"),
    rule!(
        DropRule::DownloadNotice,
        r"(?i)^(?:(?:this article was )?downloaded (?:from|by|via|on|at)\b|for personal use only|view publication stats|see discussions, stats|content courtesy of|terms (?:of use|and conditions)\b.*(?:wiley|springer|apply)|author manuscript|(?:hhs|nih) public access|available in pmc|.*\bsee the terms and conditions\b)"
    ),
    rule!(
        DropRule::Copyright,
        format!(r"(?i)^(?:©|\(c\)\s*{YEAR}|copyright\b|all rights reserved|.{{0,80}}©\s*(?:the author|{YEAR}))")
    ),
    rule!(
        DropRule::LicenceNotice,
        r"(?i)^this is an open[- ]access article\b.*licen[cs]e|^licensee\b.{0,60}\b(?:mdpi|biomed central)\b"
    ),
    rule!(
        DropRule::ViewerControl,
        r"(?i)^(?:(?:next|previous|prev|first|last)(?: page)?|thumbnails|table of contents|full ?screen|zoom (?:in|out)|share|print|download(?: pdf)?|search|menu|close|bookmarks?|auto ?flip|sound (?:on|off))$"
    ),
    rule!(DropRule::RunningHeader, r"^\p{Lu}[\p{L} .'’-]{1,40} (?:et al\.?|and \p{Lu}[\p{L}'’-]{1,20}: .{3,80})$"),
    rule!(DropRule::DocumentCode, format!(r"^[A-Za-z]{{2,12}}[_-]{YEAR}[\w-]*$")),
];

/// The rule by which the whole `line` is noise, if any.
pub(super) fn rule_for_line(line: &str) -> Option<DropRule> {
    let line = line.trim();
    if is_viewer_line(line) {
        return Some(DropRule::ViewerToken);
    }
    LINE_RULES.iter().find(|line_rule| line_rule.pattern.is_match(line)).map(|line_rule| line_rule.rule)
}

/// The byte ranges of noise within a line, in order.
pub(super) fn find_in_line(line: &str) -> Vec<(Range<usize>, DropRule)> {
    static INLINE: LazyLock<Regex> = LazyLock::new(|| {
        compile(format!(
            r"(?P<download>Downloaded from \S+(?: (?:by|at|on) [^.]{{1,80}}?{YEAR})?\.?)|(?P<token>\S{{12,}})"
        ))
    });
    let found = INLINE.captures_iter(line).filter_map(|found| {
        if let Some(notice) = found.name("download") {
            return Some((notice.range(), DropRule::DownloadNotice));
        }
        let token = found.name("token")?;
        is_viewer_token(token.as_str()).then(|| (token.range(), DropRule::ViewerToken))
    });
    found.collect()
}

/// Whether the line consists of viewer tokens. If one token is certain, short ones count as well: they are pieces of a
/// split token.
fn is_viewer_line(line: &str) -> bool {
    let mut certain = false;
    let all = line.split_whitespace().all(|token| {
        certain |= is_viewer_token(token);
        is_viewer_token(token) || (token.len() >= 8 && is_base64(token))
    });
    all && certain
}

/// Whether `token` is Base64 that decodes to ASCII, a long hexadecimal number, or embedded data.
fn is_viewer_token(token: &str) -> bool {
    if token.starts_with("data:image/") || token.starts_with("javascript:") {
        return true;
    }
    let is_long_number = token.len() >= 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let has_digit = token.bytes().any(|byte| byte.is_ascii_digit());
    if is_long_number {
        return has_digit;
    }
    let changes = token
        .as_bytes()
        .windows(2)
        .filter(|pair| matches!(pair, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()));
    let odd = token.ends_with('=') || (has_digit && changes.count() >= 2);
    token.len() >= 12 && odd && decodes_to_text(token)
}

fn is_base64(token: &str) -> bool {
    let bare = token.trim_end_matches('=');
    token.len() - bare.len() <= 2 && bare.bytes().all(|byte| base64_value(byte).is_some())
}

fn base64_value(byte: u8) -> Option<u32> {
    Some(match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// Whether `token` is Base64 that decodes to printable ASCII. Viewers mostly encode text and numbers; ordinary words
/// decode to arbitrary bytes.
fn decodes_to_text(token: &str) -> bool {
    if !is_base64(token) || !token.len().is_multiple_of(4) {
        return false;
    }
    let (mut bits, mut held) = (0_u32, 0_u32);
    token.trim_end_matches('=').bytes().filter_map(base64_value).all(|value| {
        bits = (bits << 6 | value) & 0xffff;
        held += 6;
        if held < 8 {
            return true;
        }
        held -= 8;
        let byte = (bits >> held) & 0xff;
        (0x20..0x7f).contains(&byte)
    })
}

/// Lines at the top and bottom of pages that are repeated on other pages, apart from their numbers.
#[derive(Debug, Default)]
pub(super) struct RepeatedLines(HashSet<String>);

impl RepeatedLines {
    /// Finds the lines that are repeated on a third of all pages, and on at least two. `pages` gives the edge lines of each page.
    pub(super) fn new<'a>(pages: impl Iterator<Item = Vec<&'a str>>) -> Self {
        let mut counts: HashMap<String, usize> = HashMap::new();
        let mut number = 0_usize;
        for edges in pages {
            number += 1;
            let masked: HashSet<String> = edges.into_iter().filter(|line| line.len() < 200).map(masked).collect();
            for line in masked {
                *counts.entry(line).or_default() += 1;
            }
        }
        let enough = (number / 3).max(2);
        RepeatedLines(counts.into_iter().filter(|&(_, count)| count >= enough).map(|(line, _)| line).collect())
    }

    /// Whether `line` is a repeated line.
    pub(super) fn contains(&self, line: &str) -> bool {
        line.len() < 200 && self.0.contains(&masked(line))
    }
}

fn masked(line: &str) -> String {
    let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
    words
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect::<String>()
        .replace("00", "0")
        .replace("00", "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_knows_its_lines() {
        for (line, rule) in [
            ("125", "page-number"),
            ("– 7 –", "page-number"),
            ("Page 3 of 12", "page-number"),
            ("doi: 10.1000/abc.1", "doi-line"),
            ("https://example.org/a", "url-line"),
            ("Downloaded from example.org by guest on May 1, 2020", "download-notice"),
            ("© 2020 The Authors. Published by Example", "copyright"),
            ("Author Manuscript", "download-notice"),
            ("Next page", "viewer-control"),
            ("ACR_2021v3n4", "document-code"),
            ("10.1000/abc.1", "doi-line"),
            ("Ann Lee et al", "running-header"),
            ("U29tZVZpZXdlcjE= MTIzNDU2Nzg5MA==", "viewer-token"),
            ("0123456789abcdef0123456789abcdef", "viewer-token"),
        ] {
            assert_eq!(rule_for_line(line).map(DropRule::name), Some(rule), "{line}");
        }
    }

    #[test]
    fn text_is_no_noise() {
        for line in [
            "The 12 patients improved.",
            "Immunomodulation",
            "NCT01234567",
            "methylprednisolone",
            "pcDNA3.1",
            "HLA-DRB1*04:01",
            "Share of patients who improved",
            "phosphatidylinositol-4,5-bisphosphate",
        ] {
            assert_eq!(rule_for_line(line), None, "{line}");
            assert_eq!(find_in_line(line), [], "{line}");
        }
    }

    #[test]
    fn tokens_inside_a_line_are_found() {
        let line = "The cells U29tZVZpZXdlcjE= grew. Downloaded from example.org on 3 May 2020 Then";
        let found: Vec<_> = find_in_line(line).into_iter().map(|(range, rule)| (&line[range], rule.name())).collect();
        assert_eq!(
            found,
            [("U29tZVZpZXdlcjE=", "viewer-token"), ("Downloaded from example.org on 3 May 2020", "download-notice")]
        );
    }

    #[test]
    fn repeated_lines_are_known_but_for_their_numbers() {
        let pages = [vec!["Cells 2020 1"], vec!["Cells 2020 22"], vec!["Other"]];
        let repeated = RepeatedLines::new(pages.into_iter());
        assert!(repeated.contains("Cells 2020 333"));
        assert!(!repeated.contains("Other"));
    }
}
