//! The queue of the model's threads. Questions come before passages.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{EmbedError, UnitVector};

/// Tokenised texts that are embedded together, and the receiver of their vectors.
#[derive(Debug)]
pub(super) struct Job {
    /// The caller's number of this job, which is returned with the vectors.
    pub(super) number: usize,
    pub(super) sequences: Vec<Vec<u32>>,
    pub(super) reply: SyncSender<(usize, Result<Vec<UnitVector>, EmbedError>)>,
}

/// A queue with two priorities: questions come before passages. Waiting questions are batched and divided among the threads.
#[derive(Debug)]
pub(super) struct Queue {
    /// Number of threads that take jobs.
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

/// Maximum number of questions in one batch. With more, the latency of the first grows more than the others gain.
const MAX_QUESTIONS: usize = 16;

impl Queue {
    /// An empty queue for `threads` threads.
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

    /// Blocks until there is work: this thread's share of the waiting questions, up to a maximum, else one job of
    /// passages. `None` when the queue is closed and empty.
    pub(super) fn take(&self) -> Option<Vec<Job>> {
        let mut waiting = self.lock();
        loop {
            if !waiting.questions.is_empty() {
                let count = waiting.questions.len().div_ceil(self.threads).min(MAX_QUESTIONS);
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

    /// Closes the queue: threads end when it is empty.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Locks the lists and ignores poisoning: no operation leaves them in an inconsistent state.
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
