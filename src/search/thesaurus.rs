//! The words that papers use in place of a reader's: `pulmonari` for `lung`.
//!
//! A statistical translation model (IBM Model 1: Brown et al. 1993; for retrieval: Berger & Lafferty 1999).
//! `scripts/training/thesaurus.py` writes its table, and says what it was trained on.

/// A line for each term of a reader, sorted: the term, then terms of papers with their strengths in percent,
/// `lung nsclc:66 pulmonari:65`, strongest first. Terms are as in the index, and in ASCII.
static TABLE: &str = include_str!("thesaurus.txt");

/// A term that papers use in place of another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Synonym {
    pub(super) term: &'static str,
    /// How well it stands for the other, above 0 and at most 1.
    pub(super) strength: f32,
}

/// The terms that papers use in place of a reader's term, strongest first; none for a term that is not known.
pub(super) fn synonyms(term: &str) -> impl Iterator<Item = Synonym> {
    let synonym = |entry: &'static str| {
        let (term, percent) = entry.split_once(':')?;
        Some(Synonym { term, strength: percent.parse::<f32>().ok()? / 100.0 })
    };
    entries(TABLE, term).unwrap_or_default().split_ascii_whitespace().filter_map(synonym)
}

/// The rest of the line of a table that begins with this term, found by bisection.
fn entries<'t>(table: &'t str, term: &str) -> Option<&'t str> {
    let mut rest = table;
    while !rest.is_empty() {
        let start = rest[..rest.len() / 2].rfind('\n').map_or(0, |before| before + 1);
        let end = rest[start..].find('\n').map_or(rest.len(), |length| start + length);
        let (found, entries) = rest[start..end].split_once(' ')?;
        rest = match term.cmp(found) {
            std::cmp::Ordering::Equal => return Some(entries),
            std::cmp::Ordering::Less => &rest[..start],
            std::cmp::Ordering::Greater => rest.get(end + 1..).unwrap_or_default(),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::analyzer::words;

    #[test]
    fn a_table_is_searched_by_its_terms() {
        let table = "breath respir:60\nkidney renal:80 nephron:40\nlung pulmonari:81\n";
        assert_eq!(entries(table, "kidney"), Some("renal:80 nephron:40"));
        assert_eq!(entries(table, "breath"), Some("respir:60"));
        assert_eq!(entries(table, "lung"), Some("pulmonari:81"));
        for unknown in ["a", "breat", "heart", "lungs", "z", ""] {
            assert_eq!(entries(table, unknown), None, "{unknown}");
        }
    }

    #[test]
    fn the_table_is_as_it_is_read() {
        assert!(TABLE.is_ascii() && TABLE.lines().is_sorted_by(|a, b| a.split(' ').next() < b.split(' ').next()));
        for line in TABLE.lines() {
            let term = line.split(' ').next().expect("a term");
            let found: Vec<Synonym> = synonyms(term).collect();
            assert!(!found.is_empty() && found.len() == line.split(' ').count() - 1, "{line}");
            assert!(found.iter().all(|found| found.strength > 0.0 && found.strength <= 1.0), "{line}");
            assert!(found.is_sorted_by(|a, b| a.strength >= b.strength), "{line}");
        }
    }

    #[test]
    fn readers_find_the_words_of_papers() {
        for (reader, paper) in
            [("lungs", "pulmonary"), ("kidneys", "renal"), ("newborns", "neonatal"), ("clots", "thrombosis")]
        {
            let term = |word: &str| words(word).remove(0).term;
            let known: Vec<&str> = synonyms(&term(reader)).map(|synonym| synonym.term).collect();
            assert!(known.contains(&term(paper).as_str()), "{reader}: {known:?}");
        }
    }
}
