//! Normalises names and titles, so that different spellings compare equal.

use unicode_normalization::UnicodeNormalization;

/// The words of `text` in lower case, without accents and punctuation, with Greek letters spelled out.
pub fn plain_words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for character in text.nfkd().flat_map(char::to_lowercase) {
        match (plain_letter(character), words.last_mut()) {
            (Some(plain), Some(word)) => word.push_str(plain),
            (None, Some(word)) if character.is_alphanumeric() => word.push(character),
            (None, Some(word)) if !word.is_empty() && !is_combining(character) => words.push(String::new()),
            _ => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The replacement of a letter that Unicode does not decompose.
fn plain_letter(letter: char) -> Option<&'static str> {
    const GREEK: [&str; 25] = [
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
        "xi", "omicron", "pi", "rho", "sigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    ];
    Some(match letter {
        'α'..='ω' => GREEK.get(letter as usize - 'α' as usize)?,
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ı' => "i",
        'þ' => "th",
        _ => return None,
    })
}

fn is_combining(character: char) -> bool {
    unicode_normalization::char::is_combining_mark(character) || matches!(character, '\'' | '’' | '\u{ad}')
}

/// The normalised family name of "Given Family", without a suffix such as "Jr".
pub fn family_name(author: &str) -> Option<String> {
    let words = plain_words(author.split(',').next().unwrap_or(author));
    words.into_iter().rfind(|word| !matches!(word.as_str(), "jr" | "sr" | "ii" | "iii"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_meet() {
        assert_eq!(plain_words("TNF-α, Müller’s β‐cells"), ["tnf", "alpha", "mullers", "beta", "cells"]);
        assert_eq!(plain_words(" ¿? "), Vec::<String>::new());
    }

    #[test]
    fn family_names() {
        assert_eq!(family_name("Søren van der Łoś, Jr.").as_deref(), Some("los"));
        assert_eq!(family_name("Martin King III").as_deref(), Some("king"));
        assert_eq!(family_name(""), None);
    }
}
