//! Decompresses and decodes a source to text.

use std::borrow::Cow;
use std::io::Read;
use std::sync::LazyLock;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use flate2::read::MultiGzDecoder;
use regex::bytes::Regex;

use super::{Limits, ReadError};
use crate::patterns::compile;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b, 0x08];

/// The text of a source, with warnings about guesses and replaced characters.
#[derive(Debug)]
pub(super) struct Decoded {
    pub text: String,
    pub warnings: Vec<String>,
}

/// Decompresses a gzip file; other bytes are returned as they are.
///
/// # Errors
/// [`ReadError::Empty`]; [`ReadError::TooLarge`] if the file is larger than `limits` allow before or after unpacking;
/// [`ReadError::Malformed`] for a damaged gzip file.
pub(super) fn unpack<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Cow<'a, [u8]>, ReadError> {
    check_size(bytes.len(), limits.max_file_bytes)?;
    if !bytes.starts_with(GZIP_MAGIC) {
        return if bytes.is_empty() { Err(ReadError::Empty) } else { Ok(Cow::Borrowed(bytes)) };
    }
    let mut unpacked = Vec::new();
    // One byte more than the limit shows that a file is too large, without unpacking the rest of a decompression bomb.
    MultiGzDecoder::new(bytes).take(limits.max_unpacked_bytes.saturating_add(1)).read_to_end(&mut unpacked).map_err(
        |error| match error.kind() {
            std::io::ErrorKind::OutOfMemory => ReadError::Io(error),
            _ => ReadError::Malformed { format: "gzip file", reason: error.to_string() },
        },
    )?;
    check_size(unpacked.len(), limits.max_unpacked_bytes)?;
    if unpacked.is_empty() { Err(ReadError::Empty) } else { Ok(Cow::Owned(unpacked)) }
}

pub(super) fn check_size(bytes: usize, limit: u64) -> Result<(), ReadError> {
    let bytes = bytes as u64;
    if bytes > limit { Err(ReadError::TooLarge { bytes, limit }) } else { Ok(()) }
}

/// Decodes `bytes` by the first of these that applies: the byte order mark, the zero bytes of UTF-16, valid UTF-8, the encoding
/// that an XML or HTML file declares, Windows-1252 (a superset of Latin-1).
///
/// Valid UTF-8 comes before the declaration, because many files were converted without correcting their declaration. Line
/// ends become `\n`.
pub(super) fn decode(bytes: &[u8]) -> Decoded {
    let (encoding, warning) = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => (encoding, None),
        None => match utf16_without_mark(bytes) {
            Some(encoding) => (encoding, None),
            None if is_utf8(bytes) => (UTF_8, None),
            None => guess(bytes),
        },
    };
    let (text, _, had_errors) = encoding.decode(bytes);
    let mut warnings: Vec<String> = warning.into_iter().collect();
    if had_errors {
        warnings.push(format!("some characters are not valid {} and were replaced", encoding.name()));
    }
    Decoded { text: unify_line_ends(text), warnings }
}

/// Whether `bytes` are valid UTF-8. A character that is cut off at the end of the file is ignored.
fn is_utf8(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true)
}

fn guess(bytes: &[u8]) -> (&'static Encoding, Option<String>) {
    if let Some(encoding) = declared(bytes) {
        return (encoding, None);
    }
    // A few invalid bytes among many multi-byte characters indicate a damaged file, not another encoding.
    let text = String::from_utf8_lossy(bytes);
    let bad = text.matches(char::REPLACEMENT_CHARACTER).count();
    let good = text.chars().filter(|&c| !c.is_ascii() && c != char::REPLACEMENT_CHARACTER).count();
    if good > 4 * bad {
        return (UTF_8, None);
    }
    (WINDOWS_1252, Some("the encoding is not declared and not UTF-8; it was read as Windows-1252".into()))
}

