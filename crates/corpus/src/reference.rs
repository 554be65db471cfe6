//! Parses a printed entry of a reference list to a [`Reference`].
//!
//! Styles differ in order and punctuation but have the same parts: a label, names with initials, a year, a title that is a
//! sentence or in quotation marks, a journal with volume and page, identifiers. Each part is recognised by its own form; a part
//! that is not found is absent. No part begins or ends within a word. The printed entry is always kept.

mod authors;
mod title;
mod venue;
mod year;

use std::sync::LazyLock;

use regex::Regex;

use super::Reference;
use super::doi::find_doi;
use crate::patterns::{DOI_PREFIX, compile};

/// Maximum length of an entry in bytes. A longer text is not parsed.
const MAX_ENTRY_BYTES: usize = 3000;

/// Parses one entry as printed, in any style (Vancouver, APA, Harvard, Nature, Frontiers, IEEE …).
pub fn parse(text: &str) -> Reference {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.len() > MAX_ENTRY_BYTES {
        return Reference { text, ..Reference::default() };
    }
    let (label, body) = split_label(&text);
    let doi = find_doi(body);
    let pmid = PMID.captures(body).and_then(|found| Some(found.get(1)?.as_str().to_owned()));
    let whole = body;
    let body = &body[..IDENTIFIERS.find(body).map_or(body.len(), |identifiers| identifiers.start())];
    let (authors, end) = authors::find(body);
    let quoted = title::quoted(body, end);
    let year = year::find(body, end, quoted.as_ref());
    let is_quoted = quoted.is_some();
    let (title, rest) = match quoted {
        Some(quoted) => (Some(quoted.start..quoted.end), quoted.end),
        None => title::sentence(body, end, year.as_ref().map(|(range, _)| range)),
    };
    let venue = venue::parse(&body[rest..], !is_quoted);
    // What follows the first sentence and precedes the journal of an article is a part of its title.
    let title = title.map(|title| title.start..venue.title_end.map_or(title.end, |more| rest + more));
    Reference {
        label,
        authors,
        title: title.map(|title| title::trim(&body[title]).to_owned()),
        journal: venue.journal,
        // Some styles end with the year, after the DOI.
        year: year.map(|(_, year)| year).or_else(|| year::trailing(whole)),
        volume: venue.volume,
        first_page: venue.first_page,
        doi,
        pmid,
        text: text.clone(),
    }
}

/// The parts of a reference in the order in which lists print them.
pub(super) fn printed(reference: &Reference) -> String {
    let year = reference.year.map(|year| year.to_string());
    let volume = reference.volume.as_ref().map(|volume| match &reference.first_page {
        Some(page) => format!("{volume}:{page}"),
        None => volume.clone(),
    });
    let authors = Some(reference.authors.join(", ")).filter(|authors| !authors.is_empty());
    let doi = reference.doi.as_ref().map(|doi| format!("doi:{doi}"));
    let parts = [authors, reference.title.clone(), reference.journal.clone(), year, volume, doi];
    let parts: Vec<String> = parts.into_iter().flatten().map(|part| part.trim_end_matches('.').to_owned()).collect();
    parts.join(". ")
}

/// Whether `text` has the form of an entry of a reference list, and not of prose.
pub(super) fn is_entry(text: &str) -> bool {
    let Reference { label, authors, doi, pmid, year, volume, .. } = parse(text);
    label.is_some() && year.is_some() || !authors.is_empty() || doi.is_some() || pmid.is_some() || volume.is_some()
}

static LABEL: LazyLock<Regex> = LazyLock::new(|| compile(r"^(?:\[(\w{1,8})\]|\(?(\d{1,4})[.)\]]?)\s*(\S)"));
static PMID: LazyLock<Regex> = LazyLock::new(|| compile(r"(?i)\b(?:PMID|pubmed)\s*:?\s*(\d{4,8})\b"));
static IDENTIFIERS: LazyLock<Regex> = LazyLock::new(|| {
    compile(format!(
        r"(?i)(?:\bdoi\s*:?\s*(?:https?\S*)?10\.|https?://|\b{DOI_PREFIX}|\bPMID\b|\bPMCID\b|\[pubmed|\[google|\[crossref)"
    ))
});

