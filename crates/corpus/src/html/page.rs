//! A page with the results of all steps before its text is read.

use super::container::Container;
use super::front::Front;
use super::furniture::Furniture;
use super::measure::Measure;
use super::references::{self, List};
use super::tree::Tree;

/// A page and the positions of its parts.
pub(super) struct Page<'a> {
    pub(super) source: &'a str,
    pub(super) tree: Tree<'a>,
    pub(super) measure: Measure,
    pub(super) references: Option<List>,
    pub(super) furniture: Furniture,
    pub(super) container: Container,
    pub(super) front: Front,
}

impl<'a> Page<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        let tree = Tree::parse(source);
        let measure = Measure::new(&tree);
        let references = references::find(&tree, &measure);
        let furniture = Furniture::find(&tree, &measure, references.as_ref().map(|list| &list.nodes));
        let container = Container::find(&tree, &measure, &furniture, references.as_ref());
        // The visible text before the first prose may have metadata that the head does not have.
        let prose = measure.prose.first_in(container.nodes.clone()).unwrap_or(container.nodes.end);
        let front = Front::read(&tree, prose);
        Page { source, tree, measure, references, furniture, container, front }
    }

    /// Whether the page looks like one of a publisher. Then the text before the abstract is front matter.
    pub(super) fn is_of_publisher(&self) -> bool {
        self.front.is_of_paper || self.measure.section_headings.over(0..self.tree.len()) > 0
    }
}
