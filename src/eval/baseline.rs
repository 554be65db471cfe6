//! What a plain hybrid does: the bar that the ranking is measured against, in the same run over the same index.

use std::collections::HashMap;

use crate::embed::Embedder;
use crate::index::{Candidate, FieldWeights, Filter, PassageAddress, Snapshot};
use crate::search::{Query, SearchError};

/// Candidates of each leg.
const CANDIDATES: usize = 100;

/// BM25 over title and text, and the cosine of the passage's own vector, each scaled to 0..=1 between its lowest and
/// highest candidate, added half and half. Candidates that one leg does not list get 0 from it.
pub fn rank(snapshot: &Snapshot, embedder: &dyn Embedder, question: &str) -> Result<Vec<(String, f32)>, SearchError> {
    let query = Query::understand(question, snapshot)?;
    let vector = embedder.embed_query(question)?;
    let fields = FieldWeights { text: 1.0, heading: 1.0, senses: 0.0 };
    let lexical = snapshot.lexical(&query.terms, fields, &Filter::default(), CANDIDATES)?;
    let semantic = snapshot.nearest(&vector, &Filter::default(), CANDIDATES)?;
    let mut fused: HashMap<PassageAddress, f32> = HashMap::new();
    for leg in [lexical, semantic] {
        for (address, score) in min_max(&leg) {
            *fused.entry(address).or_default() += 0.5 * score;
        }
    }
    let mut ranked: Vec<(PassageAddress, f32)> = fused.into_iter().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked.truncate(CANDIDATES);
    ranked.into_iter().map(|(address, score)| Ok((snapshot.paper_id(address)?, score))).collect()
}

fn min_max(leg: &[Candidate]) -> impl Iterator<Item = (PassageAddress, f32)> + '_ {
    let highest = leg.iter().map(|candidate| candidate.score).fold(f32::NEG_INFINITY, f32::max);
    let lowest = leg.iter().map(|candidate| candidate.score).fold(f32::INFINITY, f32::min);
    let range = (highest - lowest).max(f32::MIN_POSITIVE);
    leg.iter().map(move |candidate| (candidate.address, (candidate.score - lowest) / range))
}
