//! Finds the journal of a paper and its volume: in the file's metadata, in the citation of the paper that its pages print, or in
//! the line with volume and year in their margins.

use std::sync::LazyLock;

use regex::Regex;

use super::declared::Declared;
use crate::identity::{family_name, plain_words};
use crate::patterns::{YEAR, compile};
use crate::reference;

/// The journal and its volume.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Venue {
    pub journal: Option<String>,
    pub volume: Option<String>,
}

/// Maximum number of lines that are searched.
const MAX_LINES: usize = 600;
/// Maximum length of the name of a journal in bytes.
const MAX_NAME_BYTES: usize = 120;

/// One word of a name, or several: "BMC Complementary and Alternative Medicine".
const NAME: &str = r"\p{Lu}[\p{L}\p{M}&.’'®-]*(?::? (?:\p{Lu}[\p{L}\p{M}&.’'®-]*|of|and|in|the|for|on|de|des|la|et|der|für|&|[A-Z]?\d?)){0,11}";

/// Lines that have the journal, the volume and the year, in the order of their reliability.
static LINES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        format!(r"(?P<name>{NAME}),? \({YEAR}\),? (?P<volume>\d{{1,4}})\b"),
        format!(r"(?P<name>{NAME}),? {YEAR}[,;] ?(?:[Vv]ol\.? ?)?(?P<volume>\d{{1,4}}) ?(?:\([^)]{{1,12}}\))?[:,]"),
        format!(r"(?P<name>{NAME}),? {YEAR}(?: [A-Z][a-z]{{2,8}})?; ?(?P<volume>\d{{1,4}})\b"),
        format!(r"(?P<name>{NAME})[,.]? ?\b[Vv]ol(?:ume)?\.? ?(?P<volume>\d{{1,4}})\b"),
        format!(r"(?P<name>{NAME}),? (?P<volume>\d{{1,4}}) ?\({YEAR}\)"),
        format!(
            r"(?P<name>{NAME}),? (?P<volume>\d{{1,4}}) ?\(\d{{1,3}}\)[,:;]? ?(?:[^()]{{0,20}}\b{YEAR}\b|\({YEAR}\))"
        ),
        format!(r"(?P<name>{NAME}) \| (?:(?:https?://)?www\.|[^|]{{0,30}}\b[Vv]ol)"),
    ]
    .iter()
    .map(compile)
    .collect()
});
/// A line that begins with the volume, below or beside the name of the journal.
static VOLUME: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"(?:^|[|,;·•] ?|\s)[Vv]ol(?:ume)?\.? ?(?P<volume>\d{1,4})\b".to_owned(),
        format!(r"^\(?{YEAR}\)? (?P<volume>\d{{1,4}}) ?:"),
        format!(r"^{YEAR}; ?(?P<volume>\d{{1,4}})\b"),
    ]
    .iter()
    .map(compile)
    .collect()
});
static WHOLE_NAME: LazyLock<Regex> = LazyLock::new(|| compile(format!(r"^{NAME}$")));
static CITE: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"^(?i)(?:how to cite(?: this (?:article|paper))?|(?:please )?cite (?:this|the) (?:article|paper)(?: as)?|to cite this article|cite as|citation|reference)\s*:\s*",
    )
});

/// What is known of a paper when its journal is searched.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub declared: &'a Declared,
    /// The lines of its margins, with repetitions.
    pub margins: Vec<String>,
    /// The lines of its front matter.
    pub front: Vec<String>,
    pub title: Option<&'a str>,
    pub authors: &'a [String],
}

/// Finds the journal and its volume.
pub(super) fn find(known: &Known<'_>) -> Venue {
    let lines: Vec<&str> = known.front.iter().chain(&known.margins).map(String::as_str).take(MAX_LINES).collect();
    let printed: Vec<String> = lines.iter().map(|line| joined(line)).collect();
    let is_printed = |name: &str| {
        let name = joined(name);
        name.len() > 2 && printed.iter().any(|line| line.contains(&name))
    };
    let declared = known.declared;
    let source = declared.source.as_deref().filter(|source| WHOLE_NAME.is_match(source) && is_printed(source));
    let subject = declared.subject.as_deref().map(of_subject).unwrap_or_default();
    let cited = cited(&lines);
    let printed = printed_venue(&lines, known);
    let running = || running_name(known);
    let journal = declared.publication.clone().or_else(|| source.map(str::to_owned));
    let journal = journal.or(subject.journal).or(printed.journal).or(cited.journal).or_else(running);
    let volume = declared.volume.clone().filter(|volume| volume.len() < 10);
    let volume = volume.or(subject.volume).or(printed.volume).or(cited.volume).or_else(|| lone_volume(&lines));
    Venue { journal: journal.filter(|name| name.len() <= MAX_NAME_BYTES), volume }
}

