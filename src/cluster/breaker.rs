//! A circuit breaker (Nygard, 2007): a node that fails is left alone for a while, so that requests do not wait for it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How a request failed at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The connection failed. Once may be a connection that the node closed because nobody used it.
    Connection,
    /// The node did not answer in time, which cost that time.
    Timeout,
}

/// What a request may do with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    Admitted,
    /// The node failed, and may answer again.
    Trial,
    Refused,
}

/// The breaker of one node: closed while the node answers, open after failures, half open for one request after each
/// pause.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default, Clone, Copy)]
struct State {
    /// Weight of the failures since the last answer.
    failures: u32,
    /// When the next request may try the node; `None` while closed.
    next_try: Option<Instant>,
    /// When the node answered for the first time since it failed.
    back_since: Option<Instant>,
}

/// The weight of failures that opens the breaker.
const THRESHOLD: u32 = 2;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How long a node that is back is left alone. One that was halted believes that it is still in the cluster until it is
/// told otherwise, and would read copies of shards that it is about to lose.
const SETTLING: Duration = Duration::from_secs(10);

impl Breaker {
    /// Whether a request may try the node. While half open, only one request may: the others find the next pause begun.
    pub(super) fn admits(&self, now: Instant) -> Admission {
        let mut state = self.state();
        match state.next_try {
            None => Admission::Admitted,
            Some(next_try) if now < next_try => Admission::Refused,
            Some(_) => {
                state.next_try = Some(now + pause(state.failures));
                Admission::Trial
            }
        }
    }

    /// Whether the node failed, and is not settled again.
    pub(super) fn is_open(&self) -> bool {
        self.state().next_try.is_some()
    }

    /// Whether the node failed, has answered since, and is not settled.
    pub(super) fn is_settling(&self) -> bool {
        self.state().back_since.is_some()
    }

    /// The node answered.
    pub(super) fn succeed(&self, now: Instant) {
        let mut state = self.state();
        match state.back_since {
            None if state.next_try.is_some() => {
                (state.back_since, state.next_try) = (Some(now), Some(now + SETTLING));
            }
            Some(since) if now < since + SETTLING => {}
            _ => *state = State::default(),
        }
    }

    /// The node failed.
    pub(super) fn fail(&self, failure: Failure, now: Instant) {
        let mut state = self.state();
        let weight = if failure == Failure::Timeout { THRESHOLD } else { 1 };
        state.failures = state.failures.saturating_add(weight);
        state.back_since = None;
        if state.failures >= THRESHOLD {
            state.next_try = Some(now + pause(state.failures));
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Twice as long after each failure.
fn pause(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(THRESHOLD).min(16);
    FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_fails_is_tried_once_after_each_pause_until_it_answers() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        breaker.fail(Failure::Connection, start);
        assert_eq!(breaker.admits(start), Admission::Admitted, "one failure may be an old connection");
        breaker.fail(Failure::Connection, start);
        assert_eq!(breaker.admits(start), Admission::Refused);
        let later = start + FIRST_PAUSE;
        assert_eq!(breaker.admits(later), Admission::Trial);
        assert_eq!(breaker.admits(later), Admission::Refused, "half open for one request");
        breaker.fail(Failure::Connection, later);
        assert_eq!(breaker.admits(later + FIRST_PAUSE), Admission::Refused, "the pause grows");
        assert_eq!(breaker.admits(later + LONGEST_PAUSE), Admission::Trial);
        assert!(breaker.is_open());
        breaker.succeed(later);
        assert!(breaker.is_open() && breaker.is_settling(), "a node that is back is not settled");
        assert_eq!(breaker.admits(later), Admission::Refused);
        breaker.succeed(later + SETTLING / 2);
        let settled = later + SETTLING;
        assert_eq!(breaker.admits(settled), Admission::Trial);
        breaker.succeed(settled);
        assert!(!breaker.is_open() && !breaker.is_settling());
        assert_eq!([breaker.admits(settled), breaker.admits(settled)], [Admission::Admitted; 2]);
    }

    #[test]
    fn one_timeout_opens_it() {
        let (breaker, start) = (Breaker::default(), Instant::now());
        breaker.fail(Failure::Timeout, start);
        assert_eq!(breaker.admits(start), Admission::Refused);
    }

    #[test]
    fn the_pause_is_bounded() {
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