/// The encoding named in `<?xml … encoding="…"?>` or `<meta … charset=…>`.
fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    static DECLARATION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?i-u)(?:<\?xml[^>]{0,200}?encoding|<meta[^>]{0,200}?charset)\s*=\s*["']?([a-z0-9_:.-]+)"#)
            .expect("a constant pattern")
    });
    let head = bytes.get(..4096).unwrap_or(bytes);
    let label = DECLARATION.captures(head)?.get(1)?.as_bytes();
    // The declaration was found as ASCII, so the file is not UTF-16, even if it declares that.
    Encoding::for_label(label).filter(|encoding| encoding.is_ascii_compatible() && *encoding != UTF_8)
}

/// Detects UTF-16 without a byte order mark: in Western text, every other byte is zero.
fn utf16_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes.get(..1024).unwrap_or(bytes);
    let pairs = head.chunks_exact(2);
    let count = pairs.len();
    if count < 2 {
        return None;
    }
    let zeros_first = pairs.clone().filter(|pair| pair.first() == Some(&0) && pair.last() != Some(&0)).count();
    let zeros_last = pairs.filter(|pair| pair.last() == Some(&0) && pair.first() != Some(&0)).count();
    if zeros_last * 10 > count * 7 && zeros_first == 0 {
        Some(UTF_16LE)
    } else if zeros_first * 10 > count * 7 && zeros_last == 0 {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Removes control characters and terminal colour codes from `text`, which editors do not show or show as noise. Keeps
/// white space and form feeds.
pub(super) fn without_controls(text: String) -> String {
    static CONTROLS: LazyLock<regex::Regex> =
        LazyLock::new(|| compile(r"\x1b\[[0-9;?]{0,16}[A-Za-z]|[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]"));
    match CONTROLS.replace_all(&text, "") {
        Cow::Borrowed(_) => text,
        Cow::Owned(clean) => clean,
    }
}

/// Replaces `\r\n` and `\r` with `\n`.
pub(super) fn unify_line_ends(text: Cow<'_, str>) -> String {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_gzip_file_is_unpacked() {
        assert_eq!(unpack(&packed(b"words"), &Limits::default()).unwrap().as_ref(), b"words");
    }

    #[test]
    fn a_gzip_bomb_is_refused_at_the_limit() {
        let limits = Limits { max_unpacked_bytes: 1000, ..Limits::DEFAULT };
        assert!(matches!(unpack(&packed(&[b' '; 100_000]), &limits), Err(ReadError::TooLarge { bytes: 1001, .. })));
    }

    #[test]
    fn a_cut_gzip_file_is_malformed() {
        let bytes = packed(b"some words to pack");
        assert!(matches!(unpack(&bytes[..bytes.len() - 9], &Limits::default()), Err(ReadError::Malformed { .. })));
    }

    #[test]
    fn empty_files_are_said_to_be_empty() {
        assert!(matches!(unpack(b"", &Limits::default()), Err(ReadError::Empty)));
        assert!(matches!(unpack(&packed(b""), &Limits::default()), Err(ReadError::Empty)));
    }

    #[test]
    fn encodings_are_told_apart() {
        for (bytes, text) in [
            (&b"na\xc3\xafve\r\ncells"[..], "naïve\ncells"),
            (b"\xef\xbb\xbfna\xc3\xafve", "naïve"),
            (b"na\xefve cells", "naïve cells"),
            (b"\xff\xfen\0a\0\xef\0v\0e\0", "naïve"),
            (b"\0n\0a\0\xef\0v\0e", "naïve"),
            (
                b"<?xml version='1.0' encoding='ISO-8859-7'?><p>\xe1</p>",
                "<?xml version='1.0' encoding='ISO-8859-7'?><p>α</p>",
            ),
            (b"<meta charset=windows-1251><p>\xe0</p>", "<meta charset=windows-1251><p>а</p>"),
        ] {
            assert_eq!(decode(bytes).text, text);
        }
    }

    #[test]
    fn one_bad_byte_does_not_turn_utf8_into_latin1() {
        let decoded =
            decode("αβγδε IFN-γ \u{1}".as_bytes().iter().copied().chain([0xff]).collect::<Vec<_>>().as_slice());
        assert!(decoded.text.starts_with("αβγδε IFN-γ"));
        assert_eq!(decoded.warnings.len(), 1);
    }
}
