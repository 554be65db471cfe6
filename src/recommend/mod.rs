//! Finds passages that are relevant to the paragraphs of a manuscript and not cited yet: local citation recommendation
//! (He et al., 2010), by the hybrid search over passages.

use std::collections::HashSet;

use crate::corpus::manuscript::{Manuscript, ProseParagraph};
use crate::quotes::Works;
use crate::search::{Engine, Hit, Reading, Request, SearchError};

/// A paragraph of a manuscript with the passages found for it.
#[derive(Debug, Clone)]
pub struct Recommendation<'a> {
    pub paragraph: &'a ProseParagraph,
    /// Passages on the same subject, each from a different paper, best first. None is from a paper that the manuscript
    /// cites.
    pub hits: Vec<Hit>,
}

/// Minimum similarity of a passage, on the model's scale for questions and passages, where 0 is unrelated and 1 is a
/// question with its answer. With bge-small-en-v1.5, the best passages for paragraphs about football or law in 80
/// papers on medicine and plants are at most at .33, those for paragraphs of these papers, in other papers, at .44 to
/// 1.2.
const MIN_SIMILARITY: f32 = 0.6;

/// Maximum number of Unicode characters of a paragraph with which to search. The rest of a longer one seldom changes
/// its subject.
const MAX_CHARACTERS: usize = 2_000;

/// Maximum number of papers that are excluded because the manuscript cites them.
const MAX_PASSED_OVER: usize = 100;

/// For each paragraph of a manuscript, at most `limit` passages that it could cite. Blocks while the model computes,
/// once for each paragraph.
///
/// # Errors
/// The errors of a search.
pub fn recommend<'a>(
    engine: &Engine,
    manuscript: &'a Manuscript,
    limit: usize,
) -> Result<Vec<Recommendation<'a>>, SearchError> {
    let cited = cited_papers(engine, manuscript)?;
    let scale = engine.calibration()?.passage;
    let mut recommendations = Vec::new();
    for paragraph in &manuscript.paragraphs {
        let answer = engine.search(&Request {
            limit: limit + cited.len().min(MAX_PASSED_OVER),
            per_paper: 1,
            reading: Reading::Verbatim,
            ..Request::new(&paragraph.text.chars().take(MAX_CHARACTERS).collect::<String>())
        })?;
        let is_near = |hit: &Hit| scale.apply(hit.scores.paragraph) >= MIN_SIMILARITY;
        let is_new = |hit: &Hit| !cited.contains(hit.record.paper.as_str());
        let hits = answer.hits.into_iter().filter(|hit| is_near(hit) && is_new(hit)).take(limit).collect();
        recommendations.push(Recommendation { paragraph, hits });
    }
    Ok(recommendations)
}

/// The ids of the papers that the manuscript cites anywhere.
fn cited_papers(engine: &Engine, manuscript: &Manuscript) -> Result<HashSet<String>, SearchError> {
    let snapshot = engine.store().snapshot();
    let works = Works::new(&snapshot)?;
    let keys: HashSet<&str> = manuscript.cited().collect();
    let mut papers = HashSet::new();
    for key in keys {
        papers.extend(works.find(&snapshot, key, manuscript.entries.get(key))?);
    }
    Ok(papers)
}
