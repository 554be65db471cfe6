//! One text on two threads.
//!
//! Somebody waits for a question's vector, and mostly it is the only text that is embedded at that time. Each of two
//! threads computes half of its tokens, from some layer on. A token needs the keys and values of all tokens in each layer,
//! which the threads exchange; all other steps need nothing of other tokens. So the vector is the same to the last bit as on
//! one thread.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::prefix::TextSize;

/// One half of a text's tokens, on its way through the layers.
#[derive(Debug)]
pub(crate) struct Half {
    /// 0 for the half with the first token, or 1.
    number: usize,
    /// The size of the whole text.
    text: TextSize,
    /// The layer from which on the text is divided.
    first_layer: usize,
    /// The rows of this half's tokens before that layer, `[tokens, width]`.
    pub(crate) hidden: Vec<f32>,
    exchange: Arc<Exchange>,
}

/// The other half was dropped before its thread had computed it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OtherHalfLost;

/// What each half has written for the other.
type Exchange = [Written; 2];

/// What one half has written.
#[derive(Debug, Default)]
struct Written {
    /// Number of steps that are written. Changed with the lock and read without it.
    steps: AtomicUsize,
    state: Mutex<WrittenState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct WrittenState {
    /// The rows of the latest even step and of the latest odd step. Two are enough: a half that writes those of step `n`
    /// has read the other's of step `n - 1`, so the other has read those of step `n - 2`.
    rows: [Vec<f32>; 2],
    /// Whether the half was dropped, after its last step or because its thread failed.
    is_dropped: bool,
}

impl Written {
    /// Ignores poisoning: a thread that fails drops its half, which tells the other.
    fn lock(&self) -> MutexGuard<'_, WrittenState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The number of times that a thread looks whether the other has written, before it sleeps. It takes 20 to 60 µs, longer
/// than the threads are usually apart. Without sleep, two threads that the system runs on one processor would stay there.
const SPINS: usize = 1000;

impl Half {
    /// Divides the rows of a text before a layer, `[tokens, width]`.
    pub(crate) fn both(mut hidden: Vec<f32>, text: TextSize, width: usize, first_layer: usize) -> [Self; 2] {
        let second = hidden.split_off(text.tokens.div_ceil(2) * width);
        let exchange = Arc::new(Exchange::default());
        let first = Self { number: 0, text, first_layer, hidden, exchange: Arc::clone(&exchange) };
        [first, Self { number: 1, text, first_layer, hidden: second, exchange }]
    }

    /// The rows of the whole text again, if nobody takes the second half.
    pub(crate) fn rejoined([mut first, mut second]: [Self; 2]) -> Vec<f32> {
        first.hidden.append(&mut second.hidden);
        std::mem::take(&mut first.hidden)
    }

    /// Whether this half has the text's first token.
    pub(crate) fn is_first(&self) -> bool {
        self.number == 0
    }

    /// The size of the whole text.
    pub(crate) fn text(&self) -> TextSize {
        self.text
    }

    /// The layer from which on the text is divided.
    pub(crate) fn first_layer(&self) -> usize {
        self.first_layer
    }

    /// Gives `own` to the other half, as the rows of step `step`.
    pub(crate) fn write(&self, step: usize, own: &[f32]) {
        let written = &self.exchange[self.number];
        let mut state = written.lock();
        let rows = &mut state.rows[step % 2];
        rows.clear();
        rows.extend_from_slice(own);
        written.steps.store(step + 1, Ordering::Release);
        drop(state);
        written.changed.notify_one();
    }

    /// Waits for what the other half writes in step `step`, and puts it before or behind `own`, in the order of the tokens.
    pub(crate) fn read(&self, step: usize, own: &mut Vec<f32>) -> Result<(), OtherHalfLost> {
        let written = &self.exchange[1 - self.number];
        let is_written = || written.steps.load(Ordering::Acquire) > step;
        let mut spins = 0;
        while !is_written() && spins < SPINS {
            spins += 1;
            std::hint::spin_loop();
        }
        let mut state = written.lock();
        while !is_written() {
            if state.is_dropped {
                return Err(OtherHalfLost);
            }
            state = written.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let rows = &state.rows[step % 2];
        if self.is_first() {
            own.extend_from_slice(rows);
        } else {
            own.splice(..0, rows.iter().copied());
        }
        Ok(())
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        let written = &self.exchange[self.number];
        written.lock().is_dropped = true;
        written.changed.notify_one();
    }
}
