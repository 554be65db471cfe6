//! Parses running headers: the line at the top or bottom of a page that names the journal. In a dump of pages it is often the
//! only source of metadata.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{Metadata, front_matter};
use crate::doi::parse_doi;
use crate::patterns::{DOI_PREFIX, YEAR, compile};

/// The fields of a running header, and its length.
#[derive(Debug, Default, PartialEq)]
pub(super) struct RunningHeader {
    /// Journal, year, volume, issue, pages, DOI and URL, as far as they are printed.
    pub(super) metadata: Metadata,
    /// The printed page number.
    pub(super) page: Option<u32>,
    /// Length of the header in bytes, up to the page number, which differs between pages.
    pub(super) fixed: usize,
    /// Length of the header in bytes.
    pub(super) length: usize,
}

/// Parses the running header at the beginning of `text`. `page` is the expected page number, if known.
pub(super) fn parse(text: &str, page: Option<u32>) -> Option<RunningHeader> {
    let found = FORMS.iter().find_map(|form| form.captures(text))?;
    let mut header =
        RunningHeader { metadata: metadata(&found), length: found.get(0)?.end(), ..RunningHeader::default() };
    header.page = found.name("page").and_then(|page| page.as_str().parse().ok());
    header.fixed = header.length;
    while let Some((kind, length)) = next_part(text.get(header.length..)?, &header, page) {
        let part = text.get(header.length..header.length + length)?;
        match kind {
            HeaderPart::Url => header.metadata.url = Some(part.trim_matches(IS_EDGE).to_owned()),
            HeaderPart::Doi => header.metadata.doi = parse_doi(part),
            HeaderPart::Page => header.page = front_matter::digits(part).and_then(|digits| digits.parse().ok()),
        }
        header.length += length;
        if kind != HeaderPart::Page {
            header.fixed = header.length;
        }
    }
    Some(header)
}

const IS_EDGE: fn(char) -> bool = |c| c.is_whitespace() || matches!(c, '|' | ',' | ';');

/// A form of running headers.
struct Form {
    pattern: Regex,
    /// Maximum number of characters of the journal's name. It is not a bound in the pattern, because `{2,90}` of a class of
    /// letters in all forms takes 40 MB. The pattern matches the shortest name, so no header is missed.
    longest_journal: usize,
}

impl Form {
    fn captures<'a>(&self, text: &'a str) -> Option<Captures<'a>> {
        let found = self.pattern.captures(text)?;
        (found.name("journal")?.as_str().chars().count() <= self.longest_journal).then_some(found)
    }
}

/// The most specific form first.
static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let journal = r"(?P<journal>\p{Lu}[^\n.;|\d]{2,}?)";
    let abbreviated = r"(?P<journal>\p{Lu}[\p{L}. &:-]{2,}?)";
    let patterns = [
        // International Journal of Cells, 2024, Vol.14, No.2, 123-131
        (91, format!(
            r"{journal}[,.]?\s+(?:\(?(?P<year>{YEAR})\)?[,;]?\s*)?(?i:vol(?:ume)?\.?)\s*(?P<volume>\d+)[,;]?\s*(?:\(?(?i:no\.?|issue|iss\.?)\s*(?P<issue>\d+)\)?[,;:]?\s*)?(?:\(?(?P<year2>{YEAR})\)?[,;:]?\s*)?(?:(?i:pp?\.?|article id)\s*)?(?:(?P<first>\d+)\s*[-–]\s*(?P<last>\d+))?"
        )),
        // Frontiers in Cells | www.example.org 3 June 2019 | Volume 10 | Article 1234
        (81, r"(?P<journal>\p{Lu}[^\n|]{3,}?)\s*\|\s*(?P<url>www\.\S+)\s*(?:(?P<page>\d{1,4})\s+)?\|?\s*\p{L}+\s+(?P<year>\d{4})\s*\|\s*Volume\s+(?P<volume>\d+)\s*\|\s*Article\s+(?P<first>\w+)".to_owned()),
        // J Cells. 2012;35(2):213–221
        (81, format!(
            r"{abbreviated}[,.]?\s+(?P<year>{YEAR})\s*[;,]\s*(?P<volume>\d+)\s*(?:\((?P<issue>[\w-]+)\))?\s*:\s*(?P<first>\w+)(?:\s*[-–]\s*(?P<last>\w+))?\.?"
        )),
        // Lee et al. Journal of Cells (2018) 9:63
        (81, format!(
            r"(?:\p{{Lu}}[\p{{L}}'’-]+(?:\s+(?:et\s+al\.?|and\s+\p{{Lu}}[\p{{L}}'’-]+))?[.,]?\s+)?{abbreviated}\s*\((?P<year>{YEAR})\)\s*(?P<volume>\d+)\s*(?:\((?P<issue>[\w-]+)\))?\s*[:,]\s*(?P<first>\d\w*)(?:\s*[-–]\s*(?P<last>\w+))?"
        )),
        // Int. J. Mol. Sci. 2019, 20, 254 3 of 21
        (81, format!(
            r"{abbreviated}\s+(?P<year>{YEAR}),\s*(?P<volume>\d+),\s*(?P<first>\d+)(?:;?\s*(?:doi:\S+|https?://\S+))?\s+(?P<page>\d+)\s+of\s+\d+"
        )),
    ];
    let form = |(longest_journal, pattern): &(usize, String)| Form {
        pattern: compile(format!(r"\A\s*{pattern}")),
        longest_journal: *longest_journal,
    };
    patterns.iter().map(form).collect()
});

