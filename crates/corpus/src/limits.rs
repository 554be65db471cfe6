//! Limits on reading one source and on everything that is derived from one paper.

mod split;

use serde::{Deserialize, Serialize};

use super::article::MAX_BLOCKS;
use super::sentence::sentences;
use super::{Article, Block, DropRule, Limited, Metadata, ReadError, Reference};
use split::split;

/// Limits on reading one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Maximum size of the file in bytes.
    pub max_file_bytes: u64,
    /// Maximum size of a compressed file in bytes after unpacking.
    pub max_unpacked_bytes: u64,
    /// Limits on what is derived from the paper.
    #[serde(default)]
    pub paper: PaperLimits,
}

impl Limits {
    /// The default limits.
    pub const DEFAULT: Self =
        Limits { max_file_bytes: 64 << 20, max_unpacked_bytes: 256 << 20, paper: PaperLimits::DEFAULT };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Limits on everything that is derived from one paper and embedded, indexed, stored or shown.
///
/// They keep the work on a paper proportional to the size of its file. For example, the title is prepended to each
/// paragraph when that is embedded, so a title of 400 KB above 15,000 paragraphs would be embedded 15,000 times. A
/// paper over a limit is rejected with [`ReadError::OverLimit`], or, if it stays useful, truncated or split with a
/// warning in [`Article::warnings`]. Real papers are far below the limits: of 376 articles in JATS and 40 in PDF, the
/// largest has 266 passages with 232,000 characters in 1,500 sentences, 412 references and 112 abbreviations; the
/// longest passage has 12,700 characters, the longest title 304.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PaperLimits {
    /// Maximum number of passages, that is, paragraphs and captions. A paper with more is rejected; a paper with 50,000
    /// is always rejected.
    pub max_passages: usize,
    /// Maximum number of Unicode characters of all passages. A paper with more is rejected.
    pub max_characters: usize,
    /// Maximum number of sentences of all passages. A paper with more is rejected.
    pub max_sentences: usize,
    /// Maximum number of Unicode characters of one passage. A longer one is split at the ends of sentences.
    pub max_passage_characters: usize,
    /// Maximum number of Unicode characters of the title and of each other text in the metadata. Longer ones are
    /// truncated.
    pub max_title_characters: usize,
    /// Maximum number of Unicode characters of all headings above one passage. Longer ones are truncated, the innermost
    /// first.
    pub max_heading_characters: usize,
    /// Maximum number of entries of the reference list. A paper with more is rejected.
    pub max_references: usize,
    /// Maximum number of Unicode characters of one entry as printed. A longer one is truncated.
    pub max_reference_characters: usize,
    /// Maximum number of references cited by all markers. A paper with more is rejected.
    pub max_citations: usize,
    /// Maximum number of abbreviations. Further ones are left out.
    pub max_abbreviations: usize,
    /// Maximum number of authors, and also of keywords. Further ones are left out.
    pub max_names: usize,
}

impl PaperLimits {
    /// The default limits, which suffice for a book of a thousand pages.
    pub const DEFAULT: Self = PaperLimits {
        max_passages: 10_000,
        max_characters: 5_000_000,
        max_sentences: 100_000,
        max_passage_characters: 20_000,
        max_title_characters: 1_000,
        max_heading_characters: 600,
        max_references: 20_000,
        max_reference_characters: 20_000,
        max_citations: 200_000,
        max_abbreviations: 5_000,
        max_names: 5_000,
    };

