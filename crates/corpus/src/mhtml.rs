//! Reads web pages saved as MHTML (RFC 2557): a MIME message with the page, its frames, images and style sheets.

use mail_parser::{MessageParser, PartType};

/// Number of bytes at the beginning that are searched for the header fields of MHTML.
const HEAD: usize = 4 << 10;

/// The pages in an MHTML file: the page itself, followed by its frames. `None` for other files.
///
/// Frames are appended because some publishers put the article in a frame.
pub(super) fn pages(bytes: &[u8]) -> Option<String> {
    if !is_mhtml(bytes) {
        return None;
    }
    let message = MessageParser::default().parse(bytes)?;
    let mut pages = String::new();
    for part in &message.parts {
        if let PartType::Html(page) = &part.body {
            pages.push_str(page);
            pages.push('\n');
        }
    }
    (!pages.trim().is_empty()).then_some(pages)
}

fn is_mhtml(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(bytes.get(..HEAD).unwrap_or(bytes)).to_ascii_lowercase();
    let is_header = head.lines().next().is_some_and(|line| {
        line.split_once(':').is_some_and(|(name, _)| {
            name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
    });
    is_header
        && head.contains("\nmime-version:") | head.starts_with("mime-version:")
        && head.contains("multipart/related")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAVED: &str = "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://example.org/a\r\nSubject: Cells\r\n\
        MIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\ttype=\"text/html\";\r\n\tboundary=\"----B1\"\r\n\r\n\r\n------B1\r\n\
        Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p class=3D\"a\">Caf=C3=A9 cells gr=\r\new.</p>\r\n\
        ------B1\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n------B1\r\nContent-Type: \
        text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+QSBmcmFtZS48L3A+\r\n------B1--\r\n";

    #[test]
    fn the_page_and_its_frames_are_unpacked() {
        let pages = pages(SAVED.as_bytes()).unwrap();
        assert!(pages.contains("<p class=\"a\">Café cells grew.</p>"), "{pages}");
        assert!(pages.contains("<p>A frame.</p>"), "{pages}");
    }

    #[test]
    fn other_texts_are_no_mhtml() {
        for text in [
            "MIME-Version: 1.0 is a header of multipart/related messages.",
            "<html>MIME-Version:",
            "Title: multipart/related",
        ] {
            assert_eq!(pages(text.as_bytes()), None, "{text}");
        }
    }
}
