//! Reads plain text: paragraphs are separated by empty lines, and lines that begin with `>` are quoted, as in e-mail.

use super::paragraph::{Paragraph, Paragraphs};

pub(super) fn read(source: &str) -> Vec<Paragraph> {
    let mut paragraphs = Paragraphs::default();
    let mut at = 0;
    for line in source.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let unmarked = line.trim_start_matches(['>', ' ', '\t']);
        let is_quotation = line.trim_start().starts_with('>');
        if unmarked.trim().is_empty() || is_quotation != paragraphs.open().is_quotation {
            paragraphs.end(is_quotation);
        }
        paragraphs.push(unmarked, start + (line.len() - unmarked.len())..at);
    }
    paragraphs.finish()
}
