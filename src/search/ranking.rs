//! Scores all candidates in the same way, and sorts them; adds those that a question in other words finds.

use std::collections::{BTreeMap, HashMap};

use super::answer::{Parts, Scores, TermMatch, TranslatedTerm};
use super::error::SearchError;
use super::expansion::Expanded;
use super::fusion::{Fusion, Ranker, best_coverage, ranks, translated_share};
use super::options::SearchOptions;
use super::query::{Origin, Presence, Query, Term};
use super::request::{Mode, Request};
use super::thesaurus::Synonym;
use super::timing::{Stage, Timings};
use super::translation::Translation;
use crate::embed::{Calibration, UnitVector};
use crate::store::{
    CandidateQuery, Candidates, FieldWeights, IndexError, PaperKey, PassageAddress, PassageCosines, PendingVector,
    QueryTerm, Snapshot,
};

/// A candidate with all values on which its rank depends.
#[derive(Debug, Clone)]
pub(super) struct RankedPassage {
    pub(super) address: PassageAddress,
    pub(super) scores: Scores,
    pub(super) parts: Parts,
    pub(super) score: f32,
    pub(super) sentence_cosines: Vec<f32>,
    /// BM25 of each of the query's terms.
    term_scores: Vec<f32>,
    /// Whether it has each of the query's terms.
    presence: Vec<Presence>,
    /// Rank by BM25, from 1.
    pub(super) lexical_rank: Option<usize>,
    /// Rank by the paragraph's vector, from 1.
    pub(super) vector_rank: Option<usize>,
    /// The rank group, which is compared before the score.
    pub(super) place: Place,
}

/// The rank group of a passage, which depends on what the question names. The lowest comes first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A leading passage, with its position among them.
    Leading(usize),
    /// A passage of a paper that the question names, with the rank of the paper.
    OfPaper(usize),
    #[default]
    ByScore,
}

/// Passages that rank first because the question names them or their paper.
#[derive(Debug, Default)]
pub(super) struct Leading {
    /// In the order in which they are shown.
    pub(super) passages: Vec<PassageAddress>,
    /// Papers whose other passages come next, in this order.
    pub(super) papers: Vec<PaperKey>,
}

/// A question that is analysed, expanded and embedded.
pub(super) struct PreparedQuery<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) options: &'a SearchOptions,
    pub(super) calibration: &'a Calibration,
    pub(super) query: Query,
    /// `None` for a lexical search.
    pub(super) vector: Option<UnitVector>,
    pub(super) expanded: Vec<Expanded>,
    /// The candidates of both legs. Passages that both legs found are there twice.
    pub(super) candidates: Vec<PassageAddress>,
    pub(super) leading: Leading,
}

/// Number of candidates that each leg returns.
fn candidates_per_leg(options: &SearchOptions, request: &Request) -> usize {
    options.candidates.max((request.offset + request.limit) * request.per_paper.clamp(1, 3))
}

/// The candidates of both legs, and the question's vector, for which `vector` waits.
/// Without a vector there is no vector leg, and in a vector search there is no lexical leg.
pub(super) fn find_candidates(
    snapshot: &Snapshot,
    query: &Query,
    vector: Option<PendingVector<'_>>,
    options: &SearchOptions,
    request: &Request,
    timings: &mut Timings,
) -> Result<(Vec<PassageAddress>, Option<UnitVector>), SearchError> {
    let terms = if request.mode == Mode::Vector { Vec::new() } else { query.weighted_terms() };
    let limit = candidates_per_leg(options, request);
    let asked = CandidateQuery { terms: &terms, fields: options.fields, filter: &request.filter, limit };
    let found = snapshot.candidates(&asked, vector).map_err(|error| match error {
        IndexError::Embed(error) => SearchError::Embed(error),
        other => SearchError::Index(other),
    });
    let Candidates { lexical, nearest, vector, took } = found?;
    timings.add(Stage::Lexical, took.lexical);
    timings.add(Stage::Embed, took.embed);
    timings.add(Stage::Scan, took.nearest);
    Ok((lexical.into_iter().chain(nearest).map(|found| found.address).collect(), vector))
}

