//! The kind of a section, by its headings.

use serde::{Deserialize, Serialize};

/// The kind of the section that contains a passage, for filters and ranking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SectionKind {
    Abstract,
    Introduction,
    Background,
    Methods,
    Results,
    Discussion,
    Conclusion,
    /// Any other: most sections of a review are named after their subject.
    #[default]
    Other,
}

impl SectionKind {
    pub const ALL: [Self; 8] = [
        Self::Abstract,
        Self::Introduction,
        Self::Background,
        Self::Methods,
        Self::Results,
        Self::Discussion,
        Self::Conclusion,
        Self::Other,
    ];

    /// The stable name in the index, in filters and in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Abstract => "abstract",
            Self::Introduction => "introduction",
            Self::Background => "background",
            Self::Methods => "methods",
            Self::Results => "results",
            Self::Discussion => "discussion",
            Self::Conclusion => "conclusion",
            Self::Other => "other",
        }
    }

    /// The kind named by the outermost heading that names one; [`SectionKind::Other`] if none does.
    pub fn from_headings(section: &[String]) -> Self {
        section.iter().find_map(|heading| kind_of_heading(heading)).unwrap_or_default()
    }
}

impl std::str::FromStr for SectionKind {
    type Err = String;

    /// The kind with a name, compared case-insensitively.
    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| format!("known are {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// The kind that a heading names. It must not name a subject as well: "Materials and methods" is methods, "Methods of isolating
/// stromal cells" is not.
fn kind_of_heading(heading: &str) -> Option<SectionKind> {
    let heading = heading.to_lowercase();
    let words = heading.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().any(char::is_alphabetic));
    let mut kind = None;
    for word in words {
        match kind_of_word(word) {
            Some(found) => kind = kind.or(Some(found)),
            None if is_neutral(word) => {}
            None => return None,
        }
    }
    kind
}

fn kind_of_word(word: &str) -> Option<SectionKind> {
    Some(match word {
        "abstract" => SectionKind::Abstract,
        "introduction" | "introductory" => SectionKind::Introduction,
        "background" | "rationale" => SectionKind::Background,
        "methods" | "method" | "methodology" | "experimental" | "materials" | "patients" | "subjects"
        | "procedures" => SectionKind::Methods,
        "results" | "result" | "findings" => SectionKind::Results,
        "discussion" | "discussions" => SectionKind::Discussion,
        "conclusion" | "conclusions" | "concluding" | "summary" | "perspectives" | "perspective" | "outlook" => {
            SectionKind::Conclusion
        }
        _ => return None,
    })
}

/// Whether `word` can accompany those of [`kind_of_word`] without naming a subject.
fn is_neutral(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "and",
        "the",
        "of",
        "this",
        "study",
        "review",
        "general",
        "main",
        "final",
        "future",
        "remarks",
        "remark",
        "directions",
        "direction",
        "design",
        "section",
        "material",
        "brief",
        "overview",
        "limitations",
        "comments",
        "i",
        "ii",
        "iii",
        "iv",
        "v",
        "vi",
        "vii",
        "structured",
        "graphical",
        "aims",
        "aim",
        "objectives",
        "implications",
        "key",
        "current",
        "challenges",
        "statistical",
        "analysis",
        "in",
        "participants",
    ];
    WORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_tell_the_kind() {
        let kind = |path: &[&str]| SectionKind::from_headings(&path.iter().map(|&s| s.to_owned()).collect::<Vec<_>>());
        assert_eq!(kind(&["Abstract", "Methods"]), SectionKind::Abstract);
        assert_eq!(kind(&["2. Materials and Methods", "Cells"]), SectionKind::Methods);
        assert_eq!(kind(&["Conclusions and future perspectives"]), SectionKind::Conclusion);
        assert_eq!(kind(&["Results and discussion"]), SectionKind::Results);
        assert_eq!(kind(&["Methods of isolating stromal cells"]), SectionKind::Other);
        assert_eq!(kind(&["Cartilage", "Introduction"]), SectionKind::Introduction);
        assert_eq!(kind(&[]), SectionKind::Other);
    }
}
