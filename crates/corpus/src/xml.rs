//! Parses XML for several readers. It tolerates undeclared entities and keeps positions in the source.
//!
//! Nothing outside of the file is read. The document type is removed before parsing, so that entities cannot be built
//! from other entities; entities that its external part would define (`&alpha;`, `&nbsp;`) are replaced as in HTML.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use roxmltree::{Document, Node, ParsingOptions};

use super::ReadError;
use super::characters::{self, CharacterIndex};
use crate::patterns::compile;

/// Maximum depth of elements. Real articles have about thirty. The bound makes recursion over the tree safe.
const MAX_DEPTH: usize = 200;
/// Maximum length of one tag in bytes.
const MAX_TAG_BYTES: usize = 64 << 10;
/// Maximum number of attributes of one tag. The parser compares each with all others.
const MAX_ATTRIBUTES: usize = 256;
/// Maximum number of namespace declarations in scope at one position. The parser searches all of them for each prefix.
const MAX_NAMESPACES: usize = 256;
/// Maximum number of elements, texts and attributes of one file.
const MAX_NODES: u32 = 20_000_000;

/// XML that was repaired for a strict parser, with a mapping back to the source.
#[derive(Debug)]
pub(super) struct Repaired<'a> {
    original: &'a str,
    format: &'static str,
    text: String,
    /// Pairs of a byte offset in `text` and the byte offset in `original` from which it was copied, up to the next pair.
    copied: Vec<(usize, usize)>,
    characters: CharacterIndex<'a>,
}

impl<'a> Repaired<'a> {
    /// Repairs `original`. `format` is named in errors.
    ///
    /// # Errors
    /// [`ReadError::Malformed`] for tags and comments without an end, and for nesting that is too deep.
    pub(super) fn new(original: &'a str, format: &'static str) -> Result<Self, ReadError> {
        let mut repair =
            Repair { source: original, format, text: String::with_capacity(original.len()), ..Repair::default() };
        repair.run()?;
        Ok(Repaired {
            original,
            format,
            text: repair.text,
            copied: repair.copied,
            characters: CharacterIndex::new(original),
        })
    }

    /// Parses the tree of elements.
    ///
    /// # Errors
    /// [`ReadError::Malformed`] with the line and column in the source.
    pub(super) fn parse(&self) -> Result<Document<'_>, ReadError> {
        let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
        Document::parse_with_options(&self.text, options).map_err(|error| {
            let span = error.pos();
            let mut lines = self.text.split_inclusive('\n');
            let line_start: usize = lines.by_ref().take((span.row as usize).saturating_sub(1)).map(str::len).sum();
            let in_line = lines.next().unwrap_or_default().chars().take((span.col as usize).saturating_sub(1));
            let byte = line_start + in_line.map(char::len_utf8).sum::<usize>();
            // The parser's message ends with a position in the repaired text.
            let message = error.to_string();
            let message = message.rsplit_once(" at ").map_or(message.as_str(), |(message, _)| message);
            malformed(self.format, self.original, self.original_byte(byte.min(self.text.len())), message)
        })
    }

    /// The range of characters of `node` in the source.
    pub(super) fn span(&self, node: Node) -> Range<usize> {
        let range = node.range();
        self.characters.range(self.original_byte(range.start)..self.original_byte(range.end))
    }

    fn original_byte(&self, byte: usize) -> usize {
        let next = self.copied.partition_point(|&(start, _)| start <= byte);
        let (start, from) = next.checked_sub(1).and_then(|last| self.copied.get(last)).copied().unwrap_or((0, 0));
        (from + (byte - start)).min(self.original.len())
    }
}

fn malformed(format: &'static str, source: &str, byte: usize, message: &str) -> ReadError {
    let before = characters::prefix(source, byte);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    ReadError::Malformed { format, reason: format!("{message} (line {line}, column {column})") }
}

