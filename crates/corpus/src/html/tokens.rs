//! Splits HTML into tags and texts, with their positions.

use std::borrow::Cow;
use std::ops::Range;

/// A tag or a text, and its bytes in the source.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) range: Range<usize>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Start(Tag<'a>),
    /// The name in lower case.
    End(Cow<'a, str>),
    Text(Cow<'a, str>),
    /// The content of an element without readable text: `script`, `style`.
    Raw(&'a str),
}

/// A name in lower case and its value.
type Attribute<'a> = (Cow<'a, str>, Cow<'a, str>);

/// A start tag.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// The name in lower case.
    pub(super) name: Cow<'a, str>,
    attributes: Vec<Attribute<'a>>,
    /// The tag closes itself, as in XHTML: `<object/>`.
    pub(super) is_closed: bool,
}

impl Tag<'_> {
    /// The value of an attribute, its name in lower case; empty for one without a value.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_ref())
    }
}

/// Reads tokens one after the other, in time linear in the length of the source.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    source: &'a str,
    at: usize,
    /// The raw element whose content comes next.
    raw: Option<Cow<'a, str>>,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Tokens { source, at: 0, raw: None }
    }

    fn take(&mut self, length: usize) -> (&'a str, Range<usize>) {
        let range = self.at..(self.at + length).min(self.source.len());
        self.at = range.end;
        (self.source.get(range.clone()).unwrap_or_default(), range)
    }

    fn text(&mut self, length: usize) -> Token<'a> {
        let (text, range) = self.take(length);
        Token { kind: Kind::Text(html_escape::decode_html_entities(text)), range }
    }

    fn markup(&mut self, rest: &'a str) -> Option<Token<'a>> {
        if let Some(comment) = rest.strip_prefix("<!--") {
            self.take(comment.find("-->").map_or(rest.len(), |end| end + 7));
            return None;
        }
        if let Some(data) = rest.strip_prefix("<![CDATA[") {
            let end = data.find("]]>").unwrap_or(data.len());
            let (_, range) = self.take((end + 12).min(rest.len()));
            return Some(Token { kind: Kind::Text(Cow::Borrowed(data.get(..end).unwrap_or_default())), range });
        }
        if rest.starts_with("<!") || rest.starts_with("<?") {
            self.take(rest.find('>').map_or(rest.len(), |end| end + 1));
            return None;
        }
        let is_end = rest.starts_with("</");
        let name_start = if is_end { 2 } else { 1 };
        if !rest.get(name_start..).is_some_and(|name| name.starts_with(|c: char| c.is_ascii_alphabetic())) {
            return Some(self.text(1));
        }
        // A tag without an end is text, and the last token.
        let Some(length) = tag_length(rest) else { return Some(self.text(rest.len())) };
        let (tag, range) = self.take(length);
        let inner = tag.get(name_start..tag.len() - 1).unwrap_or_default();
        let name_length = inner.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(inner.len());
        let name = lower_case(inner.get(..name_length).unwrap_or_default());
        if is_end {
            return Some(Token { kind: Kind::End(name), range });
        }
        let (attributes, is_closed) = attributes(inner.get(name_length..).unwrap_or_default());
        if is_raw(&name) && !is_closed {
            self.raw = Some(name.clone());
        }
        Some(Token { kind: Kind::Start(Tag { name, attributes, is_closed }), range })
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = self.source.get(self.at..).filter(|rest| !rest.is_empty())?;
            if let Some(name) = self.raw.take() {
                let (text, range) = self.take(raw_length(rest, &name));
                return Some(Token { kind: Kind::Raw(text), range });
            }
            match rest.find('<') {
                Some(0) => {
                    if let Some(token) = self.markup(rest) {
                        return Some(token);
                    }
                }
                Some(length) => return Some(self.text(length)),
                None => return Some(self.text(rest.len())),
            }
        }
    }
}

fn is_raw(name: &str) -> bool {
    matches!(name, "script" | "style" | "textarea" | "iframe" | "noembed" | "xmp")
}

/// Bytes up to the end tag of the raw element `name`.
fn raw_length(rest: &str, name: &str) -> usize {
    let is_end = |(start, _): &(usize, &str)| {
        rest.get(start + 2..start + 2 + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
    };
    rest.match_indices("</").find(is_end).map_or(rest.len(), |(start, _)| start)
}

/// The length of the tag that `rest` begins with; `>` inside quotes does not end it.
fn tag_length(rest: &str) -> Option<usize> {
    let mut quote = None;
    let mut before = b' ';
    for (index, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(index + 1),
            // A quote begins a value only after an equals sign. Elsewhere it is an error of the page.
            (None, b'"' | b'\'') if before == b'=' => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    None
}

/// The attributes of a tag, and whether a slash at its end closes it. Reads at most 64 attributes, more than any page
/// needs.
fn attributes(mut rest: &str) -> (Vec<Attribute<'_>>, bool) {
    let mut attributes = Vec::new();
    // A slash after a value without quotes belongs to the value: `<a href=http://example.org/>`.
    let mut is_closed = rest.ends_with('/');
    while attributes.len() < 64 {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let length = rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '/')).unwrap_or(rest.len());
        let (name, after) = (rest.get(..length).unwrap_or_default(), rest.get(length..).unwrap_or_default());
        let after_name = after.trim_start();
        let value = match after_name.strip_prefix('=') {
            Some(after) => {
                let (value, after) = value(after.trim_start());
                is_closed &= !(after.is_empty() && value.ends_with('/'));
                rest = after;
                value
            }
            None if name.is_empty() => break,
            None => {
                rest = after_name;
                ""
            }
        };
        attributes.push((lower_case(name), html_escape::decode_html_entities(value)));
    }
    (attributes, is_closed)
}

fn lower_case(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// An attribute's value and the text after it.
fn value(rest: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inner) = rest.strip_prefix(quote) {
            return inner.split_once(quote).unwrap_or((inner, ""));
        }
    }
    let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
    (rest.get(..length).unwrap_or_default(), rest.get(length..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str) -> Vec<String> {
        let show = |token: Token| match token.kind {
            Kind::Start(tag) => format!("<{}{:?}>", tag.name, tag.attributes),
            Kind::End(name) => format!("</{name}>"),
            Kind::Text(text) => text.into_owned(),
            Kind::Raw(text) => format!("raw {text}"),
        };
        Tokens::new(source).map(show).collect()
    }

    #[test]
    fn tags_texts_and_raw_elements_are_told_apart() {
        assert_eq!(
            shown(
                "<!DOCTYPE html><P class='a > b' id=x hidden>p &lt; 0.05 &alpha;<br/></p><script>if (a<b) </script>z<!-- c -->"
            ),
            [
                r#"<p[("class", "a > b"), ("id", "x"), ("hidden", "")]>"#,
                "p < 0.05 α",
                "<br[]>",
                "</p>",
                "<script[]>",
                "raw if (a<b) ",
                "</script>",
                "z"
            ]
        );
    }

    #[test]
    fn damage_ends_in_text() {
        assert_eq!(shown("a < b <i x=\"")[..], ["a ", "<", " b ", "<i x=\""]);
        assert_eq!(shown("a<!-- never"), ["a"]);
        assert_eq!(shown("<script>never"), ["<script[]>", "raw never"]);
    }
}
