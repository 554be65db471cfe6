//! Byte offsets to character offsets: positions in a source are given in Unicode characters, which do not depend on an
//! encoding.

use std::ops::Range;

/// Bytes between two stored counts. A lookup counts the characters of at most this many bytes.
const STRIDE: usize = 1024;

/// Maps byte offsets of a text to character offsets. It is built in one pass over the text; a lookup takes constant time.
#[derive(Debug)]
pub struct CharacterIndex<'a> {
    text: &'a str,
    /// The number of characters before each `STRIDE`-th byte.
    counts: Vec<usize>,
}

impl<'a> CharacterIndex<'a> {
    pub fn new(text: &'a str) -> Self {
        let mut counts = Vec::with_capacity(text.len() / STRIDE + 1);
        let mut count = 0;
        for chunk in text.as_bytes().chunks(STRIDE) {
            counts.push(count);
            count += count_characters(chunk);
        }
        CharacterIndex { text, counts }
    }

    /// The number of characters before `byte`, which may be inside of a character or past the end of the text.
    pub fn before(&self, byte: usize) -> usize {
        let byte = byte.min(self.text.len());
        let stride = (byte / STRIDE).min(self.counts.len().saturating_sub(1));
        let counted = self.counts.get(stride).copied().unwrap_or(0);
        counted + self.text.as_bytes().get(stride * STRIDE..byte).map_or(0, count_characters)
    }

    /// Converts a range of bytes to a range of characters.
    pub fn range(&self, bytes: Range<usize>) -> Range<usize> {
        self.before(bytes.start)..self.before(bytes.end)
    }
}

/// The longest prefix of `text` with at most `bytes` bytes that ends at a character boundary.
pub(super) fn prefix(text: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(text.len())).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

/// The longest suffix of `text` with at most `bytes` bytes that begins at a character boundary.
///
/// Rules that look back from a position use it to bound their work on text without spaces.
pub(super) fn suffix(text: &str, bytes: usize) -> &str {
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
        let characters = CharacterIndex::new(&text);
        for (count, (byte, _)) in text.char_indices().enumerate() {
            assert_eq!(characters.before(byte), count);
        }
        assert_eq!(characters.before(text.len()), 4000);
        assert_eq!(characters.before(usize::MAX), 4000);
        assert_eq!(CharacterIndex::new("").before(0), 0);
    }

    #[test]
    fn ends_are_cut_between_characters() {
        assert_eq!((prefix("aé€", 2), prefix("aé€", 3), prefix("aé€", 9)), ("a", "aé", "aé€"));
        assert_eq!((suffix("aé€", 2), suffix("aé€", 3), suffix("aé€", 9)), ("", "€", "aé€"));
    }
}
