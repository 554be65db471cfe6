//! Pages of one paper put together: sentences that a page's edge cuts are joined.

use super::{Article, Block, BlockKind, Format, Reference, annotate, lines};

/// One article from the pages of one paper, each read by itself.
///
/// Pages are put into the order of their numbers where all have one. A paragraph that one page ends in mid-sentence and
/// the next page goes on with becomes one block. Citations in plain text are resolved anew, since the reference list may
/// stand on another page than the citation.
pub fn join_pages(mut pages: Vec<Article>) -> Article {
    let number = |article: &Article| article.blocks.iter().find_map(|block| block.pages).map(|(first, _)| first);
    if pages.iter().all(|page| number(page).is_some()) {
        pages.sort_by_key(number);
    }
    let mut pages = pages.into_iter().map(without_own_citations);
    let mut whole = pages.next().unwrap_or_default();
    for page in pages {
        append(&mut whole, page);
    }
    annotate(&mut whole);
    whole
}

/// What a page of plain text cites was resolved without the other pages; without a list on the page, its markers stand in
/// for references.
fn without_own_citations(mut page: Article) -> Article {
    if matches!(page.format, Format::Dump | Format::Text | Format::Pdf) {
        let blocks = &page.blocks;
        let is_stand_in = |reference: &Reference| {
            reference.title.is_none() && blocks.iter().any(|block| block.text.contains(&reference.text))
        };
        page.references.retain(|reference| !is_stand_in(reference));
        for block in &mut page.blocks {
            block.citations.clear();
        }
    }
    page
}

fn append(whole: &mut Article, page: Article) {
    let references = whole.references.len();
    let seam = whole.blocks.len();
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
    join_at(&mut whole.blocks, seam, false);
    whole.references.extend(page.references);
    whole.dropped.extend(page.dropped);
    for abbreviation in page.abbreviations {
        if !whole.abbreviations.contains(&abbreviation) {
            whole.abbreviations.push(abbreviation);
        }
    }
    for warning in page.warnings {
        if !whole.warnings.contains(&warning) {
            whole.warnings.push(warning);
        }
    }
    fill(&mut whole.metadata, page.metadata);
}

/// Join the last paragraph before block `seam` with the first one after it, where a page's edge cuts a sentence there.
///
/// `same_source` tells that both come from one file, so that their places can be put together.
pub(super) fn join_at(blocks: &mut Vec<Block>, seam: usize, same_source: bool) {
    let is_paragraph = |block: &Block| block.kind == BlockKind::Paragraph;
    let Some(before) = blocks.iter().take(seam).rposition(is_paragraph) else { return };
    let Some(after) = blocks.iter().skip(seam).position(is_paragraph).map(|index| seam + index) else { return };
    let (Some(first), Some(second)) = (blocks.get(before), blocks.get(after)) else { return };
    // A page in between is missing, or a heading stands between the two.
    let neighbours = match (first.pages, second.pages) {
        (Some((_, last)), Some((next, _))) => next <= last.saturating_add(1),
        _ => true,
    };
    if !first.truncated_end || !neighbours || first.section != second.section {
        return;
    }
    let second = blocks.remove(after);
    let Some(first) = blocks.get_mut(before) else { return };
    let shift = joined(&mut first.text, &second.text);
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

/// Append `next` to `text`; returns by how many bytes places in `next` move.
fn joined(text: &mut String, next: &str) -> usize {
    lines::append(text, next);
    text.len() - next.len()
}

/// Fill the fields of `known` that are empty.
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
        let whole = join_pages(vec![second, page(125, "The treat-", (false, true))]);
        assert_eq!(whole.blocks.len(), 1);
        let block = &whole.blocks[0];
        assert_eq!(block.text, "The treatment of joints [1]. More.");
        assert_eq!(&block.text[block.citations[0].range.clone()], "[1]");
        assert_eq!((block.pages, block.truncated_start, block.truncated_end), (Some((125, 126)), false, false));
        assert_eq!(whole.metadata.doi.as_deref(), Some("10.1/a"));
    }

    #[test]
    fn a_missing_page_leaves_both_marked() {
        let whole = join_pages(vec![page(125, "The cells", (false, true)), page(127, "went on.", (true, false))]);
        assert_eq!(whole.blocks.len(), 2);
        assert!(whole.blocks[0].truncated_end && whole.blocks[1].truncated_start);
    }

    #[test]
    fn a_whole_sentence_is_not_joined() {
        let whole = join_pages(vec![page(1, "It ends.", (false, false)), page(2, "It begins.", (false, false))]);
        assert_eq!(whole.blocks.len(), 2);
    }

    #[test]
    fn no_pages_give_an_empty_article() {
        assert!(join_pages(Vec::new()).blocks.is_empty());
    }
}
