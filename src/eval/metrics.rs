//! The metrics of ranked retrieval, computed as `trec_eval` 9 does.
//!
//! The details make figures comparable: documents are ordered by [`Ranking`], not by the ranks that a system writes; documents
//! without judgment are not relevant; the mean is over all queries with a relevant document, so a query that a system did not
//! answer counts as 0 (`trec_eval -c`).

use std::collections::BTreeMap;
use std::fmt;

use super::{Grade, Grades, Judgments, QueryId, Ranking, Run};

/// A metric with its cut-off. All values are in 0..=1, higher is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Normalised discounted cumulative gain: the sum of grade / log2(rank + 1), over that of the best possible order of
    /// all judged documents. Gain is the grade itself. Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR
    /// techniques", ACM TOIS 20(4), 2002; `ndcg_cut` of `trec_eval`.
    Ndcg(usize),
    /// Share of the relevant documents up to the cut-off; `recall` of `trec_eval`.
    Recall(usize),
    /// One over the rank of the first relevant document, 0 if none is within the cut-off. Voorhees, "The TREC-8 Question
    /// Answering Track report", 1999; `recip_rank` of `trec_eval -M`.
    ReciprocalRank(usize),
}

impl Metric {
    /// The metrics of BEIR, and that of MS MARCO.
    pub const USUAL: [Self; 3] = [Self::Ndcg(10), Self::Recall(100), Self::ReciprocalRank(10)];

    /// The value for one query; 0 if no document is relevant.
    pub fn score(self, ranking: &Ranking, judged: &Grades) -> f64 {
        let depth = match self {
            Self::Ndcg(depth) | Self::Recall(depth) | Self::ReciprocalRank(depth) => depth,
        };
        let grades: Vec<Grade> =
            ranking.documents().take(depth).map(|document| judged.get(document).copied().unwrap_or(0)).collect();
        match self {
            Self::Ndcg(_) => ndcg(&grades, judged, depth),
            Self::Recall(_) => share(relevant(grades.iter()), relevant(judged.values())),
            Self::ReciprocalRank(_) => {
                grades.iter().position(|grade| *grade > 0).map_or(0.0, |rank| share(1, rank + 1))
            }
        }
    }

    /// The value for each query that has a relevant document.
    pub fn evaluate(self, run: &Run, judgments: &Judgments) -> PerQuery {
        let unanswered = Ranking::default();
        let value = |query, grades| self.score(run.get(query).unwrap_or(&unanswered), grades);
        PerQuery(judgments.answerable().map(|(query, grades)| (query.clone(), value(query, grades))).collect())
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ndcg(depth) => write!(f, "nDCG@{depth}"),
            Self::Recall(depth) => write!(f, "recall@{depth}"),
            Self::ReciprocalRank(depth) => write!(f, "MRR@{depth}"),
        }
    }
}

/// The value of a metric for each query.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PerQuery(BTreeMap<QueryId, f64>);