fn split_label(text: &str) -> (Option<String>, &str) {
    let Some(found) = LABEL.captures(text) else { return (None, text) };
    let (Some(label), Some(next)) = (found.get(1).or(found.get(2)), found.get(3)) else { return (None, text) };
    if found.get(2).is_some() && !next.as_str().chars().any(|c| c.is_alphabetic() || c == '"' || c == '“') {
        return (None, text);
    }
    (Some(label.as_str().to_owned()), &text[next.start()..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same study, as different journals print it.
    const STYLES: [&str; 6] = [
        "12. Berg KL, Olsen A-M, van der Meer JW, et al. Stromal cells calm T cells in E. coli sepsis. J Cell Res. 2012;14(3):125-34. doi: 10.1234/jcr.2012.14. PMID: 22334455.",
        "Berg, K. L., Olsen, A.-M., & van der Meer, J. W. (2012). Stromal cells calm T cells in E. coli sepsis. J Cell Res, 14(3), 125–134. https://doi.org/10.1234/jcr.2012.14",
        "[12] Berg, K. L., Olsen, A.-M. & van der Meer, J. W. Stromal cells calm T cells in E. coli sepsis. J Cell Res 14, 125–134 (2012).",
        "Berg K. L., Olsen A.-M., van der Meer J. W. (2012). Stromal cells calm T cells in E. coli sepsis. J Cell Res 14 125–134. 10.1234/jcr.2012.14",
        "K. L. Berg, A.-M. Olsen and J. W. van der Meer, “Stromal cells calm T cells in E. coli sepsis,” J Cell Res, vol. 14, no. 3, pp. 125–134, 2012.",
        "Berg KL, Olsen A-M, van der Meer JW: Stromal cells calm T cells in E. coli sepsis. J Cell Res 2012, 14:125-134.",
    ];

    #[test]
    fn all_styles_give_the_same_study() {
        for text in STYLES {
            let reference = parse(text);
            assert_eq!(reference.year, Some(2012), "{text}");
            assert_eq!(reference.title.as_deref(), Some("Stromal cells calm T cells in E. coli sepsis"), "{text}");
            assert_eq!(reference.authors.len(), 3, "{text} {:?}", reference.authors);
            assert!(reference.authors[0].contains("Berg"), "{text}");
            assert_eq!(reference.text, text);
        }
    }

    #[test]
    fn parts() {
        let reference = parse(STYLES[0]);
        assert_eq!(reference.label.as_deref(), Some("12"));
        assert_eq!(reference.journal.as_deref(), Some("J Cell Res"));
        assert_eq!(reference.volume.as_deref(), Some("14"));
        assert_eq!(reference.first_page.as_deref(), Some("125"));
        assert_eq!(reference.doi.as_deref(), Some("10.1234/jcr.2012.14"));
        assert_eq!(reference.pmid.as_deref(), Some("22334455"));
    }

    #[test]
    fn chapters_and_long_author_lists() {
        let reference = parse("Lee A: Cells of joints. J Joint Univ (Med. Sci.) 2012, 81(2):137-44.");
        assert_eq!(reference.journal.as_deref(), Some("J Joint Univ (Med. Sci.)"));
        assert_eq!(reference.volume.as_deref(), Some("81"));
        let chapter = parse(
            "Berg, K. L., … Olsen, A. (2012). Cells of the joint, in Handbook of Joints, eds Ito K., Li B. (Basel: Press), 3–9.",
        );
        assert_eq!(chapter.title.as_deref(), Some("Cells of the joint"));
        assert_eq!(chapter.authors, ["Berg, K. L.", "Olsen, A."]);
    }

    #[test]
    fn a_year_after_the_doi_is_the_year() {
        let reference = parse("Lee, A., and Kim, B. Cells of joints. J Cells 14:3. doi: 10.1234/jc.14. 2012.");
        assert_eq!((reference.year, reference.doi.as_deref()), (Some(2012), Some("10.1234/jc.14")));
    }

    #[test]
    fn others_and_groups_end_the_authors() {
        for (text, authors) in [
            (
                "A. Kuroda, H. Kaneto, T. Yasuda et al., “Basal insulin of joints,” Diabetes Care, vol. 34, no. 5, pp. 1089–1090, 2011.",
                3,
            ),
            (
                "E. D. Thomas, H. L. Lochte Jr., W. C. Lu, and J. W. Ferrebee, “Infusion of marrow in joints,” Blood, vol. 2, no. 5, pp. 4–9, 2011.",
                4,
            ),
            ("Buie WD, Rafferty J, Joint Practice Task Force. Practice for joints. Dis Joint. 2011;56:535–50.", 2),
            (
                "R. Fiallo-Scharer and The Joint Study Group, “Testing of the joints,” J Joint, vol. 9, no. 1, pp. 2–4, 2011.",
                1,
            ),
            ("Lao Meili, Zhang Haiying, Yi Xinan et al (2011). Survey of the joints. Joint Chin, 31(20):4016-4018.", 3),
            (
                "W. Bosman, B. L. Borger van der Burg, R. Rodriguez Y Baena, “Stents of the joints,” J Joint, vol. 9, no. 1, pp. 2–4, 2011.",
                3,
            ),
            ("LEE AB, MÜLLER-BERG C. Cells of the joints. J Joint 2011;2:3-4.", 2),
        ] {
            let reference = parse(text);
            assert_eq!(
                (reference.authors.len(), reference.year),
                (authors, Some(2011)),
                "{text}: {:?}",
                reference.authors
            );
            assert!(
                reference.title.as_ref().is_some_and(|title| title.ends_with("joints") || title.contains("of marrow")),
                "{text}"
            );
            assert!(reference.journal.is_some_and(|journal| !journal.contains(['.', ','])), "{text}");
        }
        assert_eq!(parse("Lee A, Chen B. Cells in joints. J Test. 2011;2:1.").authors, ["Lee A", "Chen B"]);
        assert_eq!(
            parse("Lee, A., and Chen, B. (2011). Cells in joints. J. Test. 2:1.").authors,
            ["Lee, A.", "Chen, B."]
        );
    }

    #[test]
    fn a_year_in_the_title_is_not_the_year() {
        for text in [
            "Y. Mu and S. Yin, “Guidelines for China (July 2010),” J Cell Res, vol. 4, no. 2, pp. 127–139, 2012.",
            "Mu Y, Yin S. Joints in China, 1990 to 2010 (2009). J Cell Res. 2012;4(2):127-39.",
            "Mu Y, Yin S: Joints in 2010. J Cell Res 2012, 4(2):127-139.",
            "Mu, Y., Yin, S. Joints in China (2010). J Cell Res 4, 127–139 (2012).",
        ] {
            assert_eq!(parse(text).year, Some(2012), "{text}");
        }
    }

    #[test]
    fn a_title_of_two_sentences_goes_on_to_the_journal() {
        let reference = parse("Lee A. Death by design. The fate of cells? Eur. J. Cell Biol. 2012;81(2):137-44.");
        assert_eq!(reference.title.as_deref(), Some("Death by design. The fate of cells?"));
        assert_eq!(reference.journal.as_deref(), Some("Eur. J. Cell Biol"));
        let chapter = parse(
            "G. K. Smyth, “Models of joints,” in Handbook of Joints, R. Lee and C. Berg, Eds., pp. 3–9, Press, 2005.",
        );
        assert_eq!(chapter.journal.as_deref(), Some("Handbook of Joints"));
    }

    proptest! {
        /// Each part is a piece of the entry that holds whole words. Authors come in order and before the title.
        #[test]
        fn parts_are_whole_words_of_the_entry(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "Moreira", "M. J. ", "Lee AB", "van der ", ", ", ". ", " and ", " et al. ", "“", "”", "(2012)", " 2012;", "14(3):125–34.",
                "Cells of the joint", "é", "e\u{301}", "Ö", "-", "‐", "’", "J. Cell Biol. ", " in Handbook ", "vol. 3, no. 4, pp. 5", "Study Group", "? ", "é Lee",
                "doi:10.1234/a", ";", ": ", "(", ")", "1", " Jr.", "…", "\u{ad}",
            ]), 0..30),
        ) {
            let text = pieces.concat();
            let reference = parse(&text);
            // A label may touch the first word.
            let body = reference.label.as_ref().and_then(|label| reference.text.split_once(label.as_str()));
            let printed = body.map_or(reference.text.as_str(), |(_, body)| body);
            let mut from = 0;
            for part in reference.authors.iter().chain(&reference.title) {
                let at = printed[from..].match_indices(part.as_str()).map(|(at, _)| from + at).find(|&at| is_whole(printed, at, part));
                prop_assert!(at.is_some(), "{part:?} of {printed:?}");
                from = at.unwrap_or(0) + part.len();
            }
            if let Some(journal) = &reference.journal {
                prop_assert!(printed.match_indices(journal.as_str()).any(|(at, _)| is_whole(printed, at, journal)), "{journal:?} of {printed:?}");
            }
        }
    }

    fn is_whole(text: &str, at: usize, part: &str) -> bool {
        let is_word = |c: char| c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c);
        let (first, last) = (part.chars().next(), part.chars().next_back());
        let starts = !text[..at].chars().next_back().is_some_and(is_word) || !first.is_some_and(is_word);
        let ends = !text[at + part.len()..].chars().next().is_some_and(is_word) || !last.is_some_and(is_word);
        starts && ends && !part.is_empty()
    }

    #[test]
    fn hostile_entries_take_linear_time() {
        for unit in [
            "Lee A, ",
            "“Lee ",
            "(2012) ",
            "A. ",
            "vol. 3, ",
            "in Book ",
            "Study Group ",
            "van der ",
            "2012;",
            "\" ",
            "[2012 ",
        ] {
            parse(&unit.repeat(MAX_ENTRY_BYTES / unit.len()));
        }
    }

    #[test]
    fn what_is_no_entry_keeps_its_text() {
        for text in ["", "12.", "Unpublished data", "((((", "2012", &"x".repeat(4000)] {
            assert_eq!(parse(text).text, text);
        }
    }
}
