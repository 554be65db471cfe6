//! The analyzer of all stores as a tantivy tokenizer.

use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer};

use crate::store::analyzer::{Word, words};

/// The name under which the analyzer is registered with tantivy.
pub(super) const NAME: &str = "biomedical";

/// [`words`] as a tantivy analyzer.
pub(super) fn analyzer() -> TextAnalyzer {
    TextAnalyzer::from(BiomedicalTokenizer)
}

#[derive(Debug, Clone, Copy)]
struct BiomedicalTokenizer;

impl Tokenizer for BiomedicalTokenizer {
    type TokenStream<'a> = WordStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream {
        WordStream { words: words(text).into_iter(), token: Token::default() }
    }
}

#[derive(Debug)]
struct WordStream {
    words: std::vec::IntoIter<Word>,
    token: Token,
}

impl TokenStream for WordStream {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.next() else { return false };
        self.token = Token {
            offset_from: word.range.start,
            offset_to: word.range.end,
            position: word.position,
            text: word.term,
            position_length: 1,
        };
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