fn metadata(found: &Captures) -> Metadata {
    let text = |name: &str| found.name(name).map(|part| part.as_str().trim().trim_end_matches([',', '.']).to_owned());
    Metadata {
        journal: text("journal"),
        year: text("year").or_else(|| text("year2")).and_then(|year| year.parse().ok()),
        volume: text("volume"),
        issue: text("issue"),
        first_page: text("first"),
        last_page: text("last"),
        url: text("url"),
        ..Metadata::default()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HeaderPart {
    Url,
    Doi,
    Page,
}

/// The next part after the citation, with its length in bytes.
fn next_part(rest: &str, header: &RunningHeader, page: Option<u32>) -> Option<(HeaderPart, usize)> {
    static PARTS: LazyLock<Regex> = LazyLock::new(|| {
        compile(format!(
            r"\A[\s|,;]*(?:(?P<doi>(?i:doi:?\s*|https?://(?:dx\.)?doi\.org/){DOI_PREFIX}\S+)|(?P<url>(?:https?://|www\.)\S+)|(?P<word>(?i:page)\s+)?(?P<page>\d{{1,5}})(?:\s+of\s+\d+)?)(?:[\s|]+|\z)",
        ))
    });
    let found = PARTS.captures(rest)?;
    let length = found.get(0)?.end();
    if found.name("doi").is_some() && header.metadata.doi.is_none() {
        return Some((HeaderPart::Doi, length));
    }
    if found.name("url").is_some() && header.metadata.url.is_none() {
        return Some((HeaderPart::Url, length));
    }
    let number: u32 = found.name("page")?.as_str().parse().ok()?;
    let after = rest.get(length..).unwrap_or_default();
    let is_page = found.name("word").is_some() || is_page(number, after, &header.metadata, page);
    (header.page.is_none() && is_page).then_some((HeaderPart::Page, length))
}

/// Whether a number after a running header is the page number, and not that of a heading: `3 Results`.
fn is_page(number: u32, after: &str, metadata: &Metadata, page: Option<u32>) -> bool {
    let bound = |end: &Option<String>| end.as_deref().and_then(|end| end.parse::<u32>().ok());
    match (page, bound(&metadata.first_page), bound(&metadata.last_page)) {
        (Some(page), ..) if page == number => true,
        (_, Some(first), Some(last)) => (first..=last).contains(&number),
        (_, Some(first), None) => number >= first && number < first + 200,
        _ => number > 20 || after.is_empty() || after.starts_with(|c: char| c.is_ascii_digit() || c.is_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (RunningHeader, &str) {
        let header = parse(text, None).unwrap_or_else(|| panic!("no header in {text}"));
        let rest = &text[header.length..];
        (header, rest)
    }

    #[test]
    fn a_header_glued_to_the_text_is_taken_apart() {
        let (header, rest) = parsed(
            "Annals of Cell Research, 2021, Vol.3, No.4, 40-52 http://example.org/acr 45 2.1 Mice The mice were",
        );
        assert_eq!(rest, "2.1 Mice The mice were");
        let found = header.metadata;
        assert_eq!(found.journal.as_deref(), Some("Annals of Cell Research"));
        assert_eq!((found.year, found.volume.as_deref(), found.issue.as_deref()), (Some(2021), Some("3"), Some("4")));
        assert_eq!((found.first_page.as_deref(), found.last_page.as_deref()), (Some("40"), Some("52")));
        assert_eq!((found.url.as_deref(), header.page), (Some("http://example.org/acr"), Some(45)));
    }

    #[test]
    fn a_name_longer_than_any_journal_is_none() {
        let parses = |length: usize, rest: &str| parse(&format!("J{}{rest}", "o".repeat(length - 1)), None).is_some();
        for (longest, rest) in [(91, ", Vol.3, No.4, 40-52 text"), (81, ". 2012;35(2):213–221 text")] {
            assert!(parses(longest, rest) && !parses(longest + 1, rest), "{longest}");
        }
    }

    #[test]
    fn other_journals_print_other_headers() {
        for (text, journal, year, volume, first, page) in [
            ("J Cell Res. 2012;35(2):213–221. doi:10.1000/x1 Then", "J Cell Res", 2012, "35", "213", None),
            ("Lee et al. Journal of Cells (2018) 9:63 Page 4 of 9 Then", "Journal of Cells", 2018, "9", "63", Some(4)),
            ("Int. J. Cell. Sci. 2019, 20, 254 3 of 21 Then", "Int. J. Cell. Sci", 2019, "20", "254", Some(3)),
            (
                "Frontiers in Cells | www.example.org 3 June 2019 | Volume 10 | Article 1234 Then",
                "Frontiers in Cells",
                2019,
                "10",
                "1234",
                Some(3),
            ),
        ] {
            let (header, rest) = parsed(text);
            assert_eq!(header.metadata.journal.as_deref(), Some(journal));
            assert_eq!((header.metadata.year, header.metadata.volume.as_deref()), (Some(year), Some(volume)), "{text}");
            assert_eq!((header.metadata.first_page.as_deref(), rest.trim()), (Some(first), "Then"));
            if page.is_some() {
                assert_eq!(header.page, page, "{text}");
            }
        }
    }

    #[test]
    fn the_number_of_a_heading_is_not_the_page() {
        let (header, rest) = parsed("Annals of Cells, 2021, Vol.3, No.4, 40-52 3 Results The mice");
        assert_eq!((header.page, rest.trim()), (None, "3 Results The mice"));
    }

    #[test]
    fn a_sentence_is_no_header() {
        assert_eq!(parse("In 2021, the volume of the knee was measured in 40-52 patients.", None), None);
        assert_eq!(parse("Mesenchymal stem cells were given.", None), None);
    }
}
