//! Terms that are spelled like another one: `metastasi` beside `metastas`, `tumour` beside `tumor`, a slip of the finger.

/// A term of the index that is spelled like one that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Alike {
    pub term: String,
    /// From [`LEAST`] to 1: Dice's coefficient of the two terms' trigrams (Adamson and Boreham 1974).
    pub likeness: f32,
}

/// Letters that both terms begin with.
const SAME_START: usize = 3;

/// Shorter terms are like too many others.
const SHORTEST: usize = 4;

/// Less is another word: with .4 fewer questions are answered well.
const LEAST: f32 = 0.5;

/// Terms kept, at most.
const MOST: usize = 8;

/// Whether a term has others like it. Names with digits do not: CD105 is not CD106.
pub(super) fn may_have_alike(term: &str) -> bool {
    term.len() >= SHORTEST && term.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Between which terms those lie that begin like this one: from the first, up to but not with the second. For terms that
/// [may have others like them](may_have_alike).
pub(super) fn same_start(term: &str) -> (Vec<u8>, Vec<u8>) {
    let start = term.as_bytes()[..SAME_START.min(term.len())].to_vec();
    let mut end = start.clone();
    if let Some(last) = end.last_mut() {
        *last = last.saturating_add(1);
    }
    (start, end)
}

/// The terms among `others` that are spelled like `term`, the likest first.
pub(super) fn alike(term: &str, others: impl IntoIterator<Item = String>) -> Vec<Alike> {
    let own: Vec<[u8; 3]> = trigrams(term).collect();
    let mut found: Vec<Alike> = Vec::new();
    for other in others.into_iter().filter(|other| other != term && may_have_alike(other)) {
        let likeness = likeness(&own, &other);
        if likeness >= LEAST && !found.iter().any(|known| known.term == other) {
            found.push(Alike { term: other, likeness });
        }
    }
    found.sort_by(|a, b| b.likeness.total_cmp(&a.likeness).then_with(|| a.term.cmp(&b.term)));
    found.truncate(MOST);
    found
}

/// Twice the trigrams that both have, over all that either has.
fn likeness(own: &[[u8; 3]], other: &str) -> f32 {
    // A term has as many trigrams as letters, so that very unequal lengths need no look.
    let all = own.len() + other.len();
    if 2.0 * own.len().min(other.len()) as f32 / (all as f32) < LEAST {
        return 0.0;
    }
    let mut left = own.to_vec();
    let mut common = 0;
    for trigram in trigrams(other) {
        if let Some(place) = left.iter().position(|known| *known == trigram) {
            left.swap_remove(place);
            common += 1;
        }
    }
    2.0 * common as f32 / all as f32
}

/// Every three bytes in a row, with a space before the term and one behind it.
fn trigrams(term: &str) -> impl Iterator<Item = [u8; 3]> + '_ {
    let byte = |place: usize| if place == 0 { b' ' } else { term.as_bytes().get(place - 1).copied().unwrap_or(b' ') };
    (0..term.len()).map(move |place| [byte(place), byte(place + 1), byte(place + 2)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn inflections_spellings_and_slips_are_alike_other_words_are_not() {
        let others = ["metastat", "metast", "metal", "metabol", "metastasi"].map(str::to_owned);
        let found: Vec<String> = alike("metastas", others).into_iter().map(|alike| alike.term).collect();
        assert_eq!(found, ["metastasi", "metastat", "metast"]);
        assert_eq!(alike("tumor", ["tumour".to_owned()]).len(), 1);
        assert_eq!(alike("stif", ["stiff".to_owned(), "still".to_owned()])[0].term, "stiff");
    }

    #[test]
    fn names_with_digits_and_short_words_stand_for_themselves() {
        assert!(!may_have_alike("cd105") && !may_have_alike("msc") && may_have_alike("stiff"));
        assert!(alike("foxp", ["foxp3".to_owned()]).is_empty());
    }

    proptest! {
        #[test]
        fn likeness_is_symmetric_and_1_for_the_same(a in "[a-z]{4,12}", b in "[a-z]{4,12}") {
            let of = |a: &str, b: &str| likeness(&trigrams(a).collect::<Vec<_>>(), b);
            prop_assert_eq!(of(&a, &b), of(&b, &a));
            prop_assert_eq!(of(&a, &a), 1.0);
            prop_assert!((0.0..=1.0).contains(&of(&a, &b)));
        }
    }
}