impl PerQuery {
    /// The mean over all queries; 0 if there are none.
    pub fn mean(&self) -> f64 {
        mean(self.0.values().copied())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&QueryId, f64)> {
        self.0.iter().map(|(query, value)| (query, *value))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values of two systems on the queries that both have, for [`super::significance::compare`]. Values from the same
    /// judgments have the same queries.
    pub fn pairs(&self, other: &Self) -> Vec<(f64, f64)> {
        self.0.iter().filter_map(|(query, value)| Some((*value, *other.0.get(query)?))).collect()
    }
}

fn ndcg(ranked: &[Grade], judged: &Grades, depth: usize) -> f64 {
    let mut best: Vec<Grade> = judged.values().copied().filter(|grade| *grade > 0).collect();
    best.sort_unstable_by(|a, b| b.cmp(a));
    best.truncate(depth);
    let ideal = gain(&best);
    if ideal > 0.0 { gain(ranked) / ideal } else { 0.0 }
}

/// The discount of a rank, counted from 0.
pub(super) fn discount(rank: usize) -> f64 {
    1.0 / ((rank + 2) as f64).log2()
}

/// Discounted cumulative gain, summed from the first rank to the last.
fn gain(grades: &[Grade]) -> f64 {
    grades.iter().enumerate().map(|(rank, grade)| f64::from((*grade).max(0)) * discount(rank)).sum()
}

fn relevant<'a>(grades: impl Iterator<Item = &'a Grade>) -> usize {
    grades.filter(|grade| **grade > 0).count()
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The arithmetic mean; 0 if there are no values.
pub(super) fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len();
    if count == 0 { 0.0 } else { values.sum::<f64>() / count as f64 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::ScoredDocument;
    use super::*;

    fn ranking(documents: &[String]) -> Ranking {
        let scored =
            |(rank, name): (usize, &String)| ScoredDocument { document: name.as_str().into(), score: -(rank as f32) };
        Ranking::new(documents.iter().enumerate().map(scored).collect()).expect("each once")
    }

    fn named(documents: &[&str]) -> Ranking {
        ranking(&documents.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
    }

    fn grades(judged: &[(&str, Grade)]) -> Grades {
        judged.iter().map(|(name, grade)| ((*name).into(), *grade)).collect()
    }

    fn close(value: f64, expected: f64) {
        assert!((value - expected).abs() < 1e-6, "{value} is not {expected}");
    }

    #[test]
    fn computed_by_hand() {
        let ranking = named(&["a", "unjudged", "b", "c", "spam"]);
        let judged = grades(&[("a", 3), ("b", 2), ("c", 1), ("missed", 3), ("spam", -2), ("no", 0)]);
        // 3/log2(2) + 2/log2(4) + 1/log2(5) = 4.430677, of 3/log2(2) + 3/log2(3) + 2/log2(4) + 1/log2(5) = 6.323466
        close(Metric::Ndcg(10).score(&ranking, &judged), 4.430677 / 6.323466);
        // 3/log2(2), of 3/log2(2) + 3/log2(3)
        close(Metric::Ndcg(2).score(&ranking, &judged), 3.0 / 4.892789);
        close(Metric::Recall(100).score(&ranking, &judged), 0.75);
        close(Metric::Recall(2).score(&ranking, &judged), 0.25);
        close(Metric::ReciprocalRank(10).score(&ranking, &judged), 1.0);
        let judged = grades(&[("b", 1)]);
        close(Metric::ReciprocalRank(10).score(&ranking, &judged), 1.0 / 3.0);
        close(Metric::ReciprocalRank(2).score(&ranking, &judged), 0.0);
    }

    #[test]
    fn an_unanswered_query_counts_and_one_without_relevant_documents_does_not() {
        let mut judgments = Judgments::default();
        judgments.insert("1".into(), "a".into(), 1);
        judgments.insert("2".into(), "a".into(), 1);
        judgments.insert("3".into(), "a".into(), 0);
        let mut run = Run::default();
        run.insert("1".into(), named(&["a"]));
        run.insert("3".into(), named(&["a"]));
        let values = Metric::Ndcg(10).evaluate(&run, &judgments);
        assert_eq!(values.len(), 2);
        close(values.mean(), 0.5);
        assert_eq!(values.pairs(&values), [(1.0, 1.0), (0.0, 0.0)]);
        assert_eq!(PerQuery::default().mean(), 0.0);
    }

    /// Judged documents, and a ranking that contains some of them and some unjudged ones.
    fn judged_and_ranked() -> impl Strategy<Value = (Grades, Vec<String>)> {
        let judged = prop::collection::btree_map(0..40u8, -1..4i32, 0..30);
        let ranked = Just((0..40u8).collect::<Vec<_>>()).prop_shuffle();
        (judged, ranked, 0..40usize).prop_map(|(judged, mut ranked, length)| {
            ranked.truncate(length);
            let name = |number: u8| format!("d{number}");
            let judged = judged.into_iter().map(|(number, grade)| (name(number).into(), grade)).collect();
            (judged, ranked.into_iter().map(name).collect())
        })
    }

    fn metric() -> impl Strategy<Value = Metric> {
        (0..3u8, 0..20usize).prop_map(|(which, depth)| match which {
            0 => Metric::Ndcg(depth),
            1 => Metric::Recall(depth),
            _ => Metric::ReciprocalRank(depth),
        })
    }

    proptest! {
        #[test]
        fn values_lie_between_0_and_1((judged, ranked) in judged_and_ranked(), metric in metric()) {
            let value = metric.score(&ranking(&ranked), &judged);
            prop_assert!((0.0..=1.0).contains(&value), "{metric} is {value}");
        }

        #[test]
        fn a_perfect_ranking_has_1((judged, _) in judged_and_ranked(), depth in 1..50usize) {
            prop_assume!(relevant(judged.values()) > 0);
            let mut best: Vec<_> = judged.iter().collect();
            best.sort_by_key(|(_, grade)| std::cmp::Reverse(**grade));
            let best = ranking(&best.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>());
            prop_assert!((Metric::Ndcg(depth).score(&best, &judged) - 1.0).abs() < 1e-12);
            prop_assert_eq!(Metric::ReciprocalRank(depth).score(&best, &judged), 1.0);
            prop_assert_eq!(Metric::Recall(judged.len()).score(&best, &judged), 1.0);
        }

        #[test]
        fn documents_that_are_not_relevant_do_not_help((judged, ranked) in judged_and_ranked(), metric in metric()) {
            let mut worse = vec!["nothing".to_owned()];
            worse.extend(ranked.iter().cloned());
            prop_assert!(metric.score(&ranking(&worse), &judged) <= metric.score(&ranking(&ranked), &judged) + 1e-12);
        }
    }
}
