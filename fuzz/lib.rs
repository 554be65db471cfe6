//! What every target checks: whatever the bytes, a reader gives an error, or an article that keeps the promises of its
//! types.

use stroma_corpus::{Article, Limits, PaperId, passages, read_bytes};

/// Bounds under which an input is still read fast enough for a fuzzer.
const LIMITS: Limits = Limits { max_file_bytes: 1 << 20, max_unpacked_bytes: 4 << 20, ..Limits::DEFAULT };

/// Reads `head` with `bytes` behind it as a file of this name, and checks what comes of it. The head leads to one reader.
pub fn check(head: &str, bytes: &[u8], name: &str) {
    if let Ok(article) = read_bytes(&[head.as_bytes(), bytes].concat(), name, &LIMITS) {
        check_article(&article);
    }
}

fn check_article(article: &Article) {
    for block in &article.blocks {
        assert!(!block.text.is_empty() && !block.text.contains('\n'), "{:?}", block.text);
        for citation in &block.citations {
            assert!(block.text.get(citation.range.clone()).is_some(), "{citation:?} in {:?}", block.text);
            assert!(citation.references.iter().all(|&index| index < article.references.len()), "{citation:?}");
        }
    }
    let id = PaperId::new(&article.metadata, "stem", "folder");
    assert!(id.as_str().parse::<PaperId>().is_ok(), "{id}");
    for passage in passages(article, &id) {
        assert!(passage.sentences.iter().all(|sentence| passage.text.get(sentence.range.clone()).is_some()));
    }
}
