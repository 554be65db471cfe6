//! Finds the citations in the text of a paper whose source does not mark them.
//!
//! A paper cites either by number or by author and year. Numbers in brackets count as citations only if most of them in
//! the whole paper refer to entries of the reference list; an author with a year counts if the list has such an entry.

mod author_year;
mod numeric;
mod resolved;

use super::Article;

/// Finds the citation markers in the blocks of `article` and resolves them to its references.
///
/// Does nothing if a block already has citations, because then the source marks them. Markers without an entry are
/// counted in a warning. Without a reference list, each study cited by author and year becomes a
/// [`Reference`](super::Reference) whose text is the marker.
pub fn resolve(article: &mut Article) {
    if article.blocks.iter().any(|block| !block.citations.is_empty()) {
        return;
    }
    let numbers = numeric::resolve(&article.blocks, &article.references);
    let found =
        if numbers.count() > 0 { numbers } else { author_year::resolve(&article.blocks, &mut article.references) };
    let unresolved = found.unresolved;
    for (block, citations) in article.blocks.iter_mut().zip(found.citations) {
        block.citations = citations;
    }
    if unresolved > 0 {
        article.warnings.push(format!("{unresolved} citations have no entry in the reference list"));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Block, Citation, Reference};

    fn article(texts: &[&str], references: &[(&[&str], u16)]) -> Article {
        let blocks = texts.iter().map(|&text| Block { text: text.into(), ..Block::default() }).collect();
        let references = references.iter().map(|(authors, year)| Reference {
            authors: authors.iter().map(|&author| author.to_owned()).collect(),
            year: Some(*year),
            ..Reference::default()
        });
        Article { blocks, references: references.collect(), ..Article::default() }
    }

    /// Each marker's text with its references.
    fn resolved(mut article: Article) -> (Vec<(String, Vec<usize>)>, Article) {
        resolve(&mut article);
        let markers = article.blocks.iter().flat_map(|block| {
            block
                .citations
                .iter()
                .map(|citation| (block.text[citation.range.clone()].to_owned(), citation.references.clone()))
        });
        (markers.collect(), article)
    }

    fn pairs(expected: &[(&str, &[usize])]) -> Vec<(String, Vec<usize>)> {
        expected.iter().map(|(marker, references)| ((*marker).to_owned(), references.to_vec())).collect()
    }

    #[test]
    fn numbers_in_square_brackets() {
        let list: Vec<(&[&str], u16)> = vec![(&["A Berg"], 2001); 9];
        let text = "Cells heal [1, 3–5] and (2) grow [7] at [10 mg] in [200].";
        let (found, article) = resolved(article(&[text, "They rest [2][6]."], &list));
        assert_eq!(found, pairs(&[("[1, 3–5]", &[0, 2, 3, 4]), ("[7]", &[6]), ("[2]", &[1]), ("[6]", &[5])]));
        assert_eq!(article.warnings.len(), 1);
    }

    #[test]
    fn numbers_in_round_brackets_where_the_paper_cites_so() {
        let list: Vec<(&[&str], u16)> = vec![(&["A Berg"], 2001); 6];
        let (found, _) = resolved(article(&["It heals (1). It grows (2,3), in (n = 5) of ten (50%) at (4-6)."], &list));
        assert_eq!(found, pairs(&[("(1)", &[0]), ("(2,3)", &[1, 2]), ("(4-6)", &[3, 4, 5])]));
        let text = "They did (1) this, and (2) that. Berg (2001) saw it.";
        let (found, _) = resolved(super::tests::article(&[text], &vec![(&["A Berg"] as &[&str], 2001); 40]));
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn raised_numbers() {
        let list: Vec<(&[&str], u16)> = vec![(&["A Berg"], 2001); 6];
        let (found, _) = resolved(article(&["Cells heal.1 They grow,2,3 in 3.5 days (Fig.4). They rest.5–6"], &list));
        assert_eq!(found, pairs(&[("1", &[0]), ("2,3", &[1, 2]), ("5–6", &[4, 5])]));
        let (found, _) = resolved(super::tests::article(&["Cells heal¹ and grow²,³ to 10⁻⁶ m."], &list));
        assert_eq!(found, pairs(&[("¹", &[0]), ("²,³", &[1, 2])]));
    }

    #[test]
    fn initials_tell_apart() {
        let list: &[(&[&str], u16)] = &[(&["L. Wang"], 2011), (&["Wang, T. K."], 2011)];
        let (found, _) = resolved(article(&["It heals (Wang T. et al., 2011)."], list));
        assert_eq!(found, pairs(&[("Wang T. et al., 2011", &[1])]));
    }

    #[test]
    fn authors_and_years() {
        let list: &[(&[&str], u16)] = &[
            (&["TG Yi", "SU Song"], 2012),
            (&["Weixia Kong", "Li Chen"], 2009),
            (&["Wang, P.", "Olsen, A."], 2015),
            (&["Anna Müller"], 2015),
            (&["P Wang", "K Ito"], 2015),
            (&["J van der Meer"], 1999),
        ];
        let text = "Kong Weixia et al. (2009) agree with Yi and Song (2012), not (van der Meer, 1999; Wang et al., 2015a,b). \
                    As Muller's (2015) data show, in March 2015 it rained (Berg et al., 2000).";
        let (found, article) = resolved(article(&[text], list));
        let expected = pairs(&[
            ("Kong Weixia et al. (2009)", &[1]),
            ("Yi and Song (2012)", &[0]),
            ("van der Meer, 1999", &[5]),
            ("Wang et al., 2015a,b", &[2, 4]),
            ("Muller's (2015)", &[3]),
        ]);
        assert_eq!(found, expected);
        assert!(article.warnings[0].starts_with("1 citations"), "{:?}", article.warnings);
    }

    #[test]
    fn studies_without_a_list() {
        let text = "In Yi and Song (2012) it heals. It grows (Wang et al., 2015; Wang et al. 2016) since March 2015 (China, 2001).";
        let (found, article) = resolved(article(&[text, "Yi and Song (2012) agree."], &[]));
        assert_eq!(found.iter().map(|(_, references)| references.as_slice()).collect::<Vec<_>>(), [[0], [1], [2], [0]]);
        assert_eq!(article.references[0].authors, ["Yi", "Song"]);
        assert_eq!(article.references[0].text, "Yi and Song (2012)");
        assert_eq!(article.references[1].year, Some(2015));
    }

    #[test]
    fn known_citations_are_kept() {
        let mut known = article(&["It heals [1]. It grows [2]."], &[(&["A"], 2000), (&["B"], 2001)]);
        known.blocks[0].citations.push(Citation { range: 9..12, references: vec![1] });
        let before = known.clone();
        resolve(&mut known);
        assert_eq!(known, before);
    }

    #[test]
    fn adversarial_text_takes_linear_time() {
        let list: Vec<(&[&str], u16)> = vec![(&["A Berg"], 2001); 50];
        for unit in [
            "[1",
            "[1,",
            "Yi and ",
            "Yi, ",
            "a.1",
            "a.1,",
            "¹",
            "(1)",
            "Yi et al. ",
            "2001, ",
            "Berg, 2001; ",
            "van de ",
        ] {
            resolve(&mut article(&[&unit.repeat(20_000)], &list));
        }
    }

    proptest! {
        #[test]
        fn markers_are_text_and_references_exist(
            text in "(\\[[0-9,–]{1,6}\\]|[a-z]{4}[.,][0-9]{1,2} |Yi |and Song|et al\\. |\\(?2012[ab]?\\)?|α¹|[;, ]){0,40}",
            listed in 0_usize..12,
        ) {
            let list: Vec<(&[&str], u16)> = vec![(&["T Yi", "S Song"], 2012); listed];
            let mut article = article(&[&text], &list);
            resolve(&mut article);
            let mut end = 0;
            for citation in &article.blocks[0].citations {
                prop_assert!(text.get(citation.range.clone()).is_some_and(|marker| !marker.is_empty()));
                prop_assert!(citation.range.start >= end && !citation.references.is_empty());
                prop_assert!(citation.references.iter().all(|&reference| reference < article.references.len()));
                end = citation.range.end;
            }
        }
    }
}
