//! From bytes to characters: places in a source are told in characters, as people and other languages count.

use std::ops::Range;

/// Bytes between two counts that are kept. A look-up counts at most this many bytes.
const STRIDE: usize = 1024;

/// The characters before each byte of a text: made in one pass over it, so that many places cost no more than a few.
#[derive(Debug)]
pub struct Characters<'a> {
    text: &'a str,
    /// Characters before each `STRIDE`-th byte.
    counts: Vec<usize>,
}

impl<'a> Characters<'a> {
    pub fn new(text: &'a str) -> Self {
        let mut counts = Vec::with_capacity(text.len() / STRIDE + 1);
        let mut count = 0;
        for chunk in text.as_bytes().chunks(STRIDE) {
            counts.push(count);
            count += count_characters(chunk);
        }
        Characters { text, counts }
    }

    /// Characters before `byte`, which may be inside a character or past the end.
    pub fn before(&self, byte: usize) -> usize {
        let byte = byte.min(self.text.len());
        let stride = (byte / STRIDE).min(self.counts.len().saturating_sub(1));
        let counted = self.counts.get(stride).copied().unwrap_or(0);
        counted + self.text.as_bytes().get(stride * STRIDE..byte).map_or(0, count_characters)
    }

    /// A range of bytes as a range of characters.
    pub fn range(&self, bytes: Range<usize>) -> Range<usize> {
        self.before(bytes.start)..self.before(bytes.end)
    }
}

/// The beginning of `text` up to `byte`, or to the start of the character that `byte` is inside of.
pub(super) fn up_to(text: &str, byte: usize) -> &str {
    let end = (0..=byte.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

/// The last bytes of `text`, at most `bytes` of them, from the start of a character on.
///
/// Rules that look back from a place use it, so that text without spaces costs them no more than other text.
pub(super) fn last(text: &str, bytes: usize) -> &str {
    let from = text.len().saturating_sub(bytes);
    let start = (from..=text.len()).find(|&start| text.is_char_boundary(start)).unwrap_or(text.len());
    text.get(start..).unwrap_or_default()
}

fn count_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_as_characters() {
        let text = "aé€😀".repeat(1000);
        let characters = Characters::new(&text);
        for (count, (byte, _)) in text.char_indices().enumerate() {
            assert_eq!(characters.before(byte), count);
        }
        assert_eq!(characters.before(text.len()), 4000);
        assert_eq!(characters.before(usize::MAX), 4000);
        assert_eq!(Characters::new("").before(0), 0);
    }

    #[test]
    fn ends_are_cut_between_characters() {
        assert_eq!((up_to("aé€", 2), up_to("aé€", 3), up_to("aé€", 9)), ("a", "aé", "aé€"));
        assert_eq!((last("aé€", 2), last("aé€", 3), last("aé€", 9)), ("", "€", "aé€"));
    }
}
