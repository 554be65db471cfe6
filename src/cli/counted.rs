//! Counts of things in words.

/// A count with its noun: "1 paragraph", "2 paragraphs".
pub(super) fn counted(count: impl TryInto<u64>, noun: &str) -> String {
    let count = count.try_into().unwrap_or(u64::MAX);
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        assert_eq!([0, 1, 2].map(|count: u64| counted(count, "paper")), ["0 papers", "1 paper", "2 papers"]);
    }
}
