//! Suggestions for misspelled names.

use strsim::osa_distance;

/// The hint for an `unknown` name, given the `known` names.
pub(super) fn suggestion<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(unknown, known.iter().copied()) {
        Some(name) => format!("did you mean {name}?"),
        None => format!("known are {}", known.join(", ")),
    }
}

/// The nearest name whose edit distance is at most a third of its length; of several, the first one.
fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    within(3, unknown, known)
}

/// The same with a distance of at most a sixth: probably a slip, and not another name.
pub(super) fn nearly<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    within(6, unknown, known)
}

fn within<'a>(part: usize, unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Bounds the cost for long names.
    let unknown: String = unknown.chars().take(64).collect();
    known
        .into_iter()
        .map(|name| (osa_distance(&unknown, name), name))
        .filter(|(edits, name)| *edits <= (name.len() / part).max(1))
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
