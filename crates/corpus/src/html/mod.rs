//! HTML pages of articles: the article's text, without what the site puts around it.
//!
//! A page becomes a tree ([`tree`]), of which it is known how much stands where ([`measure`]). Then the reference list is
//! looked for ([`references`]), what is certainly not the article ([`furniture`]), and the element that holds the article
//! ([`container`]). One pass over the tree ([`body`]) reads the text, and a look at the whole tells whether it is an
//! article, an abstract, or a wall in front of one ([`wall`]).
//!
//! No crate does this for papers. Ports of readability (`dom_smoothie`) give a page's prose as HTML, but neither its
//! sections, citations and references nor what they leave out, and they and `lol_html` select by CSS with crates under the
//! MPL. `html5ever` keeps no places in the source and takes quadratic time on hostile pages.

mod blocks;
mod body;
mod captions;
mod container;
mod entries;
mod front;
mod furniture;
mod measure;
mod names;
mod page;
mod references;
mod tokens;
mod tree;
mod wall;

use self::body::Body;
use self::container::Container;
use self::page::Page;
use super::{Article, ReadError};

/// Read a decoded HTML page.
///
/// # Errors
/// [`ReadError::NoArticle`] where the page holds no article, with what it holds; [`ReadError::NoText`] where no paragraph is
/// left.
pub(super) fn read(source: &str) -> Result<Article, ReadError> {
    let mut page = Page::new(source);
    let mut article = Body::new(&page, !page.is_of_publisher()).read();
    if article.blocks.is_empty() && !page.front.is_of_paper {
        page.container = Container::whole(&page.tree);
        article = Body::new(&page, true).read();
    }
    wall::judge(article, &page)
}

#[cfg(test)]
mod tests;
