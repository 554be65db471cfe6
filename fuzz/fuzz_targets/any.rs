//! Any bytes: the format is found by the content.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stroma_fuzz::check("", bytes, "paper"));