/// Repairs the source in one pass: copies valid parts and replaces others.
#[derive(Debug, Default)]
struct Repair<'a> {
    source: &'a str,
    format: &'static str,
    text: String,
    copied: Vec<(usize, usize)>,
    entities: HashMap<&'a str, String>,
    /// For each open element, the number of namespace declarations in scope.
    open: Vec<usize>,
}

impl<'a> Repair<'a> {
    fn run(&mut self) -> Result<(), ReadError> {
        let mut at = 0;
        while let Some(rest) = self.source.get(at..).filter(|rest| !rest.is_empty()) {
            let sound = rest.find(|c| matches!(c, '<' | '&') || !is_xml(c)).unwrap_or(rest.len());
            self.copy(at, at + sound);
            at += sound;
            at = match self.source.as_bytes().get(at) {
                Some(b'<') => self.markup(at)?,
                Some(b'&') => self.reference(at),
                Some(_) => self.replace(at, 1, " "),
                None => break,
            };
        }
        Ok(())
    }

    /// Handles the markup at `at`, which begins with `<`; returns the offset of its end.
    fn markup(&mut self, at: usize) -> Result<usize, ReadError> {
        let rest = self.source.get(at..).unwrap_or_default();
        if rest.starts_with("<!--") {
            return Ok(self.skip(at + self.length(at, rest, "-->", "a comment")?));
        }
        if rest.starts_with("<?") {
            return Ok(self.skip(at + self.length(at, rest, "?>", "a processing instruction")?));
        }
        if rest.starts_with("<![CDATA[") {
            let end = at + self.length(at, rest, "]]>", "a CDATA section")?;
            self.copy_sound(at, end);
            return Ok(end);
        }
        if rest.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype")) {
            return self.document_type(at, rest);
        }
        match rest.chars().nth(1) {
            Some(c) if c == '/' || c == '_' || c.is_alphabetic() => self.tag(at, rest),
            // An unescaped `<`, as in "p < 0.05".
            _ => Ok(self.replace(at, 1, "&lt;")),
        }
    }

    fn length(&self, at: usize, rest: &str, end: &str, what: &str) -> Result<usize, ReadError> {
        let found = rest.find(end).map(|start| start + end.len());
        found.ok_or_else(|| malformed(self.format, self.source, at, &format!("{what} does not end")))
    }

    fn tag(&mut self, at: usize, rest: &str) -> Result<usize, ReadError> {
        let Some(length) = tag_length(rest) else {
            return Err(malformed(self.format, self.source, at, "a tag does not end"));
        };
        let tag = rest.get(..length).unwrap_or_default();
        self.follow(tag).map_err(|message| malformed(self.format, self.source, at, &message))?;
        let mut from = at;
        while let Some(found) = self.source.get(from..at + length).and_then(|tag| tag.find('&')) {
            self.copy_sound(from, from + found);
            from = self.reference(from + found).min(at + length);
        }
        self.copy_sound(from, at + length);
        Ok(at + length)
    }

    /// Counts open elements and namespaces, and rejects those that would make parsing slow or recursion deep.
    fn follow(&mut self, tag: &str) -> Result<(), String> {
        if tag.starts_with("</") {
            self.open.pop();
            return Ok(());
        }
        if tag.bytes().filter(|&byte| byte == b'=').count() > MAX_ATTRIBUTES && attributes(tag) > MAX_ATTRIBUTES {
            return Err(format!("a tag has more than {MAX_ATTRIBUTES} attributes"));
        }
        let namespaces = self.open.last().copied().unwrap_or(0) + tag.matches("xmlns").count();
        if namespaces > MAX_NAMESPACES {
            return Err(format!("more than {MAX_NAMESPACES} namespaces are declared around one element"));
        }
        if !tag.ends_with("/>") {
            self.open.push(namespaces);
        }
        if self.open.len() > MAX_DEPTH {
            return Err(format!("elements are nested more than {MAX_DEPTH} deep"));
        }
        Ok(())
    }

    /// Removes the document type and keeps the entities of its internal part whose values are plain text.
    fn document_type(&mut self, at: usize, rest: &'a str) -> Result<usize, ReadError> {
        static ENTITY: LazyLock<Regex> =
            LazyLock::new(|| compile(r#"<!ENTITY\s+([\w.-]{1,40})\s+(?:"([^"<%]{0,64})"|'([^'<%]{0,64})')\s*>"#));
        let close = rest.find('>').unwrap_or(rest.len());
        let end = match rest.get(..close).and_then(|head| head.find('[')) {
            None => self.length(at, rest, ">", "the document type")?,
            Some(open) => {
                let subset = open + self.length(at, rest.get(open..).unwrap_or_default(), "]", "the document type")?;
                subset + self.length(at, rest.get(subset..).unwrap_or_default(), ">", "the document type")?
            }
        };
        for found in ENTITY.captures_iter(rest.get(..end).unwrap_or_default()) {
            let value = found.get(2).or_else(|| found.get(3)).map_or("", |value| value.as_str());
            let value = html_escape::decode_html_entities(value);
            if let Some(name) = found.get(1).filter(|_| !value.contains('&')) {
                self.entities.entry(name.as_str()).or_insert_with(|| escaped(&value));
            }
        }
        Ok(self.skip(at + end))
    }

    /// Handles the `&` at `at`; returns the offset of the end of the reference.
    fn reference(&mut self, at: usize) -> usize {
        let rest = self.source.get(at + 1..).unwrap_or_default();
        let name =
            rest.bytes().take(40).position(|byte| byte == b';').and_then(|end| rest.get(..end)).unwrap_or_default();
        let whole = 1 + name.len() + 1;
        if matches!(name, "amp" | "lt" | "gt" | "quot" | "apos") {
            self.copy(at, at + whole);
            return at + whole;
        }
        if let Some(digits) = name.strip_prefix('#') {
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => digits.parse(),
            };
            if let Ok(code) = code {
                let c = char::from_u32(code).filter(|&c| is_xml(c)).unwrap_or(char::REPLACEMENT_CHARACTER);
                return self.replace(at, whole, &escaped(c.encode_utf8(&mut [0; 4])));
            }
        }
        let known = self.entities.get(name).cloned().or_else(|| entity(name).map(|text| escaped(&text)));
        match known {
            Some(text) => self.replace(at, whole, &text),
            None => self.replace(at, 1, "&amp;"),
        }
    }

    fn copy(&mut self, from: usize, to: usize) {
        if let Some(piece) = self.source.get(from..to).filter(|piece| !piece.is_empty()) {
            self.copied.push((self.text.len(), from));
            self.text.push_str(piece);
        }
    }

    /// Copies text, with a space for each character that is not allowed in XML.
    fn copy_sound(&mut self, mut from: usize, to: usize) {
        while let Some(piece) = self.source.get(from..to).filter(|piece| !piece.is_empty()) {
            let Some(bad) = piece.find(|c| !is_xml(c)) else { return self.copy(from, to) };
            self.copy(from, from + bad);
            from = self.replace(from + bad, 1, " ");
        }
    }

    /// Writes `text` in place of `length` bytes at `at`, or of one whole character; returns the offset of their end.
    fn replace(&mut self, at: usize, length: usize, text: &str) -> usize {
        self.copied.push((self.text.len(), at));
        self.text.push_str(text);
        let end = (at + length..=self.source.len()).find(|&end| self.source.is_char_boundary(end));
        self.skip(end.unwrap_or(self.source.len()))
    }

    fn skip(&mut self, to: usize) -> usize {
        self.copied.push((self.text.len(), to));
        to
    }
}