/// `/Subject` as publishers fill it: `BMC Cancer, https://doi.org/…`, "Joint Bone Spine, 84 (2017) 3-9. doi:…".
fn of_subject(subject: &str) -> Venue {
    static CITATION: LazyLock<Regex> = LazyLock::new(|| {
        compile(format!(
            r"^(?P<name>{NAME}),? ?(?:(?:[Vv]ol(?:ume)?\.? ?)?(?P<volume>\d{{1,4}}) ?[(,:]|{YEAR}[.,;] ?(?P<later>\d{{1,4}})\b|\({YEAR}\)|(?:https?://)?(?:dx\.)?doi)"
        ))
    });
    let Some(found) = CITATION.captures(subject) else { return Venue::default() };
    let is_year = |volume: &str| volume.len() == 4 && (volume.starts_with("19") || volume.starts_with("20"));
    let volume = found.name("volume").or(found.name("later")).map(|volume| volume.as_str().to_owned());
    let volume = volume.filter(|volume| !is_year(volume));
    Venue { journal: found.name("name").map(|name| tidy(name.as_str()).to_owned()), volume }
}

/// The journal of the citation under "How to cite this article".
fn cited(lines: &[&str]) -> Venue {
    /// Maximum number of lines of a citation.
    const MAX_CITED: usize = 6;
    let Some((at, found)) = lines.iter().enumerate().find_map(|(at, line)| Some((at, CITE.find(line)?))) else {
        return Venue::default();
    };
    let first = &lines[at][found.end()..];
    let text =
        std::iter::once(first).chain(lines[at + 1..].iter().copied().take(MAX_CITED)).collect::<Vec<_>>().join(" ");
    // The citation ends with its identifier.
    let end = ["doi", "https:", "http:"].iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len());
    let entry = reference::parse(&text[..end]);
    Venue { journal: entry.journal.filter(|name| WHOLE_NAME.is_match(name)), volume: entry.volume }
}

/// The journal and volume of the first line with both, by the most reliable form.
fn printed_venue(lines: &[&str], known: &Known<'_>) -> Venue {
    for pattern in LINES.iter() {
        for line in lines.iter().filter(|line| line.len() < 300) {
            let Some(found) = pattern.captures(line) else { continue };
            let Some(name) = found.name("name").and_then(|name| without_authors(name.as_str(), known)) else {
                continue;
            };
            if is_name(name, known) {
                let volume = found.name("volume").map(|volume| volume.as_str().to_owned());
                return Venue { journal: Some(name.to_owned()), volume };
            }
        }
    }
    // The name may stand on the line above that of the volume.
    let above = lines.windows(2).find_map(|pair| {
        let volume = VOLUME.iter().find_map(|pattern| pattern.captures(pair[1]))?;
        let is_above = WHOLE_NAME.is_match(pair[0]) && is_name(pair[0], known);
        is_above.then(|| (tidy(pair[0]).to_owned(), volume["volume"].to_owned()))
    });
    above.map_or_else(Venue::default, |(journal, volume)| Venue { journal: Some(journal), volume: Some(volume) })
}

fn lone_volume(lines: &[&str]) -> Option<String> {
    let of = |line: &&str| VOLUME.iter().find_map(|pattern| Some(pattern.captures(line)?["volume"].to_owned()));
    lines.iter().filter(|line| line.len() < 120).find_map(of)
}

/// The name in the margins of several pages that is neither the title nor the authors, and has a word that journals have.
fn running_name(known: &Known<'_>) -> Option<String> {
    static JOURNAL_WORD: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"(?i)\b(?:journal|annals|archives|acta|frontiers|bulletin|reports|reviews|international|letters|proceedings|transactions|medicine|BMC|PLOS|oncology|research|science)\b",
        )
    });
    let mut seen = std::collections::HashMap::<&str, usize>::new();
    for line in known.margins.iter().take(MAX_LINES) {
        *seen.entry(line.trim()).or_default() += 1;
    }
    let front: Vec<&str> = known.front.iter().map(|line| line.trim()).collect();
    let candidates = known.margins.iter().map(|line| line.trim());
    let mut candidates = candidates.filter(|line| WHOLE_NAME.is_match(line) && is_name(line, known));
    let found = candidates.find(|line| {
        front.contains(line) || (seen.get(*line).is_some_and(|count| *count > 1) && JOURNAL_WORD.is_match(line))
    })?;
    Some(tidy(found).to_owned())
}

/// The name after "Lee et al." or "Lee and Chen".
fn without_authors<'n>(name: &'n str, known: &Known<'_>) -> Option<&'n str> {
    let name = name.rsplit_once("et al.").map_or(name, |(_, rest)| rest).trim();
    let families: Vec<String> = known.authors.iter().filter_map(|author| family_name(author)).collect();
    let is_author = |word: &str| families.iter().any(|family| *family == plain_words(word).concat());
    let mut rest = name;
    let mut cut = rest;
    while let Some((word, after)) = rest.split_once(' ') {
        if is_author(word) {
            cut = after;
        } else if !matches!(word, "and" | "&") || cut == name {
            break;
        }
        rest = after;
    }
    Some(tidy(cut)).filter(|name| name.starts_with(char::is_uppercase))
}