    /// Applies the limits to `article`: truncates or splits texts that are too long, with one warning for each kind.
    ///
    /// [`read_bytes`](super::read_bytes) and [`join_pages`](super::join_pages) call it. For an article from elsewhere, call it
    /// before [`passages`](super::passages). Takes time linear in the article.
    ///
    /// # Errors
    /// [`ReadError::OverLimit`] with the name of the limit, if something that cannot be truncated exceeds it.
    pub fn apply(&self, article: &mut Article) -> Result<(), ReadError> {
        check(Limited::Passages, article.blocks.len(), self.max_passages.min(MAX_BLOCKS - 1))?;
        check(Limited::References, article.references.len(), self.max_references)?;
        let citations = article.blocks.iter().flat_map(|block| &block.citations);
        check(Limited::CitedReferences, citations.map(|citation| citation.references.len()).sum(), self.max_citations)?;
        let characters: usize = article.blocks.iter().map(|block| block.text.chars().count()).sum();
        check(Limited::Characters, characters, self.max_characters)?;
        self.cut_metadata(article);
        self.cut_headings(article);
        self.cut_references(article);
        self.split_blocks(article);
        check(Limited::Passages, article.blocks.len(), self.max_passages)?;
        // A sentence has at least two characters, so the sentences of most papers need not be counted.
        if characters / 2 > self.max_sentences {
            let count = article.blocks.iter().map(|block| sentences(&block.text).len()).sum();
            check(Limited::Sentences, count, self.max_sentences)?;
        }
        Ok(())
    }

    fn cut_metadata(&self, article: &mut Article) {
        let Metadata { title, authors, journal, volume, issue, first_page, last_page, keywords, .. } =
            &mut article.metadata;
        let texts = [title, journal, volume, issue, first_page, last_page].into_iter().flatten();
        let texts = texts.chain(authors).chain(keywords);
        let mut rests: Vec<String> = texts.filter_map(|text| cut(text, self.max_title_characters)).collect();
        let Metadata { doi, pmid, pmcid, url, article_type, .. } = &mut article.metadata;
        // A truncated identifier could be that of another paper, so it is removed.
        let is_long = |text: &mut String| text.chars().nth(self.max_title_characters).is_some();
        rests.extend([doi, pmid, pmcid, url, article_type].into_iter().filter_map(|text| text.take_if(is_long)));
        if !rests.is_empty() {
            let max = self.max_title_characters;
            article.warnings.push(format!("a title or another text of the metadata was cut to {max} characters"));
        }
        for rest in rests {
            article.drop_text(DropRule::FrontMatter, &rest, None, None);
        }
        let max = self.max_names;
        let Metadata { authors, keywords, .. } = &mut article.metadata;
        if authors.len().max(keywords.len()) > max {
            authors.truncate(max);
            keywords.truncate(max);
            article.warnings.push(format!("only the first {max} authors and keywords were kept"));
        }
        if article.abbreviations.len() > self.max_abbreviations {
            article.abbreviations.truncate(self.max_abbreviations);
            article.warnings.push(format!("only the first {} abbreviations were kept", self.max_abbreviations));
        }
    }

    fn cut_headings(&self, article: &mut Article) {
        let mut is_cut = false;
        for block in &mut article.blocks {
            let mut room = self.max_heading_characters;
            for heading in &mut block.section {
                is_cut |= cut(heading, room).is_some();
                room = room.saturating_sub(heading.chars().count());
            }
            block.section.retain(|heading| !heading.is_empty());
        }
        if is_cut {
            let max = self.max_heading_characters;
            article.warnings.push(format!("the headings above a passage were cut to {max} characters"));
        }
    }

    fn cut_references(&self, article: &mut Article) {
        let max = self.max_reference_characters;
        let mut rests = Vec::new();
        for reference in &mut article.references {
            rests.extend(cut(&mut reference.text, max));
            // The text of the entry contains all of these, so nothing is recorded as dropped.
            let Reference { title, journal, volume, first_page, authors, .. } = reference;
            for field in [title, journal, volume, first_page].into_iter().flatten().chain(authors) {
                cut(field, max);
            }
            reference.authors.truncate(self.max_names);
        }
        if !rests.is_empty() {
            article.warnings.push(format!("{} references were cut to {max} characters", rests.len()));
        }
        for rest in rests {
            article.drop_text(DropRule::ReferenceList, &rest, None, None);
        }
    }

    fn split_blocks(&self, article: &mut Article) {
        let max = self.max_passage_characters.max(1);
        // The number of bytes is known without counting, and is never less than the number of characters.
        let is_long = |text: &str| text.len() > max && text.chars().nth(max).is_some();
        let count = article.blocks.iter().filter(|block| is_long(&block.text)).count();
        if count > 0 {
            let blocks = std::mem::take(&mut article.blocks);
            let pieces = |block: Block| if is_long(&block.text) { split(block, max) } else { vec![block] };
            article.blocks = blocks.into_iter().flat_map(pieces).collect();
            article.warnings.push(format!("{count} passages of more than {max} characters were split"));
        }
    }
}