/// The length of the tag at the beginning of `rest`. A `>` within quotation marks does not end it.
fn tag_length(rest: &str) -> Option<usize> {
    let mut quote = None;
    for (index, byte) in rest.bytes().take(MAX_TAG_BYTES).enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(index + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The number of attributes of a tag: the equals signs outside of quotation marks.
fn attributes(tag: &str) -> usize {
    let mut quote = None;
    let mut count = 0;
    for byte in tag.bytes() {
        match (quote, byte) {
            (None, b'=') => count += 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    count
}

/// The text of an entity of HTML or of the JATS character sets.
fn entity(name: &str) -> Option<String> {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let reference = format!("&{name};");
    let text = html_escape::decode_html_entities(&reference);
    (text != reference).then(|| text.into_owned())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace('\'', "&apos;")
}

/// The characters that XML 1.0 allows.
fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(xml: &str) -> Result<String, ReadError> {
        let repaired = Repaired::new(xml, "XML")?;
        let document = repaired.parse()?;
        Ok(document.descendants().filter_map(|node| if node.is_text() { node.text() } else { None }).collect())
    }

    #[test]
    fn entities_of_an_external_document_type_are_known() {
        let xml = r#"<!DOCTYPE article SYSTEM "x.dtd"><p>TNF-&alpha;&nbsp;&lt; 5 &unknown; AT&T</p>"#;
        assert_eq!(text_of(xml).unwrap(), "TNF-α\u{a0}< 5 &unknown; AT&T");
    }

    #[test]
    fn plain_internal_entities_are_expanded_and_nested_ones_are_not() {
        let xml = r#"<!DOCTYPE p [<!ENTITY drug "MSC &#945;"> <!ENTITY lol "&drug;&drug;">]><p>&drug; &lol;</p>"#;
        assert_eq!(text_of(xml).unwrap(), "MSC α &lol;");
    }

    #[test]
    fn external_entities_are_not_fetched() {
        let xml = r#"<!DOCTYPE p [<!ENTITY file SYSTEM "file:///etc/passwd">]><p>&file;</p>"#;
        assert_eq!(text_of(xml).unwrap(), "&file;");
    }

    #[test]
    fn characters_that_xml_forbids_do_not_lose_the_paper() {
        assert_eq!(text_of("<p>a\u{1}b &#0; p < 0.05</p>").unwrap(), "a b \u{fffd} p < 0.05");
    }

    #[test]
    fn damage_is_told_with_line_and_column() {
        let error = text_of("<a>\n  <b>&alpha;</c>\n</a>").unwrap_err().to_string();
        assert!(error.contains("line 2, column 13"), "{error}");
    }

    #[test]
    fn a_hundred_thousand_open_tags_are_refused() {
        let error = text_of(&"<p>".repeat(100_000)).unwrap_err().to_string();
        assert!(error.contains("nested more than 200 deep (line 1"), "{error}");
    }

    #[test]
    fn tags_that_would_take_the_parser_long_are_refused() {
        let attributes = |name: &str| (0..300).map(|i| format!(" {name}{i}='b'")).collect::<String>();
        for (xml, message) in [
            (format!("<p{}/>", attributes("a")), "more than 256 attributes"),
            (format!("<p{}/>", attributes("xmlns:n")), "more than 256 attributes"),
            (format!("<a{0}><a{0}/></a>", &attributes("xmlns:n")[..3_000]), "more than 256 namespaces"),
        ] {
            let error = text_of(&xml).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
        assert_eq!(text_of(&format!("<p a='{}'>b</p>", "=".repeat(300))).unwrap(), "b");
    }

    #[test]
    fn places_are_characters_of_the_source() {
        let xml = "<?xml version='1.0'?><a>&alpha;é<p>naïve</p></a>";
        let repaired = Repaired::new(xml, "XML").unwrap();
        let document = repaired.parse().unwrap();
        let paragraph = document.descendants().find(|node| node.has_tag_name("p")).unwrap();
        let span = repaired.span(paragraph);
        assert_eq!(xml.chars().skip(span.start).take(span.len()).collect::<String>(), "<p>naïve</p>");
    }
}
