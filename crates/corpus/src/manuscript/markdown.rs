//! Reads Markdown manuscripts. Leaves out code, HTML, formulas and headings; footnotes and table cells are paragraphs.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::paragraph::{Paragraph, Paragraphs};

pub(super) fn read(source: &str) -> Vec<Paragraph> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut reader = Reader::default();
    for (event, range) in Parser::new_ext(source, options).into_offset_iter() {
        reader.event(event, range);
    }
    reader.paragraphs.finish()
}

#[derive(Debug, Default)]
struct Reader {
    paragraphs: Paragraphs,
    /// Nesting depth of block quotes.
    quotes: usize,
    /// Nesting depth of parts whose text is left out.
    left_out: usize,
}

impl Reader {
    fn event(&mut self, event: Event, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) if self.left_out == 0 => self.paragraphs.push(&text, range),
            Event::SoftBreak | Event::HardBreak if self.left_out == 0 => self.paragraphs.push("\n", range),
            Event::InlineMath(text) if self.left_out == 0 => self.paragraphs.push(&text, range),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag) {
        match tag {
            Tag::BlockQuote(_) => self.quotes += 1,
            Tag::CodeBlock(_) | Tag::HtmlBlock | Tag::MetadataBlock(_) | Tag::Heading { .. } | Tag::Image { .. } => {
                self.left_out += 1;
            }
            Tag::Paragraph | Tag::Item | Tag::FootnoteDefinition(_) | Tag::TableCell => {}
            _ => return,
        }
        if !matches!(tag, Tag::Image { .. }) {
            self.paragraphs.end(self.quotes > 0);
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::BlockQuote(_) => self.quotes = self.quotes.saturating_sub(1),
            TagEnd::CodeBlock | TagEnd::HtmlBlock | TagEnd::MetadataBlock(_) | TagEnd::Heading(_) | TagEnd::Image => {
                self.left_out = self.left_out.saturating_sub(1);
            }
            TagEnd::Paragraph | TagEnd::Item | TagEnd::FootnoteDefinition | TagEnd::TableCell => {}
            _ => return,
        }
        if tag != TagEnd::Image {
            self.paragraphs.end(self.quotes > 0);
        }
    }
}
