//! Spelling: British and American forms of a word, and misspellings.
//!
//! The rules for the two forms consider letters only. They may produce a word that does not exist; no paper has it, so
//! it has no effect.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;

use strsim::osa_distance;

use super::answer::Correction;
use crate::embed::Embedder;
use crate::store::analyzer::words;
use crate::store::{IndexError, Snapshot};

/// Parts of words in British and American spelling, at any position in a word.
const PARTS: [(&str, &str); 43] = [
    ("aemi", "emi"),
    ("amoeb", "ameb"),
    ("anaesth", "anesth"),
    ("behaviour", "behavior"),
    ("caec", "cec"),
    ("caes", "ces"),
    ("coeli", "celi"),
    ("colour", "color"),
    ("aetiolog", "etiolog"),
    ("aetiopath", "etiopath"),
    ("faec", "fec"),
    ("favour", "favor"),
    ("foet", "fet"),
    ("gynaec", "gynec"),
    ("haem", "hem"),
    ("harbour", "harbor"),
    ("homoeo", "homeo"),
    ("honour", "honor"),
    ("humour", "humor"),
    ("labour", "labor"),
    ("leucocyt", "leukocyt"),
    ("leucopen", "leukopen"),
    ("leukaem", "leukem"),
    ("mould", "mold"),
    ("naev", "nev"),
    ("neighbour", "neighbor"),
    ("odour", "odor"),
    ("oedem", "edem"),
    ("oesoph", "esoph"),
    ("oestr", "estr"),
    ("paedi", "pedi"),
    ("palaeo", "paleo"),
    ("phaeo", "pheo"),
    ("pnoea", "pnea"),
    ("pnoeic", "pneic"),
    ("rigour", "rigor"),
    ("rrhoea", "rrhea"),
    ("rrhoeic", "rrheic"),
    ("sceptic", "skeptic"),
    ("sulph", "sulf"),
    ("tumour", "tumor"),
    ("vapour", "vapor"),
    ("vigour", "vigor"),
];

/// Word endings in British and American spelling, with the minimum number of letters before them.
const ENDS: [(&str, &str, usize); 47] = [
    ("isation", "ization", 3),
    ("isations", "izations", 3),
    ("isational", "izational", 3),
    ("ise", "ize", 4),
    ("ises", "izes", 4),
    ("ised", "ized", 4),
    ("ising", "izing", 4),
    ("iser", "izer", 4),
    ("isers", "izers", 4),
    ("yse", "yze", 3),
    ("ysed", "yzed", 3),
    ("ysing", "yzing", 3),
    ("yser", "yzer", 3),
    ("centre", "center", 0),
    ("centres", "centers", 0),
    ("centred", "centered", 0),
    ("fibre", "fiber", 0),
    ("fibres", "fibers", 0),
    ("litre", "liter", 0),
    ("litres", "liters", 0),
    ("metre", "meter", 0),
    ("metres", "meters", 0),
    ("titre", "titer", 0),
    ("titres", "titers", 0),
    ("calibre", "caliber", 0),
    ("theatre", "theater", 0),
    ("analogue", "analog", 0),
    ("analogues", "analogs", 0),
    ("homologue", "homolog", 0),
    ("homologues", "homologs", 0),
    ("orthologue", "ortholog", 0),
    ("orthologues", "orthologs", 0),
    ("catalogue", "catalog", 0),
    ("labelled", "labeled", 0),
    ("labelling", "labeling", 0),
    ("modelled", "modeled", 0),
    ("modelling", "modeling", 0),
    ("signalling", "signaling", 0),
    ("signalled", "signaled", 0),
    ("channelling", "channeling", 0),
    ("travelling", "traveling", 0),
    ("tunnelling", "tunneling", 0),
    ("ageing", "aging", 0),
    ("enrolment", "enrollment", 0),
    ("fulfilment", "fulfillment", 0),
    ("judgement", "judgment", 0),
    ("aluminium", "aluminum", 0),
];

/// Whole words in British and American spelling.
const WORDS: [(&str, &str); 9] = [
    ("grey", "gray"),
    ("programme", "program"),
    ("programmes", "programs"),
    ("practised", "practiced"),
    ("licence", "license"),
    ("defence", "defense"),
    ("defences", "defenses"),
    ("whilst", "while"),
    ("skilful", "skillful"),
];

/// Word endings that are the same in both spellings, although they contain an ending of [`ENDS`].
const SAME_IN_BOTH: [&str; 13] = [
    "cis", "wis", "pris", "vis", "guis", "prais", "promis", "premis", "demis", "expertis", "treatis", "advertis",
    "franchis",
];

