//! What a paper's own document says of its passages, and how a writer makes it his.
//!
//! The invariant on which readers rely: *a paper's document without the field `writing` has exactly the passages of its
//! generation in the shard.* A writer marks the document before it writes passages, and removes the mark after it has
//! removed those of the former version. Changes of one shard become visible in their order, so that whoever sees a
//! passage of a new version also sees the mark.
//!
//! The mark names the version that is written, and until when its writer may be alive. A writer whose process was killed
//! is followed by the next one after that time.

use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ureq::http::Method;

use super::bulk::{Bulk, Outcome, Version, write_alias};
use super::client::{Client, Copies, Patience};
use super::document::{paper_document_id, passage_document_id};
use super::error::ClusterError;
use super::mapping::kind;
use crate::store::PaperKey;

/// How long a writer may be silent: embedding the passages of one request takes seconds.
const LEASE: Duration = Duration::from_secs(60);

/// How long a writer waits for another one that writes the same paper.
const LONGEST_WAIT: Duration = Duration::from_secs(90);

const WAIT: Duration = Duration::from_millis(500);

/// What a paper's document says of its passages.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct PaperState {
    #[serde(flatten)]
    pub(super) version: Version,
    #[serde(default, rename = "_source")]
    pub(super) source: PaperSource,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct PaperSource {
    /// The complete version; `None` for a new paper, and for one that is being removed.
    pub(super) generation: Option<String>,
    #[serde(default)]
    pub(super) passages: u32,
    #[serde(default)]
    pub(super) content: i64,
    /// The version that is being written.
    pub(super) writing: Option<String>,
    pub(super) lease: Option<i64>,
}

/// A paper that this process writes.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) paper: String,
    /// The version that is written.
    pub(super) generation: String,
    /// The paper's document as it is now.
    pub(super) version: Version,
    /// The paper's document when it was claimed. What has a higher sequence number in its shard was written later.
    since: u64,
    /// When the lease was renewed last.
    renewed: Instant,
    /// The complete version that it had before.
    pub(super) former: Option<Former>,
    /// Whether a killed writer may have left passages of other versions.
    pub(super) has_leftovers: bool,
}

/// A complete version of a paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Former {
    pub(super) generation: String,
    /// One more than the highest ordinal.
    pub(super) passages: u32,
}

/// Milliseconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The end of a lease that begins now.
pub(super) fn lease() -> i64 {
    now() + LEASE.as_millis() as i64
}

impl PaperSource {
    /// The complete version.
    pub(super) fn complete(&self) -> Option<Former> {
        let generation = self.generation.clone()?;
        Some(Former { generation, passages: self.passages })
    }

    /// Whether a writer that may be alive has marked it.
    pub(super) fn is_taken(&self) -> bool {
        self.writing.is_some() && self.lease.is_some_and(|lease| lease > now())
    }
}

/// What a writer sees of one index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Papers<'a> {
    pub(super) client: &'a Client,
    pub(super) index: &'a str,
}

