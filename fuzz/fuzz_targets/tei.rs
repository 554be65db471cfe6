//! TEI XML, as GROBID writes it.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stroma_fuzz::check(
    "<TEI xmlns=\"http://www.tei-c.org/ns/1.0\">",
    bytes,
    "paper.xml"
));
