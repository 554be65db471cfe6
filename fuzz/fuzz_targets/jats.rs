//! JATS XML.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stroma_fuzz::check("<article><front><article-meta>", bytes, "paper.xml"));
