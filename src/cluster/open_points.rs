//! The points in time of a client that some node may keep open.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::nodes::Silent;

/// The points in time of one client. A node that comes back cannot take a shard of which it keeps an old reader open, and
/// a point in time is one: so those that were open when a node became silent are closed, as soon as it can be told.
#[derive(Debug, Default)]
pub(super) struct OpenPoints(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Those in use, with the nodes that were silent when they were opened.
    in_use: HashMap<String, Silent>,
    /// Those to be closed, with the time after which the cluster has closed them by itself.
    to_close: HashMap<String, Instant>,
    /// Whether a thread closes them.
    has_closer: bool,
}

/// How long the cluster keeps a point in time that nobody asks for: [`KEEP_ALIVE`], and until it looks for such, which it
/// does every minute.
const LONGEST: Duration = Duration::from_secs(60 + KEEP_ALIVE.as_secs());

/// How long the cluster keeps a point in time that nobody asks for, until it looks for such. Each search starts it again.
/// Short, because a cluster has a limited number of them, and a process that is killed leaves its own.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(60);

impl OpenPoints {
    /// Adds a point in time that was opened.
    pub(super) fn add(&self, id: &str, silent: &Silent) {
        self.state().in_use.insert(id.to_owned(), silent.clone());
    }

    /// Takes note that a point in time is closed.
    pub(super) fn remove(&self, id: &str) {
        let mut state = self.state();
        state.in_use.remove(id);
        state.to_close.remove(id);
    }

    /// A point in time is to be closed.
    pub(super) fn give_up(&self, id: &str) {
        let mut state = self.state();
        state.in_use.remove(id);
        state.to_close.insert(id.to_owned(), Instant::now() + LONGEST);
    }

    /// Those in use that were opened with such silent nodes are to be closed. Whoever uses one opens another.
    pub(super) fn give_up_those(&self, is_lost: impl Fn(&Silent) -> bool) {
        let (mut state, until) = (self.state(), Instant::now() + LONGEST);
        let State { in_use, to_close, .. } = &mut *state;
        to_close.extend(in_use.extract_if(|_, silent| is_lost(silent)).map(|(id, _)| (id, until)));
    }

    /// Whether there are some to be closed, and no thread that does it. Then the caller starts one.
    pub(super) fn need_closer(&self) -> bool {
        let mut state = self.state();
        !state.to_close.is_empty() && !std::mem::replace(&mut state.has_closer, true)
    }

    /// No thread could be started.
    pub(super) fn have_no_closer(&self) {
        self.state().has_closer = false;
    }

    /// Forgets those that are closed. Returns those that are to be closed still; if there are none, the thread that does
    /// it ends.
    pub(super) fn to_close(&self, closed: &HashSet<String>, now: Instant) -> Vec<String> {
        let mut state = self.state();
        state.to_close.retain(|id, until| *until > now && !closed.contains(id));
        state.has_closer = !state.to_close.is_empty();
        state.to_close.keys().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_close(points: &OpenPoints, closed: &[&str], seconds: u64) -> String {
        let closed = closed.iter().map(|id| (*id).to_owned()).collect();
        let mut ids = points.to_close(&closed, Instant::now() + Duration::from_secs(seconds));
        ids.sort();
        ids.concat()
    }

    #[test]
    fn they_are_closed_by_one_thread_until_they_are_closed_or_run_out() {
        let points = OpenPoints::default();
        assert!(!points.need_closer());
        ["a", "b"].iter().for_each(|id| points.give_up(id));
        assert_eq!([points.need_closer(), points.need_closer()], [true, false]);
        assert_eq!([to_close(&points, &[], 0), to_close(&points, &["a"], 0)], ["ab", "b"]);
        assert_eq!(to_close(&points, &[], 1 + LONGEST.as_secs()), "");
        points.give_up("c");
        assert!(points.need_closer(), "that thread has ended");
    }

    #[test]
    fn those_that_were_opened_before_a_node_became_silent_are_closed() {
        let points = OpenPoints::default();
        let (none, some) = (Silent::default(), Silent::of(&[1]));
        for (id, silent) in [("a", &none), ("b", &some), ("c", &none)] {
            points.add(id, silent);
        }
        points.remove("c");
        points.give_up_those(|silent| *silent == none);
        assert_eq!(to_close(&points, &[], 0), "a");
        points.remove("a");
        assert_eq!(to_close(&points, &[], 0), "", "its user has closed it");
    }
}