/// The American form of a word in lower case; the word itself if it has no other form.
pub(super) fn american(word: &str) -> String {
    if !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return word.to_owned();
    }
    if let Some((_, american)) = WORDS.iter().find(|(british, _)| *british == word) {
        return (*american).to_owned();
    }
    let mut form = word.to_owned();
    for (british, american) in PARTS {
        if form.contains(british) {
            form = form.replace(british, american);
        }
    }
    let end = ENDS.iter().find(|(british, _, before)| form.len() >= british.len() + before && form.ends_with(british));
    if let Some((british, american, _)) = end {
        let stem = &form[..form.len() - british.len()];
        let is_same = british.starts_with("is") && SAME_IN_BOTH.iter().any(|same| format!("{stem}is").ends_with(same));
        if !is_same {
            form = format!("{stem}{american}");
        }
    }
    form
}

/// The other forms of a word in lower case: its American form, and all words with the same American form.
pub(super) fn other_forms(word: &str) -> BTreeSet<String> {
    let american_form = american(word);
    let mut forms = BTreeSet::from([american_form.clone()]);
    // A word may have two parts with different spellings.
    for _ in 0..2 {
        for form in forms.clone() {
            forms.extend(respelled(&form).into_iter().filter(|british| american(british) == american_form));
        }
    }
    forms.remove(word);
    forms
}

/// The word with one of its parts, or its ending, in British spelling.
fn respelled(word: &str) -> Vec<String> {
    let parts = PARTS
        .iter()
        .filter(|(_, american)| word.contains(american))
        .map(|(british, american)| word.replacen(american, british, 1));
    let ends =
        ENDS.iter().filter_map(|(british, american, _)| Some(format!("{}{british}", word.strip_suffix(american)?)));
    let whole = WORDS.iter().filter(|(_, american)| *american == word).map(|(british, _)| (*british).to_owned());
    parts.chain(ends).chain(whole).collect()
}

/// A question for the model, which understands British spelling less well: words that no paper has in the given form
/// are replaced by their American form.
pub(super) fn for_model(question: &str, snapshot: &Snapshot) -> Result<String, IndexError> {
    let mut failure = None;
    let text = in_american(question, |word| {
        let terms = words(word);
        let mut counts = terms.iter().map(|word| snapshot.document_frequency(&word.term));
        counts.try_fold(0, |sum, count| Ok(sum + count?)).unwrap_or_else(|error| {
            failure = Some(error);
            0
        }) > 0
    });
    failure.map_or(Ok(text), Err)
}

/// A text with its words in American spelling, except for words for which `stays` returns true.
fn in_american(text: &str, mut stays: impl FnMut(&str) -> bool) -> String {
    replaced(text, |word, _| {
        let form = american(word);
        (form != word && !stays(word)).then_some(form)
    })
}

/// A text in which words are replaced if `other` returns a replacement. `other` gets each word in lower case, with its
/// range in the text. Capitalisation is kept.
fn replaced(text: &str, mut other: impl FnMut(&str, Range<usize>) -> Option<String>) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(char::is_alphanumeric) {
        result.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '’'))).unwrap_or(rest.len());
        let (word, at) = (&rest[..end], text.len() - rest.len());
        match other_word(word, |lower| other(lower, at..at + end)) {
            Some(new) => result.push_str(&new),
            None => result.push_str(word),
        }
        rest = &rest[end..];
    }
    result.push_str(rest);
    result
}

/// The replacement of an ordinary word: one in lower case, possibly with a capital first letter.
fn other_word(word: &str, other: impl FnOnce(&str) -> Option<String>) -> Option<String> {
    let is_ordinary =
        word.bytes().enumerate().all(|(at, byte)| byte.is_ascii_lowercase() || (at == 0 && byte.is_ascii_uppercase()));
    let new = if is_ordinary && word.len() > 3 { other(&word.to_ascii_lowercase())? } else { return None };
    let mut letters = new.chars();
    match letters.next().filter(|_| word.starts_with(|c: char| c.is_ascii_uppercase())) {
        Some(first) => Some(first.to_uppercase().chain(letters).collect()),
        None => Some(new),
    }
}

/// In letters. Shorter words are similar to too many others.
const SHORTEST: usize = 5;
/// From this length on, two letters may be wrong.
const TWO_SLIPS: usize = 8;
/// A word in fewer paragraphs may itself be a misspelling.
const KNOWN_PARAGRAPHS: u64 = 3;

