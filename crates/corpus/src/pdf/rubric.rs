//! Finds the article type in the rubric that the first page prints, mostly above the title. `title` has a wider list of rubrics,
//! which are no titles: not each of them names a type of JATS.

use std::sync::LazyLock;

use regex::Regex;

use crate::patterns::compile;

/// The words of JATS for the kinds of articles and the rubrics that stand for each. The first that matches is taken.
static KINDS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    let kinds = [
        ("case-report", r"(clinical )?case (reports?|series|stud(y|ies))"),
        (
            "review-article",
            r"((systematic|mini|literature|scoping|narrative|invited|state[- ]of[- ]the[- ]art|topical|clinical)[ -]?)?reviews?( article| paper)?|(systematic review and )?meta-?analysis",
        ),
        ("editorial", r"(guest )?editorials?"),
        ("letter", r"letters?( to the editors?)?"),
        (
            "research-article",
            r"(original |open )?(research|clinical|basic)( original)?( articles?| papers?| stud(y|ies)| trials?)|original (articles?|papers?|research|investigations?|contributions?|stud(y|ies))|research|(study|trial) protocol",
        ),
    ];
    kinds.map(|(kind, rubric)| (kind, compile(format!(r"(?i)^({rubric})( open access)?$")))).into()
});

/// The article type of the first line that is a rubric and nothing else. Letters may be spaced: `R E V I E W`.
pub(super) fn article_type<'t>(mut lines: impl Iterator<Item = &'t str>) -> Option<&'static str> {
    lines.find_map(kind)
}

fn kind(line: &str) -> Option<&'static str> {
    let is_spaced = line.split(' ').filter(|word| word.chars().count() == 1).count() * 2 > line.split(' ').count();
    let spaced = line.trim_end_matches(" Open Access");
    let joined = if is_spaced { spaced.replace(' ', "") } else { line.to_owned() };
    let text = joined.trim_matches(|c: char| !c.is_alphanumeric());
    KINDS.iter().find(|(_, rubric)| rubric.is_match(text)).map(|(kind, _)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rubric_on_a_line_of_its_own_is_the_article_type() {
        let of = |lines: &[&str]| article_type(lines.iter().copied());
        assert_eq!(of(&["Journal of Tests 2010, 3:4", "REVIEW ARTICLE", "Stiff joints"]), Some("review-article"));
        assert_eq!(of(&["R E V I E W Open Access"]), Some("review-article"));
        assert_eq!(of(&["Research article Open Access"]), Some("research-article"));
        assert_eq!(of(&["Case Report"]), Some("case-report"));
        assert_eq!(of(&["A systematic review of stiff joints", "in the case reports"]), None);
    }
}
