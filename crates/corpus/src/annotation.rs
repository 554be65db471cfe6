//! What can be seen in the text of any format.

use super::{Abbreviation, Article, abbreviation, citation};

/// Adds what can be seen in the text of any format: the studies that it cites, where the source did not mark them, and the
/// abbreviations that it defines, behind those of the author's own list.
pub fn annotate(article: &mut Article) {
    citation::resolve(article);
    let title = article.metadata.title.iter().map(String::as_str);
    let detected = abbreviation::detect(title.chain(article.blocks.iter().map(|block| block.text.as_str())));
    for found in detected {
        let same = |known: &Abbreviation| known.short == found.short && known.long.eq_ignore_ascii_case(&found.long);
        if !article.abbreviations.iter().any(same) {
            article.abbreviations.push(found);
        }
    }
}
