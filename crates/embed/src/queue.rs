//! The queue of the model's threads. Questions come before passages.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::halves::Half;
use super::{EmbedError, UnitVector};

/// Tokenised texts that are embedded together, and the receiver of their vectors.
#[derive(Debug)]
pub(super) struct Job {
    /// The caller's number of this job, which is returned with the vectors.
    pub(super) number: usize,
    pub(super) sequences: Vec<Vec<u32>>,
    pub(super) reply: SyncSender<(usize, Result<Vec<UnitVector>, EmbedError>)>,
}

/// What a thread does next.
#[derive(Debug)]
pub(super) enum Work {
    Questions(Vec<Job>),
    Passages(Job),
    /// Half of a text whose other half another thread computes at the same time.
    Half(Half),
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
    /// Never more than idle threads.
    halves: Vec<Half>,
    /// Number of threads that wait for work.
    idle: usize,
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

    /// Gives half of a text to an idle thread, or returns it if there is none.
    pub(super) fn offer(&self, half: Half) -> Result<(), Half> {
        let mut waiting = self.lock();
        if waiting.halves.len() >= waiting.idle {
            return Err(half);
        }
        waiting.halves.push(half);
        drop(waiting);
        self.changed.notify_one();
        Ok(())
    }

    /// Blocks until there is work: half of a text, for which another thread waits already, else this thread's share of
    /// the waiting questions, up to a maximum, else one job of passages. `None` when the queue is closed and empty.
    pub(super) fn take(&self) -> Option<Work> {
        let mut waiting = self.lock();
        loop {
            if let Some(half) = waiting.halves.pop() {
                return Some(Work::Half(half));
            }
            if !waiting.questions.is_empty() {
                let count = waiting.questions.len().div_ceil(self.threads).min(MAX_QUESTIONS);
                return Some(Work::Questions(waiting.questions.drain(..count).collect()));
            }
            if let Some(job) = waiting.passages.pop_front() {
                return Some(Work::Passages(job));
            }
            if waiting.closed {
                return None;
            }
            waiting.idle += 1;
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            waiting.idle -= 1;
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
    use super::super::prefix::TextSize;
    use super::*;

    fn job(number: usize) -> Job {
        Job { number, sequences: Vec::new(), reply: std::sync::mpsc::sync_channel(1).0 }
    }

    fn numbers(work: Option<Work>) -> Option<Vec<usize>> {
        work.map(|work| match work {
            Work::Questions(jobs) => jobs.iter().map(|job| job.number).collect(),
            Work::Passages(job) => vec![job.number],
            Work::Half(_) => Vec::new(),
        })
    }

    #[test]
    fn only_an_idle_thread_is_given_a_half() {
        let queue = Queue::new(2);
        let [first, second] = Half::both(vec![0.0; 2], TextSize { tokens: 2, prefix: 0 }, 1);
        let second = queue.offer(second).expect_err("no thread is idle");
        std::thread::scope(|scope| {
            let idle = scope.spawn(|| queue.take());
            while queue.lock().idle == 0 {
                std::thread::yield_now();
            }
            queue.offer(second).expect("a thread is idle");
            // It is not idle any more for another half, though it may not be awake yet.
            queue.offer(first).expect_err("the thread has a half");
            assert!(matches!(idle.join().expect("no panic"), Some(Work::Half(_))));
        });
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
