//! PDF.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stroma_fuzz::check("%PDF-1.7\n", bytes, "paper.pdf"));
