//! The queue of the model's threads. Questions come before passages.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::encoder::Share;
use super::{EmbedError, UnitVector};

/// Tokenised texts that are embedded together, and the receiver of their vectors.
#[derive(Debug)]
pub(super) struct Job {
    /// The caller's number of this job, which is returned with the vectors.
    pub(super) number: usize,
    pub(super) sequences: Vec<Vec<u32>>,
    /// Set when the caller does nothing but wait, so that it can compute a share.
    pub(super) is_awaited: Arc<AtomicBool>,
    pub(super) reply: SyncSender<Reply>,
}

/// What a caller receives.
#[derive(Debug)]
pub(super) enum Reply {
    /// The vectors of the job with this number. They are the last that is sent for it.
    Vectors(usize, Result<Vec<UnitVector>, EmbedError>),
    /// A share of the computation, for the caller.
    Share(Share),
}

impl Job {
    pub(super) fn is_awaited(&self) -> bool {
        self.is_awaited.load(Ordering::Acquire)
    }
}

/// What a thread does next.
#[derive(Debug)]
pub(super) enum Work {
    Questions(Vec<Job>),
    Passages(Job),
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

    /// Whether a thread waits for work. Then a processor is probably free too.
    pub(super) fn has_idle_thread(&self) -> bool {
        self.lock().idle > 0
    }

    /// Blocks until there is work: this thread's share of the waiting questions, up to a maximum, else one job of passages.
    /// `None` when the queue is closed and empty.
    pub(super) fn take(&self) -> Option<Work> {
        let mut waiting = self.lock();
        loop {
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
    use super::*;

    fn job(number: usize) -> Job {
        Job { number, sequences: Vec::new(), is_awaited: Arc::default(), reply: std::sync::mpsc::sync_channel(1).0 }
    }

    fn numbers(work: Option<Work>) -> Option<Vec<usize>> {
        work.map(|work| match work {
            Work::Questions(jobs) => jobs.iter().map(|job| job.number).collect(),
            Work::Passages(job) => vec![job.number],
        })
    }

    #[test]
    fn a_thread_is_idle_while_it_waits() {
        let queue = Queue::new(2);
        assert!(!queue.has_idle_thread());
        std::thread::scope(|scope| {
            let idle = scope.spawn(|| queue.take());
            while !queue.has_idle_thread() {
                std::thread::yield_now();
            }
            queue.push_question(job(1));
            assert_eq!(numbers(idle.join().expect("no panic")), Some(vec![1]));
        });
        assert!(!queue.has_idle_thread());
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
