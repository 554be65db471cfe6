//! An analysed question: its words, its conditions, and the papers that it names.

use std::collections::HashSet;

use super::answer::{
    ConditionInForce, Correction, Evidence, Explanation, Hit, Interpretation, NameKind, NamedPaper, Summary,
    SummarySentence,
};
use super::conditions::Conditions;
use super::error::SearchError;
use super::evidence::{evidence, highlights};
use super::lookups::lookups;
use super::named::{Citing, Named, SHORTEST_TITLE, is_titled};
use super::phrase::Phrase;
use super::ranking::{Leading, Page, PreparedQuery, RankedPassage, page};
use super::request::{Reading, Request};
use super::spelling::{corrected, for_model};
use super::summary::{Refusal, pronoun};
use super::syntax::{Condition, ConditionKind, NotUnderstood, ParsedQuestion, parse};
use crate::corpus::plain_words;
use crate::embed::Embedder;
use crate::store::analyzer::words_among;
use crate::store::{Filter, IndexError, PaperKey, PassageAddress, PassageRecord, Snapshot};

/// An analysed question.
#[derive(Debug, Default)]
pub(super) struct Question {
    /// The words to search for.
    pub(super) text: String,
    /// The same words for the model, in American spelling if no paper has the British one.
    pub(super) for_model: String,
    /// The conditions that passages must meet; `None` if nothing can meet them.
    pub(super) filter: Option<Filter>,
    pub(super) named: Named,
    conditions: Conditions,
    phrases: Vec<Phrase>,
    spelling: Vec<Correction>,
    not_understood: Vec<NotUnderstood>,
    /// Whether titles are searched for among the hits.
    may_have_title: bool,
}

/// Maximum number of papers that are listed for conditions without a question.
const MAX_LISTED: usize = 50;
/// Maximum number of sentences that are shown for a cited study.
const MAX_CITING_SENTENCES: usize = 5;

impl Question {
    /// Reads the question of a request in the way that the request specifies.
    ///
    /// # Errors
    /// [`SearchError::EmptyQuestion`] and [`SearchError::NoWords`]; if the index cannot be read.
    pub(super) fn read(
        request: &Request,
        snapshot: &Snapshot,
        embedder: Option<&dyn Embedder>,
    ) -> Result<Self, SearchError> {
        snapshot.prefetch(|| lookups(&request.question))?;
        if request.reading != Reading::Syntax {
            return Self::of_words(request, snapshot, embedder);
        }
        let ParsedQuestion { text, conditions, not_understood } = parsed(&request.question, snapshot)?;
        let mut read = Self { text, not_understood, ..Self::default() };
        read.set_conditions(request, &conditions, snapshot)?;
        if !read.text.contains(char::is_alphanumeric) {
            return read.without_words(snapshot);
        }
        read.named = Named::find(&read.text, snapshot)?;
        if let Some(filter) = &read.filter {
            read.named.restrict(filter, snapshot)?;
        }
        if read.named.is_empty() {
            read.may_have_title = plain_words(&read.text).len() >= SHORTEST_TITLE;
        }
        if !read.named.is_only_name {
            read.correct(snapshot, embedder)?;
        }
        read.for_model = for_model(&read.text, snapshot)?;
        Ok(read)
    }

    /// Treats the question of a request as words only, without conditions and names.
    pub(super) fn of_words(
        request: &Request,
        snapshot: &Snapshot,
        embedder: Option<&dyn Embedder>,
    ) -> Result<Self, SearchError> {
        if request.question.trim().is_empty() {
            return Err(SearchError::EmptyQuestion);
        }
        let mut read = Self { text: request.question.clone(), ..Self::default() };
        read.set_conditions(request, &[], snapshot)?;
        if request.reading == Reading::Verbatim {
            read.for_model.clone_from(&read.text);
        } else {
            read.correct(snapshot, embedder)?;
            read.for_model = for_model(&read.text, snapshot)?;
        }
        Ok(read)
    }

    fn set_conditions(
        &mut self,
        request: &Request,
        of_question: &[Condition],
        snapshot: &Snapshot,
    ) -> Result<(), IndexError> {
        let (asked, labels) = (&request.filter, &request.labels);
        if asked.is_empty() && labels.is_empty() && of_question.is_empty() {
            self.filter = Some(Filter::default());
            return Ok(());
        }
        self.conditions = Conditions::resolve(asked, labels, of_question, snapshot, &mut self.not_understood)?;
        self.filter = self.conditions.filter();
        self.phrases = self.conditions.phrases.iter().map(|phrase| Phrase::new(phrase)).collect();
        Ok(())
    }

    fn correct(&mut self, snapshot: &Snapshot, embedder: Option<&dyn Embedder>) -> Result<(), IndexError> {
        (self.text, self.spelling) = corrected(&self.text, &self.conditions.phrases, snapshot, embedder)?;
        Ok(())
    }