impl PreparedQuery<'_> {
    /// Ranks all candidates, best first. Ties are in the order of the index; [`page`] sorts them by id. With
    /// `only_leading`, the leading passages are the only candidates.
    pub(super) fn rank(
        &self,
        request: &Request,
        only_leading: bool,
        timings: &mut Timings,
    ) -> Result<Vec<RankedPassage>, SearchError> {
        let addresses = if only_leading { self.leading_addresses() } else { self.with_leading() };
        timings.time(Stage::Rescore, || self.rescored(&addresses, request))
    }

    /// The candidates and the leading passages, sorted by address, without duplicates.
    fn with_leading(&self) -> Vec<PassageAddress> {
        let mut addresses = self.candidates.clone();
        addresses.extend(&self.leading.passages);
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }

    /// Whether there may be more passages than this number of candidates.
    pub(super) fn may_be_cut(&self, candidates: usize, request: &Request) -> bool {
        candidates >= candidates_per_leg(self.options, request)
    }

    /// The leading passages, sorted by address.
    fn leading_addresses(&self) -> Vec<PassageAddress> {
        let mut addresses = self.leading.passages.clone();
        addresses.sort_unstable();
        addresses
    }

    /// Sorts passages: first by rank group, then by score.
    pub(super) fn sort(&self, ranked: &mut [RankedPassage], leading: &Leading) -> Result<(), SearchError> {
        self.place(ranked, leading)?;
        ranked.sort_by(|a, b| a.place.cmp(&b.place).then(b.score.total_cmp(&a.score)).then(a.address.cmp(&b.address)));
        Ok(())
    }

    fn place(&self, ranked: &mut [RankedPassage], leading: &Leading) -> Result<(), SearchError> {
        let Leading { passages, papers } = leading;
        if passages.is_empty() && papers.is_empty() {
            return Ok(());
        }
        for ranked in ranked {
            let leading = passages.iter().position(|address| *address == ranked.address);
            let key = self.snapshot.paper_key(ranked.address)?;
            let of_paper = || papers.iter().position(|paper| *paper == key);
            ranked.place = leading.map(Place::Leading).or_else(|| of_paper().map(Place::OfPaper)).unwrap_or_default();
        }
        Ok(())
    }

    fn rescored(&self, addresses: &[PassageAddress], request: &Request) -> Result<Vec<RankedPassage>, SearchError> {
        let mut ranked = self.matched(addresses, request.mode)?;
        if self.is_translated(&ranked, request.mode) {
            let translation = Translation::of(&self.query, self.snapshot)?;
            let further = self.translated_candidates(&translation, addresses, request)?;
            ranked.extend(self.matched(&further, request.mode)?);
            ranked.sort_unstable_by_key(|ranked| ranked.address);
            self.translate(&mut ranked, &translation)?;
        }
        self.compare(&mut ranked)?;
        number_ranks(&mut ranked);
        self.fuse(&mut ranked, request.mode)?;
        self.sort(&mut ranked, &self.leading)?;
        Ok(ranked)
    }

    /// The passages with their scores by words. `addresses` must be sorted.
    fn matched(&self, addresses: &[PassageAddress], mode: Mode) -> Result<Vec<RankedPassage>, SearchError> {
        let term_scores = self.term_scores(addresses)?;
        let presence = self.presence(addresses, &term_scores, mode)?;
        let candidates = addresses.iter().zip(term_scores).zip(presence);
        Ok(candidates.map(|((address, term_scores), presence)| self.scored(*address, term_scores, presence)).collect())
    }

    /// Adds the cosines with the question.
    fn compare(&self, ranked: &mut [RankedPassage]) -> Result<(), SearchError> {
        let Some(vector) = &self.vector else { return Ok(()) };
        let addresses: Vec<PassageAddress> = ranked.iter().map(|ranked| ranked.address).collect();
        for (ranked, cosines) in ranked.iter_mut().zip(self.snapshot.cosines(&addresses, vector)?) {
            let PassageCosines { paragraph, body, sentences } = cosines;
            ranked.scores.paragraph = paragraph;
            ranked.scores.body = if sentences.is_empty() { paragraph } else { body };
            ranked.scores.sentence = sentences.iter().copied().reduce(f32::max).unwrap_or(paragraph);
            ranked.sentence_cosines = sentences;
        }
        Ok(())
    }

    /// Whether the question shares so few words with all passages that it may use other words than the papers.
    fn is_translated(&self, ranked: &[RankedPassage], mode: Mode) -> bool {
        let weights = &self.options.weights;
        mode == Mode::Hybrid
            && self.options.fusion == Fusion::Convex
            && weights.words > 0.0
            && weights.translated > 0.0
            && translated_share(best_coverage(ranked.iter().map(|ranked| &ranked.scores), weights), weights) > 0.0
    }

    /// The passages that have most of the words that papers use in place of the question's, sorted by address, without those of
    /// `known`, which are sorted.
    fn translated_candidates(
        &self,
        translation: &Translation,
        known: &[PassageAddress],
        request: &Request,
    ) -> Result<Vec<PassageAddress>, SearchError> {
        let limit = candidates_per_leg(self.options, request);
        // Headings add nothing here, and take as long again.
        let text_only = FieldWeights { text: self.options.fields.text, heading: 0.0, senses: 0.0 };
        let found = self.snapshot.lexical(translation.weighted_terms(), text_only, &request.filter, limit)?;
        let mut found: Vec<PassageAddress> = found.into_iter().map(|found| found.address).collect();
        found.retain(|address| known.binary_search(address).is_err());
        found.sort_unstable();
        Ok(found)
    }

    /// Adds the coverage by words that papers use in place of those of the question.
    fn translate(&self, ranked: &mut [RankedPassage], translation: &Translation) -> Result<(), SearchError> {
        for (index, synonyms) in translation.of_terms() {
            let mut of_term: Vec<_> =
                ranked.iter_mut().map(|ranked| (ranked.address, &mut ranked.presence[index])).collect();
            let lacks_it = |presence| matches!(presence, Presence::Absent | Presence::Similar(_));
            for synonym in synonyms {
                self.replace(&mut of_term, lacks_it, synonym.term, Presence::Translated(*synonym))?;
            }
        }
        for ranked in ranked {
            ranked.scores.translated = self.query.coverage(&ranked.presence, Presence::translated_share);
        }
        Ok(())
    }

    /// BM25 of each term for each candidate. An abbreviation has 0 in papers that use it in another sense.
    fn term_scores(&self, addresses: &[PassageAddress]) -> Result<Vec<Vec<f32>>, SearchError> {
        let terms = self.query.terms();
        let mut scores = vec![vec![0.0; terms.len()]; addresses.len()];
        let spellings: Vec<&[QueryTerm]> = terms.iter().map(Term::spellings).collect();
        let by_term = self.snapshot.term_scores(&spellings, self.options.fields, addresses)?;
        for (index, of_term) in by_term.into_iter().enumerate() {
            scores.iter_mut().zip(of_term).for_each(|(scores, score)| scores[index] = score);
        }
        for (number, expanded) in self.expanded.iter().enumerate() {
            if !expanded.has_other_senses() {
                continue;
            }
            for (address, scores) in addresses.iter().zip(&mut scores) {
                if expanded.is_other_sense_of(self.snapshot.paper_key(*address)?) {
                    self.query.short_terms(number).iter().for_each(|term| scores[*term] = 0.0);
                }
            }
        }
        Ok(scores)
    }

    /// Whether each candidate has each term. In a hybrid search, fuzzy terms can replace the question's own.
    fn presence(
        &self,
        addresses: &[PassageAddress],
        term_scores: &[Vec<f32>],
        mode: Mode,
    ) -> Result<Vec<Vec<Presence>>, SearchError> {
        let exact = |score: &f32| if *score > 0.0 { Presence::Exact } else { Presence::Absent };
        let mut presence: Vec<Vec<Presence>> =
            term_scores.iter().map(|scores| scores.iter().map(exact).collect()).collect();
        for (index, term) in
            self.query.own_terms().iter().enumerate().filter(|(_, term)| term.is_written_in_two_forms())
        {
            let as_asked = self.snapshot.having(&term.text, addresses)?;
            for (presence, _) in presence.iter_mut().zip(as_asked).filter(|(_, as_asked)| !as_asked) {
                if presence[index] == Presence::Exact {
                    presence[index] = Presence::OtherForm;
                }
            }
        }
        if self.options.weights.fuzzy == 0.0 || mode != Mode::Hybrid {
            return Ok(presence);
        }
        for (index, term) in self.query.own_terms().iter().enumerate() {
            let mut of_term: Vec<_> =
                addresses.iter().copied().zip(presence.iter_mut().map(|presence| &mut presence[index])).collect();
            let lacks_it = |presence| presence == Presence::Absent;
            for similar in self.snapshot.fuzzy_terms(&term.text)?.iter() {
                self.replace(&mut of_term, lacks_it, &similar.term, Presence::Similar(similar.similarity))?;
            }
        }
        Ok(presence)
    }

    /// Sets the presence of a term to `found` in each passage that has the term `other` in its place, unless what it has already
    /// is not `lacking`. The passages must be sorted by address.
    fn replace(
        &self,
        of_term: &mut [(PassageAddress, &mut Presence)],
        lacking: fn(Presence) -> bool,
        other: &str,
        found: Presence,
    ) -> Result<(), SearchError> {
        let lacking: Vec<_> = of_term.iter_mut().filter(|(_, presence)| lacking(**presence)).collect();
        if lacking.is_empty() {
            return Ok(());
        }
        let addresses: Vec<PassageAddress> = lacking.iter().map(|(address, _)| *address).collect();
        let having = self.snapshot.having(other, &addresses)?;
        for ((_, presence), _) in lacking.into_iter().zip(having).filter(|(_, has)| *has) {
            **presence = found;
        }
        Ok(())
    }

    fn scored(&self, address: PassageAddress, term_scores: Vec<f32>, presence: Vec<Presence>) -> RankedPassage {
        let bm25: f32 = term_scores.iter().sum();
        let max_score = self.query.max_score();
        let coverage = self.query.coverage(&presence, Presence::exact_share);
        let scores = Scores {
            bm25,
            lexical: if max_score > 0.0 { (bm25 / max_score).min(1.0) } else { 0.0 },
            coverage,
            fuzzy: self.query.coverage(&presence, Presence::spelled_share) - coverage,
            ..Scores::default()
        };
        RankedPassage {
            address,
            scores,
            parts: Parts::default(),
            score: 0.0,
            sentence_cosines: Vec::new(),
            term_scores,
            presence,
            lexical_rank: None,
            vector_rank: None,
            place: Place::default(),
        }
    }

    /// Sets each candidate's score, its parts, and its feedback.
    fn fuse(&self, ranked: &mut [RankedPassage], mode: Mode) -> Result<(), SearchError> {
        let SearchOptions { fusion, weights, .. } = self.options;
        let (asks_for_fact, calibration) = (self.query.asks_for_fact, self.calibration);
        let ranker = Ranker { mode, fusion: *fusion, weights, asks_for_fact, calibration };
        let mut scores: Vec<Scores> = ranked.iter().map(|ranked| ranked.scores).collect();
        let addresses: Vec<PassageAddress> = ranked.iter().map(|ranked| ranked.address).collect();
        let cosines_with = |first: usize| {
            let first = self.snapshot.paragraph_vector(addresses[first])?;
            self.snapshot.paragraph_cosines(&addresses, &first)
        };
        let mut failure = None;
        let parts = ranker.parts(&mut scores, |first| {
            cosines_with(first).unwrap_or_else(|error| {
                failure = Some(error);
                Vec::new()
            })
        });
        if let Some(error) = failure {
            return Err(error.into());
        }
        for ((ranked, scores), parts) in ranked.iter_mut().zip(scores).zip(parts) {
            (ranked.scores, ranked.parts, ranked.score) = (scores, parts, parts.sum());
        }
        Ok(())
    }

    /// The terms that a candidate contains in place of terms of the question, in the question's order.
    pub(super) fn translated_terms(&self, ranked: &RankedPassage) -> Vec<TranslatedTerm> {
        let translated = |(term, presence): (&Term, &Presence)| match presence {
            Presence::Translated(Synonym { term: by, strength }) => {
                Some(TranslatedTerm { term: term.text.clone(), by, strength: *strength })
            }
            _ => None,
        };
        self.query.own_terms().iter().zip(&ranked.presence).filter_map(translated).collect()
    }

    /// The terms that a candidate contains, highest scores first.
    pub(super) fn matched_terms(&self, ranked: &RankedPassage) -> Vec<TermMatch> {
        let expands = |origin: Origin| match origin {
            Origin::Question => None,
            Origin::Expansion(number) => Some(self.expanded.get(number)?.shown.short.clone()),
        };
        let matched = self.query.terms().iter().zip(&ranked.term_scores).filter(|(_, score)| **score > 0.0);
        let mut matched: Vec<TermMatch> = matched
            .map(|(term, score)| TermMatch {
                term: term.text.clone(),
                weight: term.weight,
                idf: term.idf,
                score: *score,
                expands: expands(term.origin),
            })
            .collect();
        matched.sort_by(|a, b| b.score.total_cmp(&a.score));
        matched
    }
}

