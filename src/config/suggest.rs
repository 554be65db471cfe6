//! Suggestions for misspelled names.

use strsim::osa_distance;

/// The hint for an `unknown` name where one of `known` was expected.
pub(super) fn suggestion<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(unknown, known.iter().copied()) {
        Some(name) => format!("did you mean {name}?"),
        None => format!("known are {}", known.join(", ")),
    }
}

/// The name that is at most a third of its length in edits away; the first of the nearest.
pub(super) fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Bounds the work for a name of any length.
    let unknown: String = unknown.chars().take(64).collect();
    known
        .into_iter()
        .map(|name| (osa_distance(&unknown, name), name))
        .filter(|(edits, name)| *edits <= (name.len() / 3).max(1))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_what_is_near() {
        let known = ["folder", "pooling", "instances"];
        assert_eq!(suggestion("fodler", known), "did you mean folder?");
        assert_eq!(suggestion("instance", known), "did you mean instances?");
        assert_eq!(suggestion("colour", known), "known are folder, pooling, instances");
    }
}
