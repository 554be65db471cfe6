//! Checks that reading hostile inputs takes memory in proportion to their size.
//!
//! Counts the bytes that reading allocates, in total and at the peak. They are the same in each run, unlike time, which
//! `cargo bench --bench growth` measures with the same inputs. Work without allocations is visible here only if the
//! test takes minutes instead of seconds.

#[path = "../../../benches/growth/inputs.rs"]
mod inputs;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use stroma_corpus::{Limits, PaperId, ShortForms, passages, read_bytes};

/// Size of the smaller and the larger input in bytes.
const SMALL: usize = 32 << 10;
const LARGE: usize = 256 << 10;
/// The maximum exponent of growth.
const MAX_EXPONENT: f64 = 1.2;
/// Maximum bytes of peak memory for each byte of an input. Most inputs take less than 50; all blocks of an article have
/// an overhead.
const MAX_PEAK: f64 = 250.0;

/// Counts the bytes that the thread allocates.
struct Counting;

thread_local! {
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
    static IN_USE: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: each call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.set(ALLOCATED.get() + layout.size());
        IN_USE.set(IN_USE.get().wrapping_add(layout.size()));
        PEAK.set(PEAK.get().max(IN_USE.get()));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.set(IN_USE.get().wrapping_sub(layout.size()));
        // SAFETY: the pointer came from `alloc` above with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The size of an input in bytes, and the bytes that reading it allocates in total and at the peak.
fn cost(bytes: &[u8], file: &str) -> (f64, f64, f64) {
    let before = IN_USE.get();
    ALLOCATED.set(0);
    PEAK.set(before);
    if let Ok(article) = read_bytes(bytes, file, &Limits::DEFAULT) {
        let id = PaperId::new(&article.metadata, "hostile", "");
        let short_forms = ShortForms::new(&article.abbreviations);
        for passage in passages(&article, &id) {
            assert!(passage.sentences.iter().all(|sentence| passage.text.get(sentence.range.clone()).is_some()));
            assert!(
                short_forms.spans(&passage.text).iter().all(|(range, _)| passage.text.get(range.clone()).is_some())
            );
        }
    }
    (bytes.len() as f64, ALLOCATED.get() as f64, (PEAK.get() - before) as f64)
}

#[test]
fn memory_grows_no_faster_than_the_input() {
    let mut failures = Vec::new();
    for input in inputs::ALL {
        let small = cost(&(input.make)(SMALL), input.file);
        let large = cost(&(input.make)(LARGE), input.file);
        let exponent = |small_cost: f64, large_cost: f64| (large_cost / small_cost).ln() / (large.0 / small.0).ln();
        let (allocated, peak) = (exponent(small.1, large.1), exponent(small.2, large.2));
        let of_input = large.2 / large.0;
        if allocated > MAX_EXPONENT || peak > MAX_EXPONENT || of_input > MAX_PEAK {
            let what = format!("allocations n^{allocated:.2}, peak n^{peak:.2}, {of_input:.0} times the input");
            failures.push(format!("{}: {what}", input.name));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
