//! The text of a page, as a viewer gives it.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stroma_fuzz::check(
    "Journal of Knees 2020, 1:2\nPage 3 of 9\n",
    bytes,
    "paper-p3.txt"
));
