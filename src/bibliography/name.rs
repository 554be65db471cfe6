//! Splits names of authors into their parts.

/// An author's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The family name with its particles, or the whole name of a group.
    pub family: String,
    /// Given names or initials; empty for a group, or if there are none.
    pub given: String,
}

/// Lower-case particles before a family name that belong to it.
const PARTICLES: [&str; 22] = [
    "al", "bin", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "el", "la", "le", "ten",
    "ter", "van", "vom", "von", "zu",
];

/// Words that occur in the names of groups.
const GROUPS: [&str; 12] = [
    "group",
    "consortium",
    "collaboration",
    "collaborators",
    "committee",
    "association",
    "society",
    "network",
    "team",
    "organization",
    "organisation",
    "investigators",
];

impl Name {
    /// Parses a name as "Given Family", "Family, Given" or "Family IN".
    pub fn parse(name: &str) -> Self {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        // The last name of a list, as some papers write a group: "and the TLN-Group".
        let name = name.strip_prefix("and ").unwrap_or(&name);
        let whole = |family: &str| Self { family: family.to_owned(), given: String::new() };
        if let Some((family, given)) = name.split_once(", ") {
            return Self { family: family.to_owned(), given: given.to_owned() };
        }
        let words: Vec<&str> = name.split(' ').collect();
        let mut parts = name.split(|c: char| !c.is_alphanumeric());
        // "the TLN-Group", "Centers for Disease Control and Prevention": names of persons do not contain "and".
        let is_group = parts.any(|part| {
            let part = part.to_lowercase();
            part == "and" || GROUPS.contains(&part.as_str())
        });
        if words.len() < 2 || is_group {
            return whole(name);
        }
        // "Straub RH": in medical reference lists, initials without dots come last.
        let last = words[words.len() - 1];
        let has_initials_last = is_initials(last) && words[..words.len() - 1].iter().all(|word| !is_initials(word));
        let family_at = if has_initials_last { 0..words.len() - 1 } else { family_start(&words)..words.len() };
        let given: Vec<&str> =
            words.iter().enumerate().filter(|(at, _)| !family_at.contains(at)).map(|(_, word)| *word).collect();
        Self { family: words[family_at.clone()].join(" "), given: given.join(" ") }
    }

    /// `Straub, Rainer H.`, or only the family name.
    pub(super) fn inverted(&self) -> String {
        if self.given.is_empty() { self.family.clone() } else { format!("{}, {}", self.family, self.given) }
    }
}

/// Whether a word is up to four capital letters: initials in the medical style.
fn is_initials(word: &str) -> bool {
    let word: String = word.chars().filter(|c| *c != '-').collect();
    (1..=4).contains(&word.chars().count()) && word.chars().all(char::is_uppercase)
}

/// The index of the word with which the family name begins: the last one, with particles and a suffix.
fn family_start(words: &[&str]) -> usize {
    let is_suffix = |word: &str| matches!(word.trim_end_matches('.'), "Jr" | "Sr" | "II" | "III");
    let mut start = words.len() - 1;
    if start > 1 && is_suffix(words[start]) {
        start -= 1;
    }
    while start > 1 && PARTICLES.contains(&words[start - 1].to_lowercase().as_str()) {
        start -= 1;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_as_they_are_written() {
        for (name, inverted) in [
            ("Rainer H. Straub", "Straub, Rainer H."),
            ("Straub RH", "Straub, RH"),
            ("Straub, R. H.", "Straub, R. H."),
            ("Jan van der Berg", "van der Berg, Jan"),
            ("van der Berg J", "van der Berg, J"),
            ("María José García Márquez", "Márquez, María José García"),
            ("Martin Luther King Jr.", "King Jr., Martin Luther"),
            ("World Health Organization", "World Health Organization"),
            ("and the TLN-Group (Tumour Registry)", "the TLN-Group (Tumour Registry)"),
            ("Centers for Disease Control and Prevention", "Centers for Disease Control and Prevention"),
            ("Plato", "Plato"),
            ("R H Straub", "Straub, R H"),
        ] {
            assert_eq!(Name::parse(name).inverted(), inverted, "{name}");
        }
    }
}
