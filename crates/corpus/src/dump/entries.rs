//! Splits reference lists without line breaks.

use std::sync::LazyLock;

use regex::Regex;

use crate::front_matter;
use crate::patterns::{SURNAME, compile};

/// Splits a reference list without line breaks into entries: before each label with the next number, or, without labels, before
/// a name after a full stop if the entry before it is long enough and has a year.
pub(crate) fn entries(text: &str) -> Vec<&str> {
    static LABEL: LazyLock<Regex> = LazyLock::new(|| compile(r"(?:^|\s)(?:\[(\d{1,4})\]|(\d{1,4})\.)\s+[\p{Lu}“]"));
    static NAME: LazyLock<Regex> = LazyLock::new(|| {
        compile(format!(r"[.\d/]\s+(?:(?:van|von|de|der) )*{SURNAME},? (?:\p{{Lu}}\.?[ -]?){{1,3}},"))
    });
    let mut cuts = vec![0];
    let mut expected: Option<u32> = None;
    for found in LABEL.captures_iter(text) {
        let label = found.get(1).or_else(|| found.get(2));
        let number: Option<u32> = label.and_then(|label| label.as_str().parse().ok());
        if let (Some(label), Some(number)) = (label, number)
            && expected.is_none_or(|expected| expected == number)
        {
            expected = Some(number + 1);
            cuts.push(label.start() - usize::from(found.get(1).is_some()));
        }
    }
    if cuts.len() < 3 {
        cuts = vec![0];
        // Both lists are in order, so each year is visited once.
        let mut years = front_matter::years(text).map(|(at, _)| at).peekable();
        for found in NAME.find_iter(text) {
            let cut = found.start() + found.as_str().find(char::is_whitespace).unwrap_or(0);
            let last = cuts.last().copied().unwrap_or_default();
            while years.next_if(|&at| at < last).is_some() {}
            if cut - last > 40 && years.peek().is_some_and(|&at| at + 4 <= cut) {
                cuts.push(cut);
            }
        }
    }
    cuts.push(text.len());
    let pieces = cuts.windows(2).filter_map(|cut| text.get(*cut.first()?..*cut.last()?));
    pieces.map(str::trim).filter(|entry| !entry.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_without_breaks_are_parted() {
        assert_eq!(
            entries("[1] Lee A. Cells. 2010. [2] Kim B. Mice 12. 2011. [3] Roy C. Joints. 2012."),
            ["[1] Lee A. Cells. 2010.", "[2] Kim B. Mice 12. 2011.", "[3] Roy C. Joints. 2012."]
        );
        assert_eq!(
            entries(
                "Lee A., and Kim B., 2010, Cells for stiff joints of mice, J. Cells, 3: 1-9. Roy C., 2011, More cells, J. Cells, 4: 1-2."
            ),
            [
                "Lee A., and Kim B., 2010, Cells for stiff joints of mice, J. Cells, 3: 1-9.",
                "Roy C., 2011, More cells, J. Cells, 4: 1-2."
            ]
        );
    }
}