/// Corrects the misspellings of a question. Returns the corrections in the question's order.
///
/// Only a word that no paper has in any of its forms, and that the model does not know as a word, is taken for a
/// misspelling, and only if a word of the papers differs by one letter, or by two if the word is long. Names are not
/// corrected: words with digits or capitals, and words of phrases.
pub(super) fn corrected(
    question: &str,
    phrases: &[String],
    snapshot: &Snapshot,
    embedder: Option<&dyn Embedder>,
) -> Result<(String, Vec<Correction>), IndexError> {
    let mut corrections: Vec<Correction> = Vec::new();
    let mut failure = None;
    let in_phrase = |word: &str| phrases.iter().any(|phrase| phrase.to_lowercase().contains(word));
    let text = replaced(question, |word, range| {
        // A capital letter within the question starts a name.
        let is_name = range.start > 0 && question[range].starts_with(|c: char| c.is_ascii_uppercase());
        if is_name || in_phrase(word) {
            return None;
        }
        match correction(word, snapshot, embedder) {
            Ok(Some(read)) => {
                let typed = word.to_owned();
                corrections.push(Correction { typed, read: read.clone() });
                Some(read)
            }
            Ok(None) => None,
            Err(error) => {
                failure = Some(error);
                None
            }
        }
    });
    match failure {
        Some(error) => Err(error),
        None => Ok((text, corrections)),
    }
}

/// The word of the papers that was probably meant, if a word in lower case is misspelled.
fn correction(word: &str, snapshot: &Snapshot, embedder: Option<&dyn Embedder>) -> Result<Option<String>, IndexError> {
    let vowels = word.bytes().filter(|byte| b"aeiouy".contains(byte)).count();
    if word.len() < SHORTEST
        || vowels < 2
        || is_known(word, snapshot)?
        || embedder.is_some_and(|model| model.knows_word(word))
    {
        return Ok(None);
    }
    let Some(term) = words(word).pop().map(|word| word.term) else { return Ok(None) };
    let similar: Vec<String> = snapshot.fuzzy_terms(&term)?.iter().map(|similar| similar.term.clone()).collect();
    if let Some(found) = nearest_form(word, &similar, snapshot)? {
        return Ok(Some(found));
    }
    // Terms of similar spelling begin with the same letters, but the misspelling may be in these.
    let respelled = with_another_beginning(word);
    let terms: BTreeSet<String> = respelled.iter().flat_map(|word| words(word)).map(|word| word.term).collect();
    nearest_form(word, &Vec::from_iter(terms), snapshot)
}

/// The nearest word within the permitted distance, among the words that passages use for some terms; of equally near
/// words, the most frequent one.
fn nearest_form(word: &str, terms: &[String], snapshot: &Snapshot) -> Result<Option<String>, IndexError> {
    let most = if word.len() >= TWO_SLIPS { 2 } else { 1 };
    let mut best: Option<(usize, Reverse<u64>, String)> = None;
    let frequencies = snapshot.document_frequencies(&terms.iter().map(String::as_str).collect::<Vec<_>>())?;
    for (term, frequency) in terms.iter().zip(frequencies).filter(|(_, frequency)| *frequency >= KNOWN_PARAGRAPHS) {
        for form in snapshot.written_forms(term)? {
            let candidate = (osa_distance(word, &form), Reverse(frequency), form);
            if candidate.0 <= most
                && !is_another_name(word, &candidate.2)
                && best.as_ref().is_none_or(|best| candidate < *best)
            {
                best = Some(candidate);
            }
        }
    }
    Ok(best.map(|(_, _, form)| form))
}

/// Whether two words differ only in letters within their endings, as the names of substances do (tocopheryl and
/// tocopherol), or one is derived from the other by an ending (salivary and saliva).
fn is_another_name(word: &str, other: &str) -> bool {
    const END: usize = 3;
    if word.len() == other.len() {
        let stem = word.len().saturating_sub(END);
        return word.get(..stem) == other.get(..stem) && word != other;
    }
    let (shorter, longer) = if word.len() < other.len() { (word, other) } else { (other, word) };
    // A single letter may have been omitted or typed twice.
    longer.len() > shorter.len() + 1 && longer.starts_with(shorter)
}

