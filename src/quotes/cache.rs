//! Caches the quote index of a commit.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::check::QuoteIndex;
use crate::store::{IndexError, Snapshot};

/// Maximum time for which a call waits while another one builds the index. A caller that waits keeps a thread from
/// other work.
const MAX_WAIT: Duration = Duration::from_millis(500);

/// The quote index of the last requested commit.
#[derive(Debug, Default)]
pub struct QuoteIndexCache(Newest<QuoteIndex>);

impl QuoteIndexCache {
    /// The quote index of a commit. The first call for a commit builds it. `None` if another call is building one, and
    /// is not done within half a second.
    ///
    /// # Errors
    /// If a record cannot be read.
    pub fn of(&self, snapshot: &Snapshot) -> Result<Option<Arc<QuoteIndex>>, IndexError> {
        self.0.get(snapshot.commit_id(), MAX_WAIT, || QuoteIndex::new(snapshot))
    }
}

/// The value that belongs to the last requested commit, which one thread at a time builds.
#[derive(Debug)]
struct Newest<T> {
    state: Mutex<State<T>>,
    is_built: Condvar,
}

#[derive(Debug)]
struct State<T> {
    /// With its commit.
    value: Option<(String, Arc<T>)>,
    is_building: bool,
}

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self { state: Mutex::new(State { value: None, is_building: false }), is_built: Condvar::new() }
    }
}

impl<T> Newest<T> {
    fn get<E>(
        &self,
        commit: &str,
        max_wait: Duration,
        build: impl FnOnce() -> Result<T, E>,
    ) -> Result<Option<Arc<T>>, E> {
        let is_awaited = |state: &mut State<T>| state.is_building;
        let waited = self.is_built.wait_timeout_while(self.state(), max_wait, is_awaited);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if let Some((_, value)) = state.value.as_ref().filter(|(known, _)| known == commit) {
            return Ok(Some(Arc::clone(value)));
        }
        if state.is_building {
            return Ok(None);
        }
        state.is_building = true;
        // The value of the previous commit is dropped before the new one is built, so that they are never in memory
        // together.
        state.value = None;
        drop(state);
        let building = Building(self);
        let value = Arc::new(build()?);
        self.state().value = Some((commit.to_owned(), Arc::clone(&value)));
        drop(building);
        Ok(Some(value))
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets others build after this thread, even if it fails.
struct Building<'a, T>(&'a Newest<T>);

impl<T> Drop for Building<'_, T> {
    fn drop(&mut self) {
        self.0.state().is_building = false;
        self.0.is_built.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_call_does_not_wait_for_a_long_build_of_another_one() {
        let (cache, none) = (Newest::<u32>::default(), Duration::ZERO);
        let (begun, is_begun) = channel();
        let (end, may_end) = channel::<()>();
        std::thread::scope(|scope| {
            let cache = &cache;
            let first = scope.spawn(move || {
                cache.get("a", none, || {
                    begun.send(()).expect("a receiver");
                    may_end.recv().map(|()| 1)
                })
            });
            is_begun.recv().expect("a build has begun");
            assert_eq!(cache.get("a", none, || Ok::<_, ()>(2)), Ok(None));
            let waiting = scope.spawn(move || cache.get("a", Duration::from_secs(60), || Ok::<_, ()>(3)));
            end.send(()).expect("a receiver");
            assert_eq!(first.join().expect("no panic"), Ok(Some(Arc::new(1))));
            assert_eq!(waiting.join().expect("no panic"), Ok(Some(Arc::new(1))));
        });
        assert_eq!(cache.get("b", none, || Err("unreadable")), Err("unreadable"));
        assert_eq!(cache.get("b", none, || Ok::<_, ()>(4)), Ok(Some(Arc::new(4))));
    }
}
