//! Joins the pages of one paper, and the sentences that page breaks split.

use std::collections::HashSet;

use super::{Article, Block, BlockKind, Format, PaperLimits, ReadError, Reference, annotate, lines};

/// Joins the pages of one paper, which were read separately, into one article.
///
/// Pages are sorted by their numbers if all have one. A paragraph that continues on the next page becomes one block. Citations
/// in plain text are resolved again, because the reference list may be on another page.
///
/// # Errors
/// [`ReadError::OverLimit`] if the pages together exceed `limits`.
pub fn join_pages(mut pages: Vec<Article>, limits: &PaperLimits) -> Result<Article, ReadError> {
    let number = |article: &Article| article.blocks.iter().find_map(|block| block.pages).map(|(first, _)| first);
    if pages.iter().all(|page| number(page).is_some()) {
        pages.sort_by_key(number);
    }
    let mut pages = pages.into_iter().map(without_own_citations);
    let mut whole = pages.next().unwrap_or_default();
    let mut seams = Vec::new();
    for page in pages {
        seams.push(whole.blocks.len());
        append(&mut whole, page);
    }
    whole.blocks = join_at_seams(whole.blocks, &seams, false);
    let mut known = HashSet::new();
    whole.abbreviations.retain(|abbreviation| known.insert(abbreviation.clone()));
    let mut known = HashSet::new();
    whole.warnings.retain(|warning| known.insert(warning.clone()));
    annotate(&mut whole);
    limits.apply(&mut whole)?;
    Ok(whole)
}

/// Removes the citations of a page of plain text, which were resolved without the other pages, and the references that were
/// made from its markers because the page has no reference list.
fn without_own_citations(mut page: Article) -> Article {
    if matches!(page.format, Format::Dump | Format::Text | Format::Pdf) {
        let citations =
            page.blocks.iter().flat_map(|block| block.citations.iter().map(move |citation| (block, citation)));
        let markers: HashSet<&str> =
            citations.filter_map(|(block, citation)| block.text.get(citation.range.clone())).collect();
        let is_stand_in =
            |reference: &Reference| reference.title.is_none() && markers.contains(reference.text.as_str());
        page.references.retain(|reference| !is_stand_in(reference));
        for block in &mut page.blocks {
            block.citations.clear();
        }
    }
    page
}

fn append(whole: &mut Article, page: Article) {
    let references = whole.references.len();
    let section = whole.blocks.last().map(|block| block.section.clone()).unwrap_or_default();
    for mut block in page.blocks {
        for index in block.citations.iter_mut().flat_map(|citation| citation.references.iter_mut()) {
            *index += references;
        }
        if block.section.is_empty() {
            block.section.clone_from(&section);
        }
        whole.blocks.push(block);
    }
    whole.references.extend(page.references);
    whole.dropped.extend(page.dropped);
    whole.abbreviations.extend(page.abbreviations);
    whole.warnings.extend(page.warnings);
    fill(&mut whole.metadata, page.metadata);
}

/// Joins the last paragraph of a page to the first of the next page, if the page break splits a sentence.
///
/// `seams` are the indices of the first block of each page except the first, in order. `same_source` means that all
/// pages come from one file, so that their source ranges can be joined.
pub(super) fn join_at_seams(blocks: Vec<Block>, seams: &[usize], same_source: bool) -> Vec<Block> {
    let mut waiting: Vec<Option<Block>> = blocks.into_iter().map(Some).collect();
    let mut joined: Vec<Block> = Vec::with_capacity(waiting.len());
    // The last paragraph of `joined`, and the first one of `waiting` that is not in it.
    let mut before: Option<usize> = None;
    let mut after = 0;
    let mut from = 0;
    for seam in seams.iter().copied().chain([waiting.len()]) {
        for block in waiting.get_mut(from..seam).into_iter().flatten().filter_map(Option::take) {
            before = if is_paragraph(&block) { Some(joined.len()) } else { before };
            joined.push(block);
        }
        from = from.max(seam);
        after = after.max(seam);
        while waiting.get(after).is_some_and(|block| !block.as_ref().is_some_and(is_paragraph)) {
            after += 1;
        }
        let first = before.and_then(|before| joined.get_mut(before));
        let second = waiting.get_mut(after);
        if let (Some(first), Some(second)) = (first, second)
            && second.as_ref().is_some_and(|second| goes_on(first, second))
            && let Some(second) = second.take()
        {
            join(first, second, same_source);
        }
    }
    joined
}

