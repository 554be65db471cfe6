//! Documents inside a page: `<iframe srcdoc="…">`, in which SingleFile saves frames.
//!
//! Most frames are advertisements and comments, but some contain the article. So a frame is read as the article if the
//! page around it has none, and is left out otherwise.

use super::page::Page;
use super::tree::Tree;
use crate::{Article, BlockKind, DropRule, ReadError, pages};

/// Maximum number of frames that are examined.
const MAX_FRAMES: usize = 100;

/// The documents in the frames of a page, in HTML.
pub(super) fn documents(tree: &Tree) -> Vec<String> {
    let tags = (0..tree.len()).filter_map(|index| tree.tag(index)).filter(|tag| tag.name == "iframe");
    let documents = tags.filter_map(|tag| tag.attribute("srcdoc")).filter(|document| !document.trim().is_empty());
    documents.take(MAX_FRAMES).map(str::to_owned).collect()
}

/// The result of reading the page, or the article in one of `frames` if the page has only an abstract or no text.
/// `read` reads one frame.
///
/// # Errors
/// The error of the page, if no frame holds an article.
pub(super) fn choose(
    page: &Page,
    article: Result<Article, ReadError>,
    frames: &[String],
    read: impl Fn(&str) -> Result<Article, ReadError>,
) -> Result<Article, ReadError> {
    let has_text = article.as_ref().is_ok_and(|article| !is_abstract(article));
    let candidates = frames.iter().enumerate().filter(|_| !has_text).filter_map(|(index, frame)| {
        let article = read(frame).ok().filter(|article| !is_abstract(article))?;
        Some((index, article))
    });
    let found = candidates.max_by_key(|(_, article)| paragraph_bytes(article));
    let (chosen, mut article) = match found {
        Some((index, inner)) => (Some(index), instead_of(page, inner)),
        None => (None, article?),
    };
    for (_, frame) in frames.iter().enumerate().filter(|(index, _)| Some(*index) != chosen) {
        let tree = Tree::parse(frame);
        article.drop_text(DropRule::Embedded, &tree.text(0..tree.len()), None, None);
    }
    Ok(article)
}

/// The article of a frame, with the metadata of the page. The text of the page is left out.
fn instead_of(page: &Page, mut article: Article) -> Article {
    // Positions in the frame are not positions in the file.
    for block in &mut article.blocks {
        block.source = None;
    }
    for dropped in &mut article.dropped {
        dropped.source = None;
    }
    let mut metadata = page.front.metadata.clone();
    pages::fill(&mut metadata, std::mem::take(&mut article.metadata));
    article.metadata = metadata;
    article.drop_text(DropRule::OutsideArticle, &page.tree.text(0..page.tree.len()), None, None);
    article
}

fn is_abstract(article: &Article) -> bool {
    article.metadata.marks.contains(&crate::Mark::Abstract)
}

fn paragraph_bytes(article: &Article) -> usize {
    let paragraphs = article.blocks.iter().filter(|block| block.kind == BlockKind::Paragraph);
    paragraphs.map(|block| block.text.len()).sum()
}
