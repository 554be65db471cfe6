//! Decides whether the text of a page is an article, an abstract, or a wall in front of an article, such as a login form.

use std::sync::LazyLock;

use regex::Regex;

use super::measure::count_words;
use super::page::Page;
use super::tree::Content;
use crate::patterns::compile;
use crate::{Article, Block, BlockKind, DropRule, Mark, ReadError};

/// Minimum number of words outside of the abstract of a page with an article. Letters have fewer, and no abstract.
const MIN_WORDS: usize = 150;
/// Minimum number of words of a short text that is not a wall.
const SHORT_TEXT: usize = 60;

/// Returns the article, with a mark if it only contains the abstract.
///
/// # Errors
/// [`ReadError::NoArticle`] for a page without any text of an article, or with a wall in front of it.
pub(super) fn judge(mut article: Article, page: &Page) -> Result<Article, ReadError> {
    for rule in &page.furniture.refused {
        article.warnings.push(format!("the rule `{rule}` would have left out most of the page, and was not applied"));
    }
    let words = |is_abstract: bool| -> usize {
        let blocks = article.blocks.iter().filter(|block| block.kind == BlockKind::Paragraph);
        blocks.filter(|block| is_of_abstract(block) == is_abstract).map(|block| count_words(&block.text)).sum()
    };
    let (in_abstract, in_text) = (words(true), words(false));
    if in_text >= MIN_WORDS {
        return Ok(article);
    }
    let wall = found_wall(page);
    if in_abstract >= 30 {
        // The text besides the abstract is too short for an article.
        let (invitations, blocks) =
            std::mem::take(&mut article.blocks).into_iter().partition(|block: &Block| is_invitation(&block.text));
        article.blocks = blocks;
        leave_out(&mut article, invitations);
        mark_as_abstract(&mut article);
        return Ok(article);
    }
    // A page that is not from a publisher may be short.
    if !page.front.is_of_paper && !article.blocks.is_empty() && (wall.is_none() || in_text >= SHORT_TEXT) {
        return Ok(article);
    }
    if let Some(text) = page.front.description.clone().filter(|_| page.front.is_of_paper) {
        let blocks = std::mem::take(&mut article.blocks);
        leave_out(&mut article, blocks);
        article.blocks.push(Block { section: vec!["Abstract".into()], text, ..Block::default() });
        mark_as_abstract(&mut article);
        return Ok(article);
    }
    match wall {
        Some(wall) if in_text < SHORT_TEXT => Err(ReadError::NoArticle(wall)),
        _ if article.blocks.is_empty() && page.front.is_of_paper => {
            Err(ReadError::NoArticle("it describes a paper and holds no text of it".into()))
        }
        _ if article.blocks.is_empty() => Err(ReadError::NoText),
        _ => Ok(article),
    }
}

/// Whether a block asks to log in or to buy access, and is not a sentence of an abstract.
fn is_invitation(text: &str) -> bool {
    const MAX_WORDS: usize = 30;
    count_words(text) <= MAX_WORDS && LOG_IN.is_match(text)
}

fn leave_out(article: &mut Article, blocks: Vec<Block>) {
    for block in blocks {
        article.drop_text(DropRule::PageFurniture, &block.text, None, block.source);
    }
}

fn is_of_abstract(block: &Block) -> bool {
    block
        .section
        .first()
        .is_some_and(|section| section.eq_ignore_ascii_case("abstract") || section.eq_ignore_ascii_case("summary"))
}

fn mark_as_abstract(article: &mut Article) {
    article.metadata.marks.push(Mark::Abstract);
    article.warnings.push("the page contains the abstract only, not the text of the article".into());
}

/// Sentences about logging in. A link such as "Log in" is on nearly every page and does not match.
static LOG_IN: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"(?i)\b(?:(?:log|sign) ?in (?:to|through|via|with|or)|institutional (?:log ?in|access)|(?:purchase|buy|rent) (?:this |the |full |an? |instant |pdf |digital )*(?:article|access|pdf|chapter|paper|subscription|issue)|subscribe (?:to|now|for) (?:read|view|access|continue|full|unlimited)|get (?:full |instant )?access|access (?:options|denied|through|this article)|(?:do not|don['’]t) have access|check access)\b",
    )
});

/// Describes the wall in front of the article.
fn found_wall(page: &Page) -> Option<String> {
    static WALLS: LazyLock<[(Regex, &str); 4]> = LazyLock::new(|| {
        [
            (
                compile(
                    r"(?i)(?:verify|confirm) (?:that )?you are (?:a )?human|are you a robot|checking your browser|security check|captcha|unusual traffic|just a moment",
                ),
                "it asks whether a person reads it",
            ),
            (LOG_IN.clone(), "it asks to log in or to buy access"),
            (
                compile(
                    r"(?i)\b(?:enable|turn on|requires?) (?:javascript|cookies)|javascript is (?:disabled|required)|accept (?:all )?cookies",
                ),
                "it asks for cookies or JavaScript",
            ),
            (
                compile(r"(?i)\b(?:page|article) (?:not found|cannot be found)|\b404\b|no longer available"),
                "it says that the article is not there",
            ),
        ]
    });
    let frame = page.tree.len();
    let frame = (0..frame).filter(|&index| matches!(page.tree.name(index), "iframe" | "frame")).find_map(|index| {
        let source = page.tree.tag(index)?.attribute("src")?;
        let name = source.rsplit('/').next().unwrap_or(source);
        (name.contains("article") || name.contains("fulltext"))
            .then(|| format!("its text is in a frame, `{name}`; save that"))
    });
    if frame.is_some() {
        return frame;
    }
    let says = |pattern: &Regex| {
        (0..page.tree.len()).any(|index| match page.tree.node(index).map(|node| &node.content) {
            Some(Content::Text(text)) => text.len() < 2000 && pattern.is_match(text),
            _ => false,
        })
    };
    WALLS.iter().find(|(pattern, _)| says(pattern)).map(|(_, words)| (*words).to_owned())
}