impl Papers<'_> {
    /// The state of a paper, with all changes up to now; `None` if there is no such paper.
    pub(super) fn state(&self, paper: &str) -> Result<Option<PaperState>, ClusterError> {
        let (index, id, routing) = (self.index, quoted(&paper_document_id(paper)), quoted(paper));
        let fields = "generation,passages,content,writing,lease";
        self.client.get(
            &format!("/{index}/_doc/{id}?routing={routing}&_source_includes={fields}"),
            Copies::Any,
            Patience::Write,
        )
    }

    /// Marks a paper as written by this process. Waits for another writer.
    ///
    /// # Errors
    /// [`ClusterError::Conflict`] if another writer goes on writing the paper.
    pub(super) fn claim(&self, paper: &str) -> Result<Claim, ClusterError> {
        let generation = new_generation();
        let until = now() + LONGEST_WAIT.as_millis() as i64;
        let id = paper_document_id(paper);
        let mark = json!({"writing": generation, "lease": lease()});
        loop {
            let state = self.state(paper)?;
            let (outcome, former, has_leftovers) = match &state {
                // An earlier attempt of this request, whose answer was lost.
                Some(own) if own.source.writing.as_deref() == Some(&generation) => {
                    (Outcome::Done(own.version), own.source.complete(), false)
                }
                Some(other) if other.source.is_taken() => {
                    wait_for_writer(paper, until)?;
                    continue;
                }
                Some(free) => {
                    let update = |bulk: &mut Bulk| bulk.update(&id, paper, &mark, Some(free.version));
                    let outcome = self.client.write(self.index, update)?;
                    (outcome, free.source.complete(), free.source.writing.is_some())
                }
                None => {
                    let key = PaperKey::from_id(paper).to_signed();
                    let new = json!({
                        "kind": kind::PAPER, "id": paper, "paper": paper, "paper_key": key,
                        "writing": generation, "lease": lease(),
                    });
                    (self.client.write(self.index, |bulk| bulk.create(&id, paper, &new))?, None, false)
                }
            };
            if let Outcome::Done(version) = outcome {
                let (paper, since) = (paper.to_owned(), version.sequence);
                return Ok(Claim { paper, generation, version, since, renewed: Instant::now(), former, has_leftovers });
            }
        }
    }

    /// Writes a paper's document anew; `document` makes it from what the document says of the passages, or without if
    /// there is no such paper. Waits for another writer.
    ///
    /// # Errors
    /// [`ClusterError::Conflict`] if another writer goes on writing the paper.
    pub(super) fn rewrite<T: Serialize, E: From<ClusterError>>(
        &self,
        paper: &str,
        document: impl Fn(Option<&PaperSource>) -> Result<T, E>,
    ) -> Result<(), E> {
        let until = now() + LONGEST_WAIT.as_millis() as i64;
        let id = paper_document_id(paper);
        loop {
            let state = self.state(paper)?;
            match &state {
                Some(taken) if taken.source.is_taken() => {
                    wait_for_writer(paper, until)?;
                    continue;
                }
                Some(left) if left.source.writing.is_some() => {
                    self.finish(paper)?;
                    continue;
                }
                _ => {}
            }
            let new = document(state.as_ref().map(|state| &state.source))?;
            let write = |bulk: &mut Bulk| match &state {
                Some(state) => bulk.index(&id, paper, &new, Some(state.version)),
                None => bulk.create(&id, paper, &new),
            };
            // Otherwise the document has changed meanwhile, and is written once more.
            if let Outcome::Done(_) = self.client.write(self.index, write)? {
                return Ok(());
            }
        }
    }

    /// Says that the writer is alive.
    ///
    /// # Errors
    /// [`ClusterError::Conflict`] if another writer has taken over.
    pub(super) fn renew(&self, claim: &mut Claim) -> Result<(), ClusterError> {
        self.set(claim, &json!({"lease": lease()}))?;
        claim.renewed = Instant::now();
        Ok(())
    }

    /// Writes passages of a paper, as long as the paper is this process's: each attempt ends before the lease does.
    ///
    /// # Errors
    /// [`ClusterError::Conflict`] if another writer has taken over.
    pub(super) fn write_passages(&self, claim: &mut Claim, passages: &Bulk) -> Result<(), ClusterError> {
        let (_, mut backoff) = self.client.limits(Patience::Write);
        loop {
            if claim.renewed.elapsed() > LEASE / 4 {
                self.renew(claim)?;
            }
            match self.client.bulk(self.index, passages, Patience::WriteUntil(claim.renewed + LEASE / 2)) {
                Err(error) if (error.is_transient() || error.is_unreachable()) && backoff.wait() => {
                    tracing::warn!(%error, paper = claim.paper, "passages are sent again");
                }
                result => return result.map(drop),
            }
        }
    }

    /// Says that the paper has the passages of its version and no others.
    pub(super) fn unmark(&self, claim: &mut Claim) -> Result<(), ClusterError> {
        self.set(claim, &json!({"writing": null, "lease": null}))
    }

    /// Sets fields of a paper's document.
    fn set(&self, claim: &mut Claim, fields: &Value) -> Result<(), ClusterError> {
        let id = paper_document_id(&claim.paper);
        let update = |bulk: &mut Bulk| bulk.update(&id, &claim.paper, fields, Some(claim.version));
        match self.client.write(self.index, update)? {
            Outcome::Done(version) => claim.version = version,
            _ => claim.version = self.own_version(claim)?,
        }
        Ok(())
    }

    /// The version of a document that a lost answer has changed.
    ///
    /// # Errors
    /// [`ClusterError::Conflict`] if it is not this process that changed it.
    pub(super) fn own_version(&self, claim: &Claim) -> Result<Version, ClusterError> {
        let own = self.state(&claim.paper)?.filter(|state| {
            let PaperSource { writing, generation, .. } = &state.source;
            [writing, generation].iter().any(|version| version.as_deref() == Some(&claim.generation))
        });
        own.map(|own| own.version).ok_or_else(|| ClusterError::Conflict { document: claim.paper.clone() })
    }

    /// Deletes the passages of one version.
    pub(super) fn delete_passages(&self, paper: &str, version: &Former) -> Result<(), ClusterError> {
        /// Deletions in one request.
        const AT_ONCE: u32 = 5_000;
        let Former { generation, passages } = version;
        for first in (0..*passages).step_by(AT_ONCE as usize) {
            let mut bulk = Bulk::default();
            for ordinal in first..(*passages).min(first + AT_ONCE) {
                bulk.delete(&passage_document_id(paper, ordinal, generation), paper, None)?;
            }
            self.client.bulk(self.index, &bulk, Patience::Write)?;
        }
        Ok(())
    }

    /// Deletes the passages of all versions but one that were written before the paper was claimed, whatever a killed
    /// writer left.
    pub(super) fn delete_leftovers(&self, claim: &Claim, keep: Option<&str>) -> Result<(), ClusterError> {
        self.refresh()?;
        let paper = claim.paper.as_str();
        let keep: Vec<Value> = keep.map(|generation| json!({"term": {"generation": generation}})).into_iter().collect();
        let query = json!({"query": {"bool": {
            "filter": [
                {"term": {"kind": kind::PASSAGE}},
                {"term": {"paper": paper}},
                {"range": {"_seq_no": {"lt": claim.since}}},
            ],
            "must_not": keep,
        }}});
        let (index, routing) = (write_alias(self.index), quoted(paper));
        let path = format!("/{index}/_delete_by_query?routing={routing}&conflicts=proceed");
        let answer: Value = self.client.call(Method::POST, &path, Some(&query), Patience::Write)?;
        match answer["failures"].as_array().is_none_or(Vec::is_empty) {
            true => Ok(()),
            false => Err(ClusterError::Unexpected(format!("leftovers of {paper} stay: {}", answer["failures"]))),
        }
    }

    /// Removes a paper with all its passages.
    pub(super) fn remove(&self, paper: &str) -> Result<(), ClusterError> {
        if self.state(paper)?.is_none() {
            return Ok(());
        }
        let mut claim = self.claim(paper)?;
        self.set(&mut claim, &json!({"generation": null}))?;
        if let Some(former) = claim.former.take() {
            self.delete_passages(paper, &former)?;
        }
        if claim.has_leftovers {
            self.delete_leftovers(&claim, None)?;
        }
        self.forget(&claim)
    }

    /// Deletes a paper's own document, after its passages.
    pub(super) fn forget(&self, claim: &Claim) -> Result<(), ClusterError> {
        let id = paper_document_id(&claim.paper);
        let outcome = self.client.write(self.index, |bulk| bulk.delete(&id, &claim.paper, Some(claim.version)))?;
        match outcome {
            Outcome::Conflict if self.state(&claim.paper)?.is_some() => {
                Err(ClusterError::Conflict { document: claim.paper.clone() })
            }
            _ => Ok(()),
        }
    }

    /// Brings a paper whose writer was killed to the version that is complete. Returns whether there was something to
    /// do.
    pub(super) fn finish(&self, paper: &str) -> Result<bool, ClusterError> {
        let Some(state) = self.state(paper)? else { return Ok(false) };
        if state.source.writing.is_none() || state.source.is_taken() {
            return Ok(false);
        }
        self.keep_complete(paper)?;
        Ok(true)
    }

    /// Deletes all passages of a paper but those of its complete version. Waits for another writer.
    pub(super) fn keep_complete(&self, paper: &str) -> Result<(), ClusterError> {
        let claim = self.claim(paper)?;
        self.delete_all_but_former(&claim)?;
        self.give_back(claim)
    }

    /// Deletes the passages that a killed writer left beside those of the complete version that the paper had before.
    pub(super) fn delete_all_but_former(&self, claim: &Claim) -> Result<(), ClusterError> {
        self.delete_leftovers(claim, claim.former.as_ref().map(|former| former.generation.as_str()))
    }

    /// Leaves a paper as it was before it was claimed, after all other passages were deleted.
    pub(super) fn give_back(&self, mut claim: Claim) -> Result<(), ClusterError> {
        match &claim.former {
            Some(_) => self.unmark(&mut claim),
            None => self.forget(&claim),
        }
    }

    /// Makes all changes visible.
    pub(super) fn refresh(&self) -> Result<(), ClusterError> {
        let (_, mut backoff) = self.client.limits(Patience::Write);
        loop {
            match self.refresh_once() {
                // A shard that starts, moves or ends refuses this with errors of many kinds.
                Err(ClusterError::Refused { status: 500.., .. } | ClusterError::Shards { .. }) if backoff.wait() => {}
                result => return result,
            }
        }
    }

    fn refresh_once(&self) -> Result<(), ClusterError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(rename = "_shards")]
            shards: super::search::Shards,
        }
        let path = format!("/{}/_refresh", self.index);
        let answer: Answer = self.client.call(Method::POST, &path, None::<&()>, Patience::Write)?;
        answer.shards.check()
    }
}

/// The name of a new version of a paper.
pub(super) fn new_generation() -> String {
    format!("{:016x}", fastrand::u64(..))
}

fn wait_for_writer(paper: &str, until: i64) -> Result<(), ClusterError> {
    if now() > until {
        return Err(ClusterError::Conflict { document: paper.to_owned() });
    }
    tracing::debug!(paper, "waiting for another writer of the paper");
    std::thread::sleep(WAIT);
    Ok(())
}

/// A part of a path.
pub(super) fn quoted(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