fn is_paragraph(block: &Block) -> bool {
    block.kind == BlockKind::Paragraph
}

/// Whether `second` continues the sentence that is split at the end of `first`.
fn goes_on(first: &Block, second: &Block) -> bool {
    // False if a page between the two is missing.
    let are_neighbours = match (first.pages, second.pages) {
        (Some((_, last)), Some((next, _))) => next <= last.saturating_add(1),
        _ => true,
    };
    first.truncated_end && are_neighbours && first.section == second.section
}

fn join(first: &mut Block, second: Block, same_source: bool) {
    let shift = append_text(&mut first.text, &second.text);
    first.citations.extend(second.citations.into_iter().map(|mut citation| {
        citation.range = citation.range.start + shift..citation.range.end + shift;
        citation
    }));
    first.truncated_end = second.truncated_end;
    first.pages = match (first.pages, second.pages) {
        (Some((from, _)), Some((_, to))) => Some((from, to)),
        (one, other) => one.or(other),
    };
    first.source = match (first.source.take(), second.source) {
        (Some(one), Some(other)) if same_source => Some(one.start.min(other.start)..one.end.max(other.end)),
        _ => None,
    };
}

/// Appends `next` to `text`. Returns the number of bytes by which offsets in `next` shift.
fn append_text(text: &mut String, next: &str) -> usize {
    lines::append(text, next);
    text.len() - next.len()
}

/// Fills the empty fields of `known` from `other`.
pub(super) fn fill(known: &mut super::Metadata, other: super::Metadata) {
    macro_rules! fill {
        ($($field:ident),*) => { $( if known.$field.is_none() { known.$field = other.$field; } )* };
    }
    fill!(title, journal, year, volume, issue, first_page, last_page, doi, pmid, pmcid, url, article_type);
    if known.authors.is_empty() {
        known.authors = other.authors;
    }
    if known.keywords.is_empty() {
        known.keywords = other.keywords;
    }
    known.marks.extend(other.marks.into_iter().filter(|mark| !known.marks.contains(mark)).collect::<Vec<_>>());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Citation, Metadata, Reference};

    fn join_whole(pages: Vec<Article>) -> Article {
        join_pages(pages, &PaperLimits::DEFAULT).unwrap()
    }

    fn page(number: u32, text: &str, cut: (bool, bool)) -> Article {
        let block = Block {
            text: text.into(),
            pages: Some((number, number)),
            truncated_start: cut.0,
            truncated_end: cut.1,
            ..Block::default()
        };
        Article { format: Format::Jats, blocks: vec![block], ..Article::default() }
    }

    #[test]
    fn a_cut_sentence_is_joined_with_its_citations() {
        let mut second = page(126, "ment of joints [1]. More.", (true, false));
        second.blocks[0].citations.push(Citation { range: 15..18, references: vec![0] });
        second.references.push(Reference { text: "Lee".into(), ..Reference::default() });
        second.metadata = Metadata { doi: Some("10.1/a".into()), ..Metadata::default() };
        let whole = join_whole(vec![second, page(125, "The treat-", (false, true))]);
        assert_eq!(whole.blocks.len(), 1);
        let block = &whole.blocks[0];
        assert_eq!(block.text, "The treatment of joints [1]. More.");
        assert_eq!(&block.text[block.citations[0].range.clone()], "[1]");
        assert_eq!((block.pages, block.truncated_start, block.truncated_end), (Some((125, 126)), false, false));
        assert_eq!(whole.metadata.doi.as_deref(), Some("10.1/a"));
    }

    #[test]
    fn a_missing_page_leaves_both_marked() {
        let whole = join_whole(vec![page(125, "The cells", (false, true)), page(127, "went on.", (true, false))]);
        assert_eq!(whole.blocks.len(), 2);
        assert!(whole.blocks[0].truncated_end && whole.blocks[1].truncated_start);
    }

    #[test]
    fn a_whole_sentence_is_not_joined() {
        let whole = join_whole(vec![page(1, "It ends.", (false, false)), page(2, "It begins.", (false, false))]);
        assert_eq!(whole.blocks.len(), 2);
    }

    #[test]
    fn no_pages_give_an_empty_article() {
        assert!(join_whole(Vec::new()).blocks.is_empty());
    }
}
