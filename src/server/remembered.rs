//! Answers that are given again as long as the index does not change.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Values of one commit by what was asked, the most recently used of them.
#[derive(Debug)]
pub(super) struct Remembered<T> {
    /// The sizes of all values together, at most.
    most: usize,
    kept: Mutex<Kept<T>>,
}

#[derive(Debug)]
struct Kept<T> {
    commit: String,
    values: HashMap<String, Entry<T>>,
    size: usize,
    /// Counts uses, so that the one longest ago is known.
    uses: u64,
}

#[derive(Debug)]
struct Entry<T> {
    value: T,
    size: usize,
    used: u64,
}

impl<T: Clone> Remembered<T> {
    pub(super) fn new(most: usize) -> Self {
        let kept = Kept { commit: String::new(), values: HashMap::new(), size: 0, uses: 0 };
        Self { most, kept: Mutex::new(kept) }
    }

    /// What was answered from this commit.
    pub(super) fn get(&self, commit: &str, asked: &str) -> Option<T> {
        let mut kept = self.lock();
        kept.uses += 1;
        let now = kept.uses;
        if kept.commit != commit {
            return None;
        }
        let entry = kept.values.get_mut(asked)?;
        entry.used = now;
        Some(entry.value.clone())
    }

    /// Keeps an answer from the newest commit; those from others are forgotten, and so are the ones used longest ago
    /// where there is no room.
    pub(super) fn put(&self, commit: &str, asked: String, value: T, size: usize) {
        if size > self.most {
            return;
        }
        let mut kept = self.lock();
        if kept.commit != commit {
            kept.values.clear();
            kept.size = 0;
            commit.clone_into(&mut kept.commit);
        }
        kept.forget(&asked);
        while kept.size + size > self.most {
            let oldest = kept.values.iter().min_by_key(|(_, entry)| entry.used).map(|(asked, _)| asked.clone());
            let Some(oldest) = oldest else { break };
            kept.forget(&oldest);
        }
        kept.uses += 1;
        kept.size += size;
        let used = kept.uses;
        kept.values.insert(asked, Entry { value, size, used });
    }

    /// The values are whole even after a panic: nothing leaves them half changed.
    fn lock(&self) -> MutexGuard<'_, Kept<T>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Kept<T> {
    fn forget(&mut self, asked: &str) {
        if let Some(entry) = self.values.remove(asked) {
            self.size -= entry.size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_commit_has_other_answers() {
        let remembered = Remembered::new(10);
        remembered.put("a", "question".into(), 1, 1);
        assert_eq!(remembered.get("a", "question"), Some(1));
        assert_eq!(remembered.get("b", "question"), None);
        remembered.put("b", "other".into(), 2, 1);
        assert_eq!(remembered.get("a", "question"), None);
        assert_eq!(remembered.get("b", "question"), None);
        assert_eq!(remembered.get("b", "other"), Some(2));
    }

    #[test]
    fn what_was_used_longest_ago_makes_room() {
        let remembered = Remembered::new(10);
        for (asked, size) in [("one", 4), ("two", 4)] {
            remembered.put("a", asked.into(), asked, size);
        }
        assert_eq!(remembered.get("a", "one"), Some("one"));
        remembered.put("a", "three".into(), "three", 4);
        assert_eq!(remembered.get("a", "two"), None);
        assert_eq!(remembered.get("a", "one"), Some("one"));
        remembered.put("a", "too large".into(), "too large", 11);
        assert_eq!(remembered.get("a", "too large"), None);
        remembered.put("a", "three".into(), "again", 6);
        assert_eq!((remembered.get("a", "three"), remembered.get("a", "one")), (Some("again"), Some("one")));
    }
}