/// Whether `name` can be that of a journal: it is not the title, no author, and no month or part of an address.
fn is_name(name: &str, known: &Known<'_>) -> bool {
    static OTHER: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"(?i)^(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*|vol(?:ume)?|no|issue|page|article|copyright|published|received|accepted|available|the authors?|licen[sc]ee?|(?:[a-z]+ )?(?:open access|article|review|report|paper|research|study)|correspondence|department|university|hospital|keywords|abstract|supplement)\b\.?$|\b(?:University|Hospital|Department|Publishing|Publishers?|Press|Ltd|Inc|Elsevier|Author|Editor|License|Foundation|Accepted|Received|Published|Revised)\b",
        )
    });
    let joined_name = joined(name);
    let is_title = known.title.is_some_and(|title| {
        let title = joined(title);
        title.contains(&joined_name) && joined_name.len() * 3 > title.len()
    });
    let is_author = known.authors.iter().any(|author| joined(author).contains(&joined_name));
    joined_name.len() > 2 && name.len() <= MAX_NAME_BYTES && !OTHER.is_match(name) && !is_title && !is_author
}

fn joined(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn tidy(name: &str) -> &str {
    name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | ':' | ';' | '®' | '|' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn venue(front: &[&str], margins: &[&str], declared: Declared) -> (Option<String>, Option<String>) {
        let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        let authors = ["Ann Thureau".to_owned(), "Bo Chen".to_owned()];
        let known = Known {
            declared: &declared,
            margins: lines(margins),
            front: lines(front),
            title: Some("Cells of Stiff Joints in Patients"),
            authors: &authors,
        };
        let venue = find(&known);
        (venue.journal, venue.volume)
    }

    fn found(journal: &str, volume: &str) -> (Option<String>, Option<String>) {
        (Some(journal.to_owned()), Some(volume.to_owned()).filter(|volume| !volume.is_empty()))
    }

    #[test]
    fn lines_with_volume_and_year_name_the_journal() {
        let none = Declared::default;
        for line in [
            "Thureau et al. BMC Joint Care (2021) 21:117",
            "Thureau and Chen BMC Joint Care (2021) 21:117",
            "BMC Joint Care 2021, 21:117",
            "BMC Joint Care, Vol. 21, No.11, Nov 2018, pp.1615-1626",
            "BMC Joint Care 21 (2021) 3–9",
            "BMC Joint Care. 2021;21(3):3–9",
        ] {
            assert_eq!(venue(&[], &[line], none()), found("BMC Joint Care", "21"), "{line}");
        }
        assert_eq!(
            venue(&["Joint Care International", "Volume 2016, Article ID 12, 4 pages"], &[], none()),
            found("Joint Care International", "2016")
        );
        let frontiers = ["Frontiers in Joints | www.frontiersin.org", "May 2018 | Volume 9 | Article 1096"];
        assert_eq!(venue(&[], &frontiers, none()), found("Frontiers in Joints", "9"));
        let cite = [
            "How to cite this article: Lee A, Chen B. Cells of stiff",
            "joints. Int J Joints. 2019;4(2):1-9. doi: 10.1/2",
        ];
        assert_eq!(venue(&cite, &[], none()), found("Int J Joints", "4"));
    }

    #[test]
    fn the_file_names_its_journal() {
        let publication = Declared {
            publication: Some("Joint Care".to_owned()),
            volume: Some("3".to_owned()),
            ..Declared::default()
        };
        assert_eq!(venue(&[], &[], publication), found("Joint Care", "3"));
        let subject = |subject: &str| Declared { subject: Some(subject.to_owned()), ..Declared::default() };
        assert_eq!(venue(&[], &[], subject("Joint Care, 84 (2017) 3-9. doi:10.1/2")), found("Joint Care", "84"));
        assert_eq!(venue(&[], &[], subject("Joint Care, 2018, doi:10.1/2")), found("Joint Care", ""));
        assert_eq!(venue(&[], &[], subject("Joint Care, https://doi.org/10.1/2")), found("Joint Care", ""));
        // A source that no page prints is the name of a manuscript.
        let source = |source: &str| Declared { source: Some(source.to_owned()), ..Declared::default() };
        assert_eq!(venue(&["Joint Care"], &[], source("Joint Care")), found("Joint Care", ""));
        assert_eq!(venue(&[], &[], source("Final Version")), (None, None));
    }

    #[test]
    fn titles_authors_and_addresses_are_no_journals() {
        let margins = [
            "Cells of Stiff Joints",
            "Ann Thureau",
            "Cells of Stiff Joints",
            "Ann Thureau",
            "Oxford University Press 2021, 4:5",
        ];
        assert_eq!(venue(&[], &margins, Declared::default()).0, None);
    }

    #[test]
    fn hostile_lines_take_linear_time() {
        for unit in ["Joint ", "Vol. 3 ", "2012, ", "et al. ", "(2012) 3 ", "How to cite: "] {
            let line = unit.repeat(20_000);
            let lines = [line.as_str(); 3];
            venue(&lines, &lines, Declared { subject: Some(line.clone()), ..Declared::default() });
        }
    }
}
