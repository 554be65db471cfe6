//! Finds the sentence nearest to a quotation that no paper contains, as a help for the author.

use std::collections::BTreeSet;

use super::place::Place;
use crate::corpus::Sentence;
use crate::embed::{Embedder, Role, UnitVector};
use crate::store::{FieldWeights, Filter, IndexError, PassageAddress, QueryTerm, Snapshot, analyzer};

/// Returns the model, which is loaded when first needed; `None` if there is no model.
pub type Model<'a> = &'a dyn Fn() -> Option<&'a dyn Embedder>;

/// Maximum number of terms of a quotation with which the nearest sentence is searched.
const MAX_TERMS: usize = 24;
/// Number of passages of each leg whose sentences are compared.
const MAX_PASSAGES: usize = 10;

/// The sentence that is nearest in meaning, from the passages that are nearest by words and by meaning. Without a
/// model, or if it fails, the sentence that has the most words in common with the text, from the passage with the
/// highest BM25.
pub(super) fn nearest(snapshot: &Snapshot, text: &str, model: Model<'_>) -> Result<Option<Place>, IndexError> {
    let by_words = by_words(snapshot, text)?;
    // A failure of the model must not affect the verdicts, which need no model.
    let embedded = model().and_then(|model| model.embed(&[text.to_owned()], Role::Passage).ok());
    match embedded.and_then(|vectors| vectors.into_iter().next()) {
        Some(vector) => by_meaning(snapshot, &by_words, &vector),
        None => most_words(snapshot, text, by_words.first()),
    }
}

/// The passages with the highest BM25 for the rarest words of a text, best first.
fn by_words(snapshot: &Snapshot, text: &str) -> Result<Vec<PassageAddress>, IndexError> {
    let mut frequencies = Vec::new();
    for term in terms(text) {
        frequencies.push((snapshot.document_frequency(&term)?, term));
    }
    frequencies.sort_unstable();
    let rarest = frequencies.into_iter().filter(|(frequency, _)| *frequency > 0).take(MAX_TERMS);
    let query: Vec<QueryTerm> = rarest.map(|(_, term)| QueryTerm { term, weight: 1.0 }).collect();
    let found = snapshot.lexical(&query, FieldWeights::default(), &Filter::default(), MAX_PASSAGES)?;
    Ok(found.into_iter().map(|candidate| candidate.address).collect())
}

fn by_meaning(
    snapshot: &Snapshot,
    by_words: &[PassageAddress],
    vector: &UnitVector,
) -> Result<Option<Place>, IndexError> {
    let found = snapshot.nearest(vector, &Filter::default(), MAX_PASSAGES)?;
    let mut best: Option<(f32, PassageAddress, usize)> = None;
    let found = found.into_iter().map(|candidate| candidate.address);
    let addresses: Vec<PassageAddress> = by_words.iter().copied().chain(found).collect();
    for (address, cosines) in addresses.iter().copied().zip(snapshot.cosines(&addresses, vector)?) {
        for (sentence, cosine) in cosines.sentences.into_iter().enumerate() {
            if best.is_none_or(|(most, ..)| cosine > most) {
                best = Some((cosine, address, sentence));
            }
        }
    }
    let Some((_, address, sentence)) = best else { return Ok(None) };
    let record = snapshot.passage(address)?;
    let range = record.passage.sentences.get(sentence).map(|sentence| sentence.range.clone());
    Ok(range.map(|range| Place { range, record }))
}

fn most_words(snapshot: &Snapshot, text: &str, passage: Option<&PassageAddress>) -> Result<Option<Place>, IndexError> {
    let Some(address) = passage else { return Ok(None) };
    let (terms, record) = (terms(text), snapshot.passage(*address)?);
    let in_common = |sentence: &&Sentence| {
        let of_sentence = record.passage.text.get(sentence.range.clone()).map(self::terms).unwrap_or_default();
        terms.intersection(&of_sentence).count()
    };
    let best = record.passage.sentences.iter().rev().max_by_key(in_common).map(|sentence| sentence.range.clone());
    Ok(best.map(|range| Place { range, record }))
}

/// The different terms of a text.
fn terms(text: &str) -> BTreeSet<String> {
    analyzer::words(text).into_iter().map(|word| word.term).collect()
}
