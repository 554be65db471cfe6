//! What a question looks up before its candidates, as far as its words tell.

use std::collections::BTreeSet;

use super::named;
use super::senses::short_form;
use super::spelling::other_forms;
use crate::store::Lookups;
use crate::store::analyzer::words;

/// What a question may look up: the frequencies of its words in British and American spelling, terms of similar
/// spelling, the long forms of its abbreviations, and the papers and studies that it may name.
pub(super) fn lookups(question: &str) -> Lookups {
    let own: BTreeSet<String> = words(question).into_iter().map(|word| word.term).collect();
    let mut terms = own.clone();
    let mut short_forms = BTreeSet::new();
    for word in question.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 1) {
        let forms = other_forms(&word.to_lowercase());
        terms.extend(forms.iter().flat_map(|form| words(form)).map(|word| word.term));
        short_forms.extend(short_form(word));
    }
    for word in question.split_whitespace() {
        short_forms.extend(short_form(word.trim_matches(|c: char| !c.is_alphanumeric())));
    }
    Lookups {
        terms: terms.into_iter().collect(),
        fuzzy_terms: own.into_iter().collect(),
        short_forms: short_forms.into_iter().collect(),
        paper_keys: named::keys(question),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::identity::title_key;

    #[test]
    fn a_question_looks_up_its_words_abbreviations_and_names() {
        let found = lookups("MSC effect on anaemia");
        assert!(found.terms.contains(&"anemia".to_owned()) && found.terms.contains(&"anaemia".to_owned()), "{found:?}");
        assert_eq!(found.short_forms, ["MSC"]);
        assert!(found.fuzzy_terms.contains(&"effect".to_owned()));
        assert!(found.paper_keys.contains(&vec![title_key("msceffectonanaemia")]), "{found:?}");
        let named = lookups("Chang et al. 2016");
        assert!(named.paper_keys.contains(&vec!["author:chang".to_owned()]), "{named:?}");
    }
}
