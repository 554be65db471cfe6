//! HTML.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stroma_fuzz::check("<!DOCTYPE html><html>", bytes, "paper.html"));
