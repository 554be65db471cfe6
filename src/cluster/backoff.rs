//! How long to wait before a request is tried again: exponential back-off with full jitter, so that the processes that a
//! node refused do not come back all at once (Brooker, 2015).

use std::time::{Duration, Instant};

const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The waits between the attempts of one request, up to a deadline.
#[derive(Debug)]
pub(super) struct Backoff {
    deadline: Instant,
    longest: Duration,
}

impl Backoff {
    pub(super) fn until(deadline: Instant) -> Self {
        Self { deadline, longest: FIRST_WAIT }
    }

    /// The time that is left.
    pub(super) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Waits before the next attempt. Returns false, without waiting, if the deadline would pass.
    pub(super) fn wait(&mut self) -> bool {
        let wait = self.next(fastrand::f64());
        if wait >= self.left() {
            return false;
        }
        std::thread::sleep(wait);
        true
    }

    /// The next wait, for a random number below 1.
    fn next(&mut self, random: f64) -> Duration {
        let wait = self.longest.mul_f64(random);
        self.longest = (self.longest * 2).min(LONGEST_WAIT);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let mut backoff = Backoff::until(Instant::now());
        assert_eq!(backoff.next(0.0), Duration::ZERO);
        assert_eq!(backoff.next(0.5), FIRST_WAIT);
        for _ in 0..100 {
            assert!(backoff.next(0.999) < LONGEST_WAIT);
        }
        assert!(!backoff.wait(), "the deadline has passed");
    }
}