/// Whether a paper has the word in any of its forms.
fn is_known(word: &str, snapshot: &Snapshot) -> Result<bool, IndexError> {
    // Made only if no paper has the word itself, which is rare.
    let others = std::iter::once_with(|| other_forms(word)).flatten();
    for form in std::iter::once(word.to_owned()).chain(others) {
        for found in words(&form) {
            if snapshot.document_frequency(&found.term)? > 0 {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Number of first letters that a word shares with terms of similar spelling.
const BEGINNING: usize = 3;

/// The word with one error among its first letters undone: two letters transposed, one missing, superfluous or wrong.
fn with_another_beginning(word: &str) -> Vec<String> {
    let mut others = Vec::new();
    for at in 0..BEGINNING.min(word.len()) {
        let (before, after) = word.split_at(at);
        let rest = &after[1..];
        others.push(format!("{before}{rest}"));
        if let Some(next) = rest.chars().next() {
            others.push(format!("{before}{next}{}{}", &after[..1], &rest[1..]));
        }
        for letter in 'a'..='z' {
            others.push(format!("{before}{letter}{after}"));
            others.push(format!("{before}{letter}{rest}"));
        }
    }
    others
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_forms_are_one_word() {
        for (british, american_form) in [
            ("anaemia", "anemia"),
            ("ischaemic", "ischemic"),
            ("haematopoietic", "hematopoietic"),
            ("leukaemia", "leukemia"),
            ("oedema", "edema"),
            ("oesophageal", "esophageal"),
            ("diarrhoea", "diarrhea"),
            ("paediatric", "pediatric"),
            ("foetal", "fetal"),
            ("oestrogen", "estrogen"),
            ("tumours", "tumors"),
            ("randomised", "randomized"),
            ("immunisation", "immunization"),
            ("analysed", "analyzed"),
            ("titres", "titers"),
            ("signalling", "signaling"),
            ("multicentre", "multicenter"),
            ("ageing", "aging"),
            ("phaeochromocytoma", "pheochromocytoma"),
            ("haemoglobinaemia", "hemoglobinemia"),
        ] {
            assert_eq!(american(british), american_form);
            assert_eq!(american(american_form), american_form);
            assert!(other_forms(british).contains(american_form), "{british}");
            assert!(other_forms(american_form).contains(british), "{american_form}");
        }
    }

    #[test]
    fn names_that_differ_in_their_ends_are_others() {
        assert!(is_another_name("tocopheryl", "tocopherol") && is_another_name("methylene", "methylone"));
        assert!(is_another_name("salivary", "saliva") && is_another_name("saliva", "salivary"));
        assert!(!is_another_name("artritis", "arthritis") && !is_another_name("reatment", "treatment"));
        assert!(!is_another_name("arthriti", "arthritis") && !is_another_name("stiffnesss", "stiffness"));
    }

    #[test]
    fn words_with_one_form_stay() {
        for word in [
            "exercise",
            "precise",
            "promising",
            "compromised",
            "supervised",
            "raised",
            "disease",
            "diagnosis",
            "anaerobic",
            "archaea",
            "aerosol",
            "sense",
            "four",
            "hour",
            "expelled",
            "rise",
            "otherwise",
            "analyses",
            "surprising",
        ] {
            assert_eq!(american(word), word);
        }
    }

    #[test]
    fn a_text_keeps_all_but_the_forms_of_its_words() {
        let in_american = |text| in_american(text, |word| word == "foetal");
        assert_eq!(in_american("Foetal anaemia"), "Foetal anemia");
        assert_eq!(in_american("Anaemia, in RA (haemoglobin) – IL-6?"), "Anemia, in RA (hemoglobin) – IL-6?");
        assert_eq!(in_american("TNF-α of tumour-bearing MICE"), "TNF-α of tumor-bearing MICE");
    }

    #[test]
    fn a_replacement_may_begin_with_any_letter() {
        let with = |new: &str| replaced("Akerstet scale", |word, _| (word == "akerstet").then(|| new.to_owned()));
        assert_eq!(with("åkerstedt"), "Åkerstedt scale");
        assert_eq!((with("ßa"), with("")), ("SSa scale".to_owned(), " scale".to_owned()));
    }

    proptest! {
        #[test]
        fn the_american_form_is_its_own(word in "[a-z]{1,14}") {
            let form = american(&word);
            prop_assert!(other_forms(&word).iter().all(|other| american(other) == form) || american(&form) != form);
        }

        #[test]
        fn any_text_can_be_respelled(text in "\\PC{0,60}") {
            let _ = in_american(&text, |_| false);
            let _ = replaced(&text, |_, _| Some(text.clone()));
            let _ = with_another_beginning(&text.chars().filter(char::is_ascii_lowercase).collect::<String>());
        }
    }
}
