//! The state of the reader of one article.

use std::collections::{HashMap, HashSet};

use roxmltree::Node;

use super::nodes::plain_text;
use crate::xml::Repaired;
use crate::{Abbreviation, Article, DropRule, Format};

/// The article read so far, and the context of the current position.
pub(super) struct Reader<'a> {
    pub(super) source: &'a Repaired<'a>,
    pub(super) article: Article,
    /// Headings above the current position, the outermost first.
    pub(super) section: Vec<String>,
    /// Index in the reference list by the XML id that citations name.
    pub(super) reference_ids: HashMap<String, usize>,
    /// The section in which a figure or table is first mentioned, by its XML id. Floats at the end of the article belong there.
    pub(super) mentioned_in: HashMap<String, Vec<String>>,
    /// The article's abbreviations.
    pub(super) known_abbreviations: HashSet<Abbreviation>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Repaired<'a>) -> Self {
        Reader {
            source,
            article: Article { format: Format::Jats, ..Article::default() },
            section: Vec::new(),
            reference_ids: HashMap::new(),
            mentioned_in: HashMap::new(),
            known_abbreviations: HashSet::new(),
        }
    }

    pub(super) fn drop_node(&mut self, rule: DropRule, node: Node) {
        let span = self.source.span(node);
        self.article.drop_text(rule, &plain_text(node), None, Some(span));
    }
}
