//! Reads HTML pages of articles: extracts the article's text from the content of the site.
//!
//! A page is parsed to a tree ([`tree`]), and the words, links and headings of each element are counted ([`measure`]).
//! Then the reader finds the reference list ([`references`]), the parts that are certainly not the article
//! ([`furniture`]), and the element that contains the article ([`container`]). One pass over the tree ([`body`]) reads
//! the text. At the end, [`wall`] decides whether the result is an article, an abstract, or a page without either, such
//! as a login page, and [`frames`] looks for the article in the frames of such a page.
//!
//! No crate does this for papers. Ports of readability (`dom_smoothie`) return the prose of a page as HTML, but not its sections,
//! citations and references, nor what they left out; they and `lol_html` depend on crates under the MPL for CSS selectors.
//! `html5ever` does not keep positions in the source, and takes quadratic time on hostile pages.

mod blocks;
mod body;
mod captions;
mod container;
mod entries;
mod frames;
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

/// Reads a decoded HTML page.
///
/// # Errors
/// [`ReadError::NoArticle`] if the page has no article, with what it has instead; [`ReadError::NoText`] if no paragraph is left.
pub(super) fn read(source: &str) -> Result<Article, ReadError> {
    let mut page = Page::new(source);
    let frames = frames::documents(&page.tree);
    let article = read_page(&mut page);
    frames::choose(&page, article, &frames, |frame| read_page(&mut Page::new(frame)))
}

fn read_page(page: &mut Page) -> Result<Article, ReadError> {
    let mut article = Body::new(page, !page.is_of_publisher()).read();
    if article.blocks.is_empty() && !page.front.is_of_paper {
        page.container = Container::whole(&page.tree);
        article = Body::new(page, true).read();
    }
    wall::judge(article, page)
}

#[cfg(test)]
mod tests;
