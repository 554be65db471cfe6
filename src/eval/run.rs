//! Runs in the format of TREC: `query Q0 document rank score tag`.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::Path;

use super::lines::Lines;
use super::{DataError, QueryId, Ranking, ScoredDocument};

/// The rankings of one system, one for each query.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run(BTreeMap<QueryId, Ranking>);

impl Run {
    /// Sets the ranking of a query.
    pub fn insert(&mut self, query: QueryId, ranking: Ranking) {
        self.0.insert(query, ranking);
    }

    pub fn get(&self, query: &QueryId) -> Option<&Ranking> {
        self.0.get(query)
    }

    /// The rankings, in the order of query ids.
    pub fn iter(&self) -> impl Iterator<Item = (&QueryId, &Ranking)> {
        self.0.iter()
    }

    /// Reads a run. Only scores count, as in `trec_eval`; the order of lines and the ranks in the file are ignored.
    ///
    /// # Errors
    /// The file cannot be read; the first malformed line; a document twice for one query.
    pub fn open(file: &Path) -> Result<Self, DataError> {
        Self::read(Lines::open(file)?)
    }

    fn read<R: BufRead>(mut lines: Lines<R>) -> Result<Self, DataError> {
        let mut queries: BTreeMap<QueryId, Vec<ScoredDocument>> = BTreeMap::new();
        lines.for_each(|line| {
            let (query, scored) = entry(line)?;
            queries.entry(query).or_default().push(scored);
            Ok(())
        })?;
        let mut run = Self::default();
        for (query, scored) in queries {
            let ranking = Ranking::new(scored).map_err(|error| lines.invalid(format!("query {query}: {error}")))?;
            run.insert(query, ranking);
        }
        Ok(run)
    }

    /// Writes the run. `tag` names the system; white space in it becomes "_", because the format does not allow it.
    ///
    /// # Errors
    /// The errors of the writer.
    pub fn write(&self, mut to: impl Write, tag: &str) -> Result<(), DataError> {
        let tag = tag.split_whitespace().collect::<Vec<_>>().join("_");
        for (query, ranking) in &self.0 {
            for (rank, ScoredDocument { document, score }) in ranking.scored().iter().enumerate() {
                writeln!(to, "{query} Q0 {document} {} {score} {tag}", rank + 1)
                    .map_err(|source| DataError::Unwritable { source })?;
            }
        }
        to.flush().map_err(|source| DataError::Unwritable { source })
    }
}

fn entry(line: &str) -> Result<(QueryId, ScoredDocument), String> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [query, _, document, _, score, _] = fields[..] else {
        return Err(format!("expected query, Q0, document, rank, score and tag, found {} fields", fields.len()));
    };
    let score: f32 = score.parse().map_err(|_| format!("the score is {score}, expected a number"))?;
    Ok((query.into(), ScoredDocument { document: document.into(), score }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Run, String> {
        Run::read(Lines::new(text.as_bytes(), Path::new("r"))).map_err(|error| error.to_string())
    }

    #[test]
    fn scores_decide_and_ranks_do_not() {
        let run = read("q Q0 a 1 0.5 t\nq Q0 b 2 1.5e0 t\np Q0 a 1 1 t\n").unwrap_or_default();
        let names: Vec<&str> =
            run.get(&"q".into()).into_iter().flat_map(Ranking::documents).map(|d| d.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
        assert_eq!(run.iter().count(), 2);
    }

    #[test]
    fn refuses_what_trec_eval_would_refuse() {
        assert_eq!(
            read("q Q0 a 1 t"),
            Err("r:1: expected query, Q0, document, rank, score and tag, found 5 fields".into())
        );
        assert_eq!(read("q Q0 a 1 high t"), Err("r:1: the score is high, expected a number".into()));
        assert_eq!(read("q Q0 a 1 NaN t"), Err("r: query q: the score of document a is not a number".into()));
        assert_eq!(read("\nq Q0 a 1 1 t\nq Q0 a 2 2 t"), Err("r: query q: document a is there twice".into()));
    }

    #[test]
    fn a_run_is_written_as_one_line_for_each_document() {
        let mut written = Vec::new();
        read("q Q0 a 9 0.25 x\nq Q0 b 9 2 x").unwrap_or_default().write(&mut written, "my system").expect("in memory");
        assert_eq!(String::from_utf8_lossy(&written), "q Q0 b 1 2 my_system\nq Q0 a 2 0.25 my_system\n");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            run in prop::collection::btree_map(
                "[a-z0-9]{1,8}",
                prop::collection::btree_map("[a-z0-9:]{1,12}", proptest::num::f32::NORMAL | proptest::num::f32::ZERO, 1..10),
                0..5,
            )
        ) {
            let mut original = Run::default();
            for (query, documents) in run {
                let scored = documents.into_iter().map(|(name, score)| ScoredDocument { document: name.into(), score });
                original.insert(query.into(), Ranking::new(scored.collect()).expect("each once"));
            }
            let mut written = Vec::new();
            original.write(&mut written, "tag").expect("in memory");
            prop_assert_eq!(read(&String::from_utf8_lossy(&written)), Ok(original));
        }
    }
}
