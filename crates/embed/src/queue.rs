//! Work for the model's threads: questions before passages.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{EmbedError, UnitVector};

/// Tokenised texts that go through the model together, and where their vectors go.
#[derive(Debug)]
pub(super) struct Job {
    /// The caller's number for this job, given back with the vectors.
    pub(super) number: usize,
    pub(super) sequences: Vec<Vec<u32>>,
    pub(super) reply: SyncSender<(usize, Result<Vec<UnitVector>, EmbedError>)>,
}

/// A priority queue of two classes: questions go before passages. Waiting questions are batched, and divided among the
/// threads.
#[derive(Debug)]
pub(super) struct Queue {
    /// Threads that take from it.
    threads: usize,
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    questions: VecDeque<Job>,
    passages: VecDeque<Job>,
    closed: bool,
}

/// Questions in one batch, at most. Beyond this the latency of the first grows more than the others gain.
const QUESTIONS_AT_ONCE: usize = 16;

impl Queue {
    /// An empty queue for so many threads.
    pub(super) fn new(threads: usize) -> Self {
        Self { threads: threads.max(1), waiting: Mutex::default(), changed: Condvar::new() }
    }

    pub(super) fn push_question(&self, job: Job) {
        self.lock().questions.push_back(job);
        self.changed.notify_one();
    }

    pub(super) fn push_passages(&self, job: Job) {
        self.lock().passages.push_back(job);
        self.changed.notify_one();
    }

    /// Blocks until there is work: this thread's share of the waiting questions, up to a bound, else one job of passages. `None`
    /// once closed and empty.
    pub(super) fn take(&self) -> Option<Vec<Job>> {
        let mut waiting = self.lock();
        loop {
            if !waiting.questions.is_empty() {
                let count = waiting.questions.len().div_ceil(self.threads).min(QUESTIONS_AT_ONCE);
                return Some(waiting.questions.drain(..count).collect());
            }
            if let Some(job) = waiting.passages.pop_front() {
                return Some(vec![job]);
            }
            if waiting.closed {
                return None;
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets the threads end once the queue is empty.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Ignores poisoning: no operation leaves the lists half changed.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(number: usize) -> Job {
        Job { number, sequences: Vec::new(), reply: std::sync::mpsc::sync_channel(1).0 }
    }

    fn numbers(jobs: Option<Vec<Job>>) -> Option<Vec<usize>> {
        jobs.map(|jobs| jobs.iter().map(|job| job.number).collect())
    }

    #[test]
    fn threads_share_the_questions_out() {
        let queue = Queue::new(2);
        (1..=3).for_each(|number| queue.push_question(job(number)));
        assert_eq!(numbers(queue.take()), Some(vec![1, 2]));
        assert_eq!(numbers(queue.take()), Some(vec![3]));
    }

    #[test]
    fn questions_overtake_passages_and_go_together() {
        let queue = Queue::new(1);
        queue.push_passages(job(1));
        queue.push_question(job(2));
        queue.push_question(job(3));
        queue.close();
        assert_eq!(numbers(queue.take()), Some(vec![2, 3]));
        assert_eq!(numbers(queue.take()), Some(vec![1]));
        assert_eq!(numbers(queue.take()), None);
    }
}