fn number_ranks(ranked: &mut [RankedPassage]) {
    let scores: Vec<Scores> = ranked.iter().map(|ranked| ranked.scores).collect();
    let from_one = |rank: Option<usize>| rank.map(|rank| rank + 1);
    let lexical = ranks(&scores, |scores| scores.bm25);
    let vector = ranks(&scores, |scores| scores.paragraph);
    for ((ranked, lexical), vector) in ranked.iter_mut().zip(lexical).zip(vector) {
        (ranked.lexical_rank, ranked.vector_rank) = (from_one(lexical), from_one(vector));
    }
}

/// Sorts passages of equal scores by their ids, which do not depend on the order of indexing.
fn sort_by_id(snapshot: &Snapshot, ties: &mut [RankedPassage]) -> Result<(), SearchError> {
    if ties.len() > 1 {
        let mut ids = BTreeMap::new();
        for tie in ties.iter() {
            ids.insert(tie.address, snapshot.passage_id(tie.address)?);
        }
        ties.sort_by(|a, b| ids[&a.address].cmp(&ids[&b.address]));
    }
    Ok(())
}

/// The part of the ranked passages that is returned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    /// Number of passages to skip.
    pub(super) offset: usize,
    /// Maximum number of passages to return.
    pub(super) limit: usize,
    /// Maximum number of passages of one paper, including skipped ones.
    pub(super) per_paper: usize,
}

/// The passages of one page, without those that `is_hit` rejects. Only ties that may be on it are sorted by id: a
/// question with few words has many ties in a large index, and each needs a lookup.
pub(super) fn page(
    snapshot: &Snapshot,
    ranked: &mut [RankedPassage],
    page: Page,
    is_hit: impl Fn(PassageAddress) -> Result<bool, SearchError>,
) -> Result<Vec<RankedPassage>, SearchError> {
    let mut of_paper: HashMap<PaperKey, usize> = HashMap::new();
    let mut shown = Vec::new();
    let mut skipped = 0;
    for ties in ranked.chunk_by_mut(|a, b| (a.place, a.score) == (b.place, b.score)) {
        if shown.len() >= page.limit {
            break;
        }
        sort_by_id(snapshot, ties)?;
        for candidate in ties.iter() {
            if !is_hit(candidate.address)? {
                continue;
            }
            let count = of_paper.entry(snapshot.paper_key(candidate.address)?).or_default();
            *count += 1;
            if *count > page.per_paper {
                continue;
            }
            if skipped < page.offset {
                skipped += 1;
                continue;
            }
            shown.push(candidate.clone());
            if shown.len() == page.limit {
                break;
            }
        }
    }
    Ok(shown)
}