impl Default for PaperLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

fn check(what: Limited, found: usize, limit: usize) -> Result<(), ReadError> {
    if found > limit { Err(ReadError::OverLimit { what, found, limit }) } else { Ok(()) }
}

/// Truncates `text` to `max` characters, the last of them an ellipsis. Returns the removed part, if any.
fn cut(text: &mut String, max: usize) -> Option<String> {
    if text.len() <= max || text.chars().nth(max).is_none() {
        return None;
    }
    let end = text.char_indices().nth(max.saturating_sub(1)).map_or(0, |(end, _)| end);
    let rest = text.split_off(end);
    text.truncate(text.trim_end().len());
    if max > 0 {
        text.push('…');
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Abbreviation, Citation};

    fn article(texts: &[&str]) -> Article {
        let block = |&text: &&str| Block { text: text.to_owned(), ..Block::default() };
        Article { blocks: texts.iter().map(block).collect(), ..Article::default() }
    }

    const NONE: PaperLimits = PaperLimits::DEFAULT;

    #[test]
    fn what_cannot_be_cut_is_refused_with_the_name_of_the_limit() {
        let cited = || {
            let mut article = article(&["It is so [1]."]);
            article.references = vec![Reference::default(); 2];
            article.blocks[0].citations = vec![Citation { range: 9..12, references: vec![0, 1] }];
            article
        };
        for (mut article, limits, message) in [
            (
                article(&["One.", "Two."]),
                PaperLimits { max_passages: 1, ..NONE },
                "2 passages, more than the limit of 1",
            ),
            (article(&["One.", "Two."]), PaperLimits { max_characters: 7, ..NONE }, "8 characters"),
            (article(&["A. B. C."]), PaperLimits { max_sentences: 0, ..NONE }, "sentences"),
            (cited(), PaperLimits { max_references: 1, ..NONE }, "2 references"),
            (cited(), PaperLimits { max_citations: 1, ..NONE }, "2 cited references"),
            (
                article(&["One two three."]),
                PaperLimits { max_passage_characters: 4, max_passages: 2, ..NONE },
                "passages",
            ),
        ] {
            let error = limits.apply(&mut article).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn what_can_be_cut_is_cut_with_a_warning() {
        let mut paper = article(&["One. Two."]);
        paper.metadata.title = Some("Ünïcode cells".into());
        paper.metadata.doi = Some("10.1000/much-too-long".into());
        paper.metadata.authors = vec!["Ann Lee".into(), "Bo Kim".into()];
        paper.blocks[0].section = vec!["Results".into(), "Of the cells".into(), "Last".into()];
        paper.references = vec![Reference { text: "Lee A. Cells. 2010.".into(), ..Reference::default() }];
        paper.abbreviations = vec![Abbreviation { short: "A".into(), long: "b".into() }; 3];
        let limits = PaperLimits {
            max_title_characters: 9,
            max_heading_characters: 10,
            max_reference_characters: 6,
            max_abbreviations: 2,
            max_names: 1,
            ..NONE
        };
        limits.apply(&mut paper).unwrap();
        assert_eq!((paper.metadata.title.as_deref(), &paper.metadata.doi), (Some("Ünïcode…"), &None));
        assert_eq!(paper.metadata.authors, ["Ann Lee"]);
        assert_eq!(paper.blocks[0].section, ["Results", "Of…"]);
        assert_eq!(paper.references[0].text, "Lee A…");
        assert_eq!((paper.abbreviations.len(), paper.warnings.len()), (2, 5), "{:?}", paper.warnings);
        let dropped: Vec<&str> = paper.dropped.iter().map(|dropped| dropped.text.as_str()).collect();
        assert_eq!(dropped, ["cells", "10.1000/much-too-long", ". Cells. 2010."]);
    }

    #[test]
    fn what_is_within_the_limits_stays_as_it_is() {
        let before = article(&["One. Two."]);
        let mut after = before.clone();
        NONE.apply(&mut after).unwrap();
        assert_eq!(after, before);
    }
}