    /// Handles conditions without words: a list of the papers that they select.
    fn without_words(mut self, snapshot: &Snapshot) -> Result<Self, SearchError> {
        if !self.conditions.names_papers() {
            let reasons: Vec<String> =
                self.not_understood.iter().map(|part| format!("{:?} ({})", part.typed, part.reason)).collect();
            return Err(if self.text.is_empty() && reasons.is_empty() && self.conditions.is_empty() {
                SearchError::EmptyQuestion
            } else {
                SearchError::NoWords { reasons }
            });
        }
        self.text.clear();
        self.named = Named { is_only_name: true, hides_others: true, ..Named::default() };
        let Some(filter) = &self.filter else { return Ok(self) };
        let papers = snapshot.newest_papers(&filter.of_papers(), MAX_LISTED + 1)?;
        self.named.is_cut = papers.len() > MAX_LISTED;
        for id in papers.into_iter().take(MAX_LISTED) {
            if let Some(paper) = snapshot.paper(&id)? {
                self.named.papers.push(NamedPaper { id: paper.id, metadata: paper.metadata, by: NameKind::Conditions });
            }
        }
        Ok(self)
    }

    /// Whether the model is needed.
    pub(super) fn needs_model(&self) -> bool {
        !self.named.hides_others
    }

    pub(super) fn may_have_title(&self) -> bool {
        self.may_have_title
    }

    /// The passages that rank first because the question names them or their paper. They are the same on each page, so
    /// that they can be counted.
    pub(super) fn leading(&self, snapshot: &Snapshot, request: &Request) -> Result<Leading, IndexError> {
        let mut leading = Leading::default();
        for paper in &self.named.papers {
            let limit = if paper.by == NameKind::Title { 1 } else { request.per_paper };
            leading.passages.extend(snapshot.first_passages(paper.id.as_str(), &request.filter, limit)?);
            leading.papers.push(PaperKey::from_id(paper.id.as_str()));
        }
        for Citing { address, .. } in &self.named.citing {
            let is_allowed = request.filter.is_empty() || {
                let paper = snapshot.paper_id(*address)?;
                snapshot.first_passages(&paper, &request.filter, usize::MAX)?.contains(address)
            };
            if is_allowed && !leading.passages.contains(address) {
                leading.passages.push(*address);
            }
        }
        Ok(leading)
    }

    pub(super) fn has_phrases(&self) -> bool {
        !self.phrases.is_empty()
    }

    /// Whether a passage contains the phrases word for word.
    pub(super) fn is_hit(&self, snapshot: &Snapshot, address: PassageAddress) -> Result<bool, SearchError> {
        if self.phrases.is_empty() {
            return Ok(true);
        }
        let text = snapshot.passage(address)?.passage.text;
        Ok(self.phrases.iter().all(|phrase| phrase.is_in(&text)))
    }

    /// Why the question is not answered, given the best of its passages; `None` if it is answered or nothing was found.
    pub(super) fn refusal(
        &self,
        prepared: &PreparedQuery<'_>,
        ranked: &[RankedPassage],
    ) -> Result<Option<Refusal>, SearchError> {
        if pronoun(&self.text).is_some() {
            return Ok(Some(Refusal::Vague));
        }
        for candidate in ranked {
            if self.is_hit(prepared.snapshot, candidate.address)? {
                return Ok(Refusal::from_scores(&candidate.scores, prepared.calibration));
            }
        }
        Ok(None)
    }

    /// The hits of one page with their addresses. `is_marked` selects whether evidence is marked.
    pub(super) fn hits(
        &self,
        prepared: &PreparedQuery<'_>,
        ranked: &mut [RankedPassage],
        shown: Page,
        is_marked: bool,
    ) -> Result<(Vec<Hit>, Vec<PassageAddress>), SearchError> {
        let shown = page(prepared.snapshot, ranked, shown, |address| self.is_hit(prepared.snapshot, address))?;
        let addresses: Vec<PassageAddress> = shown.iter().map(|ranked| ranked.address).collect();
        let records = prepared.snapshot.passages(&addresses)?;
        let hit = |(ranked, record)| self.hit(prepared, ranked, record, is_marked);
        Ok((shown.into_iter().zip(records).map(hit).collect(), addresses))
    }

    fn hit(&self, prepared: &PreparedQuery<'_>, ranked: RankedPassage, record: PassageRecord, is_marked: bool) -> Hit {
        let matches = prepared.query.matches(&record.passage.text);
        let scale = prepared.calibration.sentence;
        let citing = self.named.citing.iter().filter(|citing| citing.address == ranked.address);
        let sentences =
            citing.filter_map(|citing| Some((citing.sentence, record.passage.sentences.get(citing.sentence)?)));
        let citing = sentences.map(|(number, sentence)| Evidence {
            range: sentence.range.clone(),
            score: 1.0,
            cosine: 0.0,
            coverage: 0.0,
            sentence: number,
        });
        let mut marked: Vec<Evidence> = citing.collect();
        if marked.is_empty() && is_marked {
            marked = evidence(&record.passage, &ranked.sentence_cosines, scale, &prepared.query, &matches);
        }
        let translated = prepared.translated_terms(&ranked);
        let by: Vec<&str> = translated.iter().map(|translated| translated.by).collect();
        let in_place = if by.is_empty() { Vec::new() } else { words_among(&record.passage.text, by.iter().copied()) };
        let in_place = in_place.into_iter().filter(|word| by.contains(&word.term.as_str())).map(|word| word.range);
        Hit {
            score: ranked.score,
            scores: ranked.scores,
            evidence: marked,
            highlights: highlights(matches.into_iter().map(|found| found.range).chain(in_place)),
            explanation: Explanation {
                parts: ranked.parts,
                lexical_rank: ranked.lexical_rank,
                vector_rank: ranked.vector_rank,
                terms: prepared.matched_terms(&ranked),
                translated,
            },
            record,
        }
    }

