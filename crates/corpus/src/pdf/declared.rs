//! What a file says of itself: its information dictionary and its XMP packet.

use std::sync::LazyLock;

use hayro_syntax::Pdf;
use hayro_syntax::object::{Dict, Stream};
use regex::Regex;

use super::bombs;
use super::marked_text::decode;
use crate::patterns::compile;

/// The metadata that the program which made the file wrote into it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Declared {
    pub title: Option<String>,
    /// `/Subject`, in which several publishers have the citation of the article.
    pub subject: Option<String>,
    /// `prism:publicationName`, which is the journal.
    pub publication: Option<String>,
    /// `dc:source`, which is the journal in some files, and the name of a manuscript in others.
    pub source: Option<String>,
    /// `prism:volume`.
    pub volume: Option<String>,
}

/// Maximum size in bytes of an XMP packet that is searched. Larger ones hold thumbnails or the history of edits.
const MAX_PACKET: usize = 1 << 20;

/// Reads the metadata of `pdf`.
pub(super) fn read(pdf: &Pdf) -> Declared {
    let text = |bytes: &Option<Box<[u8]>>| visible(&decode(bytes.as_ref()?).into_iter().collect::<String>());
    let information = pdf.metadata();
    let packet = packet(pdf).unwrap_or_default();
    Declared {
        title: text(&information.title),
        subject: text(&information.subject),
        publication: field(&packet, &PUBLICATION),
        source: field(&packet, &SOURCE),
        volume: field(&packet, &VOLUME),
    }
}

/// The text of the XMP packet of the file.
fn packet(pdf: &Pdf) -> Option<String> {
    let stream = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id())?.get::<Stream<'_>>("Metadata")?;
    bombs::unpacked_size(&stream)?;
    let bytes = stream.decoded().ok()?;
    let text = String::from_utf8_lossy(bytes.get(..MAX_PACKET).unwrap_or(&bytes)).into_owned();
    Some(text)
}

static PUBLICATION: LazyLock<Regex> = LazyLock::new(|| property("prism:publicationName"));
static SOURCE: LazyLock<Regex> = LazyLock::new(|| property("dc:source"));
static VOLUME: LazyLock<Regex> = LazyLock::new(|| property("prism:volume"));

/// A property, which XMP writes as an element, as an element with a list, or as an attribute.
fn property(name: &str) -> Regex {
    compile(format!(
        r#"<{name}(?: [^<>]{{0,80}})?>\s*(?:<rdf:(?:Alt|Bag|Seq)>\s*<rdf:li(?: [^<>]{{0,80}})?>)?\s*([^<>]{{1,200}})<|\s{name}="([^"<>]{{1,200}})""#
    ))
}

fn field(packet: &str, property: &Regex) -> Option<String> {
    let found = property.captures(packet)?;
    let value = found.get(1).or(found.get(2))?.as_str();
    // Some programs escape twice.
    let once = html_escape::decode_html_entities(value).into_owned();
    visible(&html_escape::decode_html_entities(&once))
}

/// The text with white space folded, if any of it is visible.
fn visible(text: &str) -> Option<String> {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!folded.is_empty()).then_some(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_elements_lists_or_attributes() {
        for packet in [
            "<prism:publicationName>Joints &amp;amp; Cells</prism:publicationName>",
            "<prism:publicationName>\n <rdf:Alt><rdf:li xml:lang=\"en\">Joints &amp; Cells</rdf:li></rdf:Alt></prism:publicationName>",
            "<rdf:Description prism:publicationName=\"Joints &amp; Cells\"/>",
        ] {
            assert_eq!(field(packet, &PUBLICATION).as_deref(), Some("Joints & Cells"), "{packet}");
        }
        assert_eq!(field("<prism:publicationName></prism:publicationName>", &PUBLICATION), None);
        assert_eq!(field(&"<dc:source ".repeat(50_000), &SOURCE), None);
    }
}
