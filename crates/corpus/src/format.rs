//! Detects the format of a source by its content, never by its name.

use std::sync::LazyLock;

use regex::Regex;

use super::decode::{self, Decoded};
use super::{Format, ReadError, characters, dump, mhtml};
use crate::patterns::compile;

/// A decoded source and its format.
#[derive(Debug)]
pub(super) struct DetectedSource {
    pub format: Format,
    /// The decoded text. Empty for PDF, which is a binary format.
    pub text: String,
    pub warnings: Vec<String>,
}

/// Number of bytes at the beginning of a text from which its format is detected.
const HEAD: usize = 64 << 10;

/// Detects the format of unpacked `bytes` and decodes them.
///
/// # Errors
/// [`ReadError::Empty`] if there is no visible character; [`ReadError::UnknownFormat`] for binary data, with the kind
/// of file that it seems to be.
pub(super) fn detect(bytes: &[u8]) -> Result<DetectedSource, ReadError> {
    if is_pdf(bytes) {
        return Ok(DetectedSource { format: Format::Pdf, text: String::new(), warnings: Vec::new() });
    }
    if let Some(kind) = known_binary(bytes) {
        return Err(ReadError::UnknownFormat(format!("this looks like {kind}")));
    }
    if let Some(pages) = mhtml::pages(bytes) {
        return Ok(DetectedSource {
            format: Format::Html,
            text: decode::unify_line_ends(pages.into()),
            warnings: Vec::new(),
        });
    }
    let Decoded { text, warnings } = decode::decode(bytes);
    if text.trim().is_empty() {
        return Err(ReadError::Empty);
    }
    if looks_binary(&text) {
        return Err(ReadError::UnknownFormat("this looks like binary data, not text".into()));
    }
    let text = decode::without_controls(text);
    let format = of_text(&text)?;
    Ok(DetectedSource { format, text, warnings })
}

/// Rejects bytes that are not text, from which `text` was decoded.
///
/// # Errors
/// [`ReadError::UnknownFormat`], with the kind of file that it seems to be.
pub(super) fn check_is_text(bytes: &[u8], text: &str) -> Result<(), ReadError> {
    let kind = if is_pdf(bytes) { Some("a PDF") } else { known_binary(bytes) };
    match kind.or_else(|| looks_binary(text).then_some("binary data, not text")) {
        Some(kind) => Err(ReadError::UnknownFormat(format!("this looks like {kind}"))),
        None => Ok(()),
    }
}

/// PDF readers accept junk before the header, within the first 1,024 bytes.
fn is_pdf(bytes: &[u8]) -> bool {
    bytes.get(..1024 + 5).unwrap_or(bytes).windows(5).any(|window| window == b"%PDF-") && !bytes.starts_with(b"<")
}

/// Names the kind of a file that is often found beside papers and cannot be read.
fn known_binary(bytes: &[u8]) -> Option<&'static str> {
    const MAGIC: &[(&[u8], &str)] = &[
        (b"PK\x03\x04", "a zip archive or an Office document (.docx, .epub); save it as PDF, HTML or text"),
        (b"\xd0\xcf\x11\xe0", "an old Office document (.doc); save it as PDF, HTML or text"),
        (b"{\\rtf", "a rich text file; save it as PDF, HTML or text"),
        (b"%!PS", "PostScript; convert it to PDF"),
        (b"\x89PNG", "a PNG image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"GIF8", "a GIF image"),
        (b"II*\0", "a TIFF image"),
        (b"MM\0*", "a TIFF image"),
        (b"\x7fELF", "a program"),
        (b"MZ\x90", "a program"),
        (b"SQLite format 3", "a SQLite database"),
        (b"BZh", "a bzip2 archive; unpack it"),
        (b"\xfd7zXZ", "an xz archive; unpack it"),
        (b"7z\xbc\xaf", "a 7-Zip archive; unpack it"),
        (b"\x28\xb5\x2f\xfd", "a zstd archive; unpack it"),
    ];
    let is_tar = bytes.get(257..262) == Some(b"ustar");
    MAGIC
        .iter()
        .find(|(magic, _)| bytes.starts_with(magic))
        .map(|&(_, kind)| kind)
        .or(is_tar.then_some("a tar archive; unpack it"))
}

/// Whether more than a twentieth of the text are control characters or characters that could not be decoded.
fn looks_binary(text: &str) -> bool {
    let (mut odd, mut all) = (0_usize, 0_usize);
    for c in text.chars().take(HEAD) {
        all += 1;
        let control = c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{b}' | '\u{85}');
        odd += usize::from(control || c == char::REPLACEMENT_CHARACTER);
    }
    odd * 20 > all
}

fn of_text(text: &str) -> Result<Format, ReadError> {
    let head = head(text);
    if let Some(format) = markup(head)? {
        return Ok(format);
    }
    // A paper in Markdown may have the features of a page dump, such as running headers in its text.
    if MARKDOWN_SIGN.find_iter(head).take(3).count() == 3 || YAML.is_match(head) {
        return Ok(Format::Markdown);
    }
    if dump::is_dump(head) {
        return Ok(Format::Dump);
    }
    Ok(if is_markdown(head) { Format::Markdown } else { Format::Text })
}

/// Syntax that plain text and viewers do not produce: headings such as `## Methods`, images, links, text in bold,
/// tables, code.
static MARKDOWN_SIGN: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"(?m)^#{1,6}[ \t]+[^\s#]|^```|\[[^\]\n]*\]\([^)\s]+\)|\*\*[^*\s][^*\n]*\*\*|^\|[ :|-]+\|[ \t]*$|\[@[\w:]|\[\^\w+\]",
    )
});