    /// The papers of hits whose title the question contains.
    pub(super) fn titled(&self, hits: &[Hit]) -> Vec<NamedPaper> {
        let words = plain_words(&self.text);
        let mut seen = HashSet::new();
        let papers = hits.iter().map(|hit| &hit.record).filter(|record| seen.insert(record.paper.as_str()));
        let titled = papers.filter(|record| is_titled(&words, &record.metadata));
        titled
            .map(|record| NamedPaper {
                id: record.paper.clone(),
                metadata: record.metadata.clone(),
                by: NameKind::Title,
            })
            .collect()
    }

    /// Adds the papers and studies that the question names to the answer. Replaces an abstention.
    pub(super) fn add_names(&self, summary: &mut Summary, titled: Vec<NamedPaper>, hits: &[Hit]) {
        summary.papers = self.named.papers.iter().cloned().chain(titled).collect();
        summary.studies.clone_from(&self.named.studies);
        if summary.papers.is_empty() && summary.studies.is_empty() {
            return;
        }
        (summary.abstained, summary.reason) = (false, None);
        summary.suggestions.clear();
        if !summary.studies.is_empty() {
            let cites = |hit: &&Hit| self.named.citing.iter().any(|citing| citing.passage == hit.record.passage.id);
            let mut papers = HashSet::new();
            let of_papers = hits.iter().filter(cites).filter(|hit| papers.insert(hit.record.paper.as_str()));
            let citing = of_papers.filter_map(|hit| Some(SummarySentence::new(hit, hit.evidence.first()?)));
            let mut sentences: Vec<SummarySentence> = citing.take(MAX_CITING_SENTENCES).collect();
            // A title is also a topic, which has an answer.
            let is_new = |one: &SummarySentence| sentences.iter().all(|citing| citing.text != one.text);
            let others: Vec<SummarySentence> = summary.sentences.drain(..).filter(is_new).collect();
            sentences.extend(others);
            summary.sentences = sentences;
        }
    }

    /// How the question was interpreted, without abbreviations.
    pub(super) fn interpretation(&self) -> Interpretation {
        Interpretation {
            text: self.text.clone(),
            conditions: self.conditions.in_force(),
            spelling: self.spelling.clone(),
            not_understood: self.not_understood.clone(),
            abbreviations: Vec::new(),
        }
    }

    /// The conditions, and a message that says why nothing was found.
    pub(super) fn why_nothing(&self, snapshot: &Snapshot) -> Result<(Vec<ConditionInForce>, String), IndexError> {
        if snapshot.counts().passages == 0 {
            return Ok((self.conditions.in_force(), "the index is empty: no paper is indexed".to_owned()));
        }
        if let Some(identifier) = &self.named.unknown {
            return Ok((self.conditions.in_force(), format!("no paper here is {identifier}, and none cites it")));
        }
        if let Some(filter) = self.filter.as_ref().filter(|_| self.named.is_excluded)
            && snapshot.count_passages(filter)? > 0
        {
            let reason = "the paper that the question names does not meet the conditions".to_owned();
            return Ok((self.conditions.in_force(), reason));
        }
        match self.conditions.is_empty() {
            true => Ok((Vec::new(), "no paragraph matches this question".to_owned())),
            false => self.conditions.blamed(snapshot),
        }
    }
}

/// Parses a question. An identifier that stands alone names a paper and is not a condition; the same holds for
/// quotation marks and for words like "section:" within a title.
fn parsed(question: &str, snapshot: &Snapshot) -> Result<ParsedQuestion, IndexError> {
    let mut parsed = parse(question);
    if parsed.text.is_empty()
        && let [Condition { kind: ConditionKind::Identifier(name), .. }] = parsed.conditions.as_slice()
    {
        parsed.text = name.clone();
        parsed.conditions.clear();
    }
    let has_phrase = parsed.conditions.iter().any(|condition| matches!(condition.kind, ConditionKind::Phrase(_)));
    let may_be_title = (has_phrase && has_text_around_phrases(&parsed)) || !parsed.not_understood.is_empty();
    if may_be_title && Named::is_title(question, snapshot)? {
        return Ok(ParsedQuestion { text: question.to_owned(), ..ParsedQuestion::default() });
    }
    Ok(parsed)
}

/// Whether the question has words outside of its phrases.
fn has_text_around_phrases(parsed: &ParsedQuestion) -> bool {
    let phrases = parsed.conditions.iter().filter_map(|condition| match &condition.kind {
        ConditionKind::Phrase(phrase) => Some(plain_words(phrase).len()),
        _ => None,
    });
    plain_words(&parsed.text).len() > phrases.sum()
}
