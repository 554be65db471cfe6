//! A queue between the thread that reads and the one that indexes, bounded by the total size of its items.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
struct State<T> {
    items: VecDeque<(T, usize)>,
    /// Total size of all items.
    size: usize,
    is_closed: bool,
}

#[derive(Debug)]
struct Shared<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    capacity: usize,
}

impl<T> Shared<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sending end. If it is dropped, the queue ends after the remaining items.
#[derive(Debug)]
pub(super) struct Sender<T>(Arc<Shared<T>>);

/// The receiving end. If it is dropped, the sender stops.
#[derive(Debug)]
pub(super) struct Receiver<T>(Arc<Shared<T>>);

/// A queue of items with a total size of at most `capacity`, or of a single larger item.
pub(super) fn read_ahead<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let state = State { items: VecDeque::new(), size: 0, is_closed: false };
    let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), capacity });
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

impl<T> Sender<T> {
    /// Waits until there is room for an item. Returns whether there still is a receiver.
    pub(super) fn send(&self, item: T, size: usize) -> bool {
        let mut state = self.0.state();
        while !state.is_closed && !state.items.is_empty() && state.size.saturating_add(size) > self.0.capacity {
            state = self.0.wait(state);
        }
        if state.is_closed {
            return false;
        }
        state.size += size;
        state.items.push_back((item, size));
        drop(state);
        self.0.changed.notify_all();
        true
    }
}

impl<T> Iterator for Receiver<T> {
    type Item = T;

    /// Waits for an item; `None` if the sender is dropped and the queue is empty.
    fn next(&mut self) -> Option<T> {
        let mut state = self.0.state();
        loop {
            if let Some((item, size)) = state.items.pop_front() {
                state.size -= size;
                drop(state);
                self.0.changed.notify_all();
                return Some(item);
            }
            if state.is_closed {
                return None;
            }
            state = self.0.wait(state);
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn what_waits_is_bounded_by_its_size() {
        const CAPACITY: usize = 100;
        let sizes: Vec<usize> = (0..200).map(|number| number * 37 % 90 + 1).chain([1000, 5]).collect();
        let (sender, receiver) = read_ahead::<usize>(CAPACITY);
        let shared = Arc::clone(&receiver.0);
        let largest = AtomicUsize::new(0);
        let received: Vec<usize> = std::thread::scope(|scope| {
            let sizes = sizes.clone();
            scope.spawn(move || sizes.into_iter().for_each(|size| assert!(sender.send(size, size))));
            let watched = receiver.inspect(|_| {
                let state = shared.state();
                if state.items.len() > 1 {
                    largest.fetch_max(state.size, Ordering::Relaxed);
                }
            });
            watched.collect()
        });
        assert_eq!(received, sizes);
        assert!(largest.into_inner() <= CAPACITY);
    }

    #[test]
    fn a_sender_without_a_receiver_gives_up() {
        let (sender, receiver) = read_ahead::<u8>(1);
        assert!(sender.send(1, 1));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| sender.send(2, 1));
            drop(receiver);
            assert!(!waiting.join().unwrap());
        });
    }
}