/// Metadata at the beginning of the file.
static YAML: LazyLock<Regex> = LazyLock::new(|| compile(r"\A---[ \t]*\n(?:[^\n]*\n)*?[\w-]+:"));

fn head(text: &str) -> &str {
    characters::prefix(text, HEAD)
}

/// Detects XML formats by their root element, and HTML by its root element or its tags.
fn markup(head: &str) -> Result<Option<Format>, ReadError> {
    // Comments, processing instructions and the document type may precede the root element.
    static ROOT: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"(?s)^\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*|(?i:<!DOCTYPE)[^<>\[]*(?:\[.*?\]\s*)?>\s*)*<(?:[\w.-]+:)?([\w.-]+)",
        )
    });
    static HTML_TAG: LazyLock<Regex> = LazyLock::new(|| {
        compile(r"(?i)</?(?:html|head|body|div|p|h[1-6]|span|table|ul|ol|section|main|meta)\b[^<>]*>")
    });
    if head.trim_start().get(..14).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype html")) {
        return Ok(Some(Format::Html));
    }
    let Some(root) = ROOT.captures(head).and_then(|found| found.get(1)) else { return Ok(None) };
    let xml = head.trim_start().starts_with("<?xml");
    match root.as_str().to_ascii_lowercase().as_str() {
        "html" => Ok(Some(Format::Html)),
        "tei" | "teicorpus" => Ok(Some(Format::Tei)),
        "pmc-articleset" | "sub-article" => Ok(Some(Format::Jats)),
        // BioMed Central's format before JATS.
        "art" if xml || head.contains("<bdy>") => Ok(Some(Format::Jats)),
        // HTML5 has an `article` element, too.
        "article" if xml || JATS_CHILD.is_match(head) => Ok(Some(Format::Jats)),
        _ if !xml && HTML_TAG.find_iter(head).take(3).count() == 3 => Ok(Some(Format::Html)),
        name if xml => Err(ReadError::UnknownFormat(format!("XML with the root element <{name}>"))),
        _ => Ok(None),
    }
}

static JATS_CHILD: LazyLock<Regex> = LazyLock::new(|| {
    compile(r"<(?:front|article-meta|journal-meta|processing-meta)\b|\bdtd-version=|article-type=|//NLM//DTD")
});

/// Whether the text has syntax of Markdown. One heading, code block or image is enough; of links, emphasis, tables and
/// underlined headings two are needed, because plain text may contain one by chance.
fn is_markdown(head: &str) -> bool {
    static STRONG: LazyLock<Regex> = LazyLock::new(|| {
        compile(r"(?m)^#{1,6}[ \t]+\S|^```|\A---[ \t]*\n(?:[^\n]*\n)*?[\w-]+:|!\[[^\]\n]*\]\([^)\n]+\)")
    });
    static WEAK: LazyLock<Regex> = LazyLock::new(|| {
        compile(
            r"\[[^\]\n]+\]\(https?://[^)\n]+\)|\*\*[^*\n]+\*\*|(?m)^\|.*\|[ \t]*\n\|[ :|-]+\|[ \t]*$|^[^\n]+\n(?:={4,}|-{4,})[ \t]*$",
        )
    });
    STRONG.is_match(head) || WEAK.find_iter(head).take(2).count() == 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_content() {
        for (source, format) in [
            ("%PDF-1.7 …", Format::Pdf),
            (
                "<?xml version='1.0'?>\n<!DOCTYPE article SYSTEM 'x' [<!ENTITY a 'b'>]>\n<!-- c --><article>",
                Format::Jats,
            ),
            ("<article article-type=\"review-article\"><front/></article>", Format::Jats),
            ("<pmc-articleset><article/></pmc-articleset>", Format::Jats),
            ("<TEI xmlns='http://www.tei-c.org/ns/1.0'/>", Format::Tei),
            ("<!doctype html><p>Cells", Format::Html),
            ("<!-- saved --><HTML><body>Cells", Format::Html),
            ("<article><h1>Cells</h1><p>They grow.</p></article>", Format::Html),
            ("# Cells\n\nThey grow.", Format::Markdown),
            ("---\ntitle: Cells\n---\n\nThey grow.", Format::Markdown),
            ("Cells\n\nThey **grow** and **move**.", Format::Markdown),
            ("Cells\n\nThey grow.\n\n- one\n- two", Format::Text),
            ("p < 0.05 and > 3", Format::Text),
            ("Page one.\u{c}Page two.", Format::Dump),
            (
                "# Cells\n\nPage 1 of 9\n\nThey **grow** and [move](https://a.org/b).\n\nPage 2 of 9\n\nThey die.",
                Format::Markdown,
            ),
        ] {
            assert_eq!(detect(source.as_bytes()).unwrap().format, format, "{source}");
        }
    }

    #[test]
    fn control_characters_are_left_out() {
        let found = detect("Cells \u{1b}[1mgrow\u{1b}[0m and mo\u{8}ve\u{93} in all of the mice that we have seen so far, and in the men.\tWell.".as_bytes()).unwrap();
        assert_eq!(
            found.text,
            "Cells grow and move in all of the mice that we have seen so far, and in the men.\tWell."
        );
    }

    #[test]
    fn what_is_no_paper_is_refused_in_words() {
        for (source, word) in [
            (&b"PK\x03\x04\x14\0"[..], "zip"),
            (b"\xff\xd8\xff\xe0", "JPEG"),
            (b"\0\x01\x02\x03\x80\x81\x82", "binary"),
            (b"<?xml version='1.0'?><svg/>", "<svg>"),
        ] {
            let error = detect(source).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        assert!(matches!(detect(b" \n\t "), Err(ReadError::Empty)));
    }
}
