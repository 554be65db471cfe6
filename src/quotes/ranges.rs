//! The byte ranges of a text that are left out of a comparison.

use std::ops::Range;

/// Sorts ranges, and joins those that overlap or touch.
pub(super) fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut().filter(|last| range.start <= last.end) {
            Some(last) => last.end = last.end.max(range.end),
            None => joined.push(range),
        }
    }
    joined
}

/// Divides joined ranges among the parts of a text, in time proportional to the number of both.
pub(super) struct Parts<'a>(pub(super) &'a [Range<usize>]);

impl Parts<'_> {
    /// The ranges in a part of the text, relative to its start. A part must not begin before the previous one ends.
    pub(super) fn within(&mut self, part: &Range<usize>) -> Vec<Range<usize>> {
        let passed = self.0.iter().take_while(|range| range.end <= part.start).count();
        self.0 = &self.0[passed..];
        let inside = self.0.iter().take_while(|range| range.start < part.end);
        inside.map(|range| range.start.saturating_sub(part.start)..range.end.min(part.end) - part.start).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_divided_among_parts() {
        let ranges = joined(vec![8..9, 2..4, 3..6, 6..7]);
        assert_eq!(ranges, [2..7, 8..9]);
        let mut parts = Parts(&ranges);
        let within = [0..3, 3..5, 5..10, 10..12].map(|part| format!("{:?}", parts.within(&part)));
        assert_eq!(within, ["[2..3]", "[0..2]", "[0..2, 3..4]", "[]"]);
    }
}
