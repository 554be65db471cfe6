//! Annotations that are detected in the text, for all formats.

use std::collections::HashSet;

use super::{Abbreviation, Article, abbreviation, citation};

/// Adds the citations in the text, unless the source marks them, and the abbreviations that the text defines. The
/// latter follow those of the author's own list.
pub fn annotate(article: &mut Article) {
    citation::resolve(article);
    let title = article.metadata.title.iter().map(String::as_str);
    let detected = abbreviation::detect(title.chain(article.blocks.iter().map(|block| block.text.as_str())));
    let key = |known: &Abbreviation| (known.short.clone(), known.long.to_ascii_lowercase());
    let mut known: HashSet<(String, String)> = article.abbreviations.iter().map(key).collect();
    article.abbreviations.extend(detected.into_iter().filter(|found| known.insert(key(found))));
}
