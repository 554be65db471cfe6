//! Finds the authors' names: they are between the title and the first address, date or text.

use super::flow::{PlacedLine, Role};
use super::front_labels::is_abstract_heading;
use super::line::Script;
use super::title::looks_like_imprint;

/// Maximum number of lines of a list of authors.
const MAX_LINES: usize = 60;

/// Reads the names from the lines below the title. `title` is the horizontal extent of the title.
pub(super) fn find(below: &[PlacedLine], title: (f32, f32)) -> Vec<String> {
    let beside = |placed: &PlacedLine| placed.line.x0 > title.1 || placed.line.x1 < title.0;
    let lines: Vec<&PlacedLine> = below.iter().filter(|placed| !beside(placed)).take(MAX_LINES).collect();
    let lines = &lines[subtitle_lines(&lines)..];
    let Some(first) = lines.first() else { return Vec::new() };
    let is_name_line = |placed: &&&PlacedLine| {
        let shown = placed.line.text();
        (placed.line.size - first.line.size).abs() < 0.5
            && placed.line.page == first.line.page
            && placed.line.y > first.line.y - 1.0
            && !matches!(placed.role, Role::Abstract | Role::AbstractHeading)
            && !is_address(&shown)
            && !looks_like_imprint(&shown)
            && !is_abstract_heading(&placed.line)
    };
    let texts: Vec<String> = lines.iter().take_while(is_name_line).map(|placed| text(placed)).collect();
    // Without separators, each name has its own line.
    let separated = texts.iter().any(|text| text.contains([',', ';', '·', '•', '&']) || text.contains(" and "));
    split_names(&texts.join(if separated { " " } else { "," }))
}

/// Number of lines that are a subtitle: in large type without names, or followed by names in smaller type.
fn subtitle_lines(lines: &[&PlacedLine]) -> usize {
    const LARGE: f32 = 13.0;
    let names = |placed: &PlacedLine| split_names(&text(placed)).len();
    let is_subtitle = |i: usize| {
        let smaller_names = || lines[i + 1..].iter().take(3).any(|below| below.line.size < LARGE && names(below) > 0);
        lines[i].line.size > LARGE && (names(lines[i]) == 0 || (names(lines[i]) == 1 && smaller_names()))
    };
    (0..lines.len()).take_while(|&i| is_subtitle(i)).count()
}

/// The text of the line without superscript marks, which refer to addresses.
fn text(placed: &PlacedLine) -> String {
    let mut text = String::new();
    let mut raised = String::new();
    for word in &placed.line.words {
        if word.script != Script::Normal || word.size < 0.8 * placed.line.size {
            raised.push_str(&word.text);
            continue;
        }
        text.push_str(separator(&raised));
        raised.clear();
        if word.space_before {
            text.push(' ');
        }
        text.push_str(&word.text);
    }
    text.push_str(separator(&raised));
    text
}

/// The separator that superscript marks between two names contain: in `Lee¹,², Chen³` the last comma separates names.
fn separator(raised: &str) -> &'static str {
    match raised {
        "" => "",
        _ if raised.contains(['•', '·']) || raised.ends_with(',') => ",",
        _ => " ",
    }
}

fn is_address(text: &str) -> bool {
    const PLACES: &[&str] = &[
        "Universi",
        "Department",
        "Dept",
        "Institut",
        "Hospital",
        "School of",
        "Faculty",
        "College",
        "Laborator",
        "Division of",
        "Academy",
        "Research Cent",
        "Medical Cent",
        "Ministry",
        "Address",
        "Correspond",
        "Center for",
        "Centre for",
        "Unit,",
        "Research Unit",
        "Divisions,",
    ];
    PLACES.iter().any(|place| text.contains(place))
}

/// Splits `Ann B. Lee1,2*, PhD, and Bo Chen†` into names.
fn split_names(text: &str) -> Vec<String> {
    let cleaned: String = text
        .chars()
        .map(|c| match c {
            ';' | '·' | '•' | '∙' | '&' | '|' => ',',
            c if c.is_ascii_digit() || "*†‡§¶#∗⁎‖^()[]®".contains(c) => ' ',
            c => c,
        })
        .collect();
    let cleaned = format!(" {} ", cleaned.split_whitespace().collect::<Vec<_>>().join(" "));
    let cleaned = cleaned.replace(" and ", ",").replace(" AND ", ",").replace(",and ", ",");
    cleaned.split(',').filter_map(name).collect()
}

fn name(part: &str) -> Option<String> {
    let words: Vec<&str> = part
        .split_whitespace()
        // The ORCID icon may follow the name without a space.
        .map(|word| word.strip_suffix("ID").filter(|rest| rest.ends_with(char::is_lowercase)).unwrap_or(word))
        .filter(|word| word.chars().any(char::is_alphabetic) && !is_degree(word))
        .collect();
    // `M.K.KHOSLA`
    let initials_attached =
        words.len() == 1 && part.matches('.').count() >= 1 && part.chars().filter(|c| c.is_uppercase()).count() > 2;
    let capitals = words.iter().filter(|word| word.starts_with(char::is_uppercase)).count();
    let letters: usize = words.iter().map(|word| word.chars().count()).sum();
    let is_name = ((2..=7).contains(&words.len()) && capitals >= 2) || initials_attached;
    (is_name && (4..=60).contains(&letters) && words.iter().any(|word| word.chars().count() > 1))
        .then(|| words.join(" "))
}

fn is_degree(word: &str) -> bool {
    const DEGREES: &[&str] = &[
        "phd", "md", "msc", "mph", "bsc", "ms", "frcs", "mbbs", "dds", "bds", "mds", "dphil", "rn", "dr", "prof",
        "mbchb", "mb", "pharmd", "facs", "mrcp", "dvm", "bs", "mba", "rd", "drph",
    ];
    let bare = word.replace('.', "").to_lowercase();
    let spelled_as_one =
        word.contains('.') || word.chars().skip(1).any(char::is_uppercase) || word == "Dr" || word == "Prof";
    DEGREES.contains(&bare.as_str()) && spelled_as_one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_marks_and_degrees() {
        assert_eq!(
            split_names("Ann B. Lee1,2*, PhD, Bo Chen† and Carla de Vries"),
            ["Ann B. Lee", "Bo Chen", "Carla de Vries"]
        );
        assert_eq!(split_names("Mia Novak · Li Hu"), ["Mia Novak", "Li Hu"]);
        assert_eq!(split_names("J.K.SMITH"), ["J.K.SMITH"]);
        assert_eq!(split_names("in press, 2019"), Vec::<String>::new());
    }
}
