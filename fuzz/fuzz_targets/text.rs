//! Plain text.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stroma_fuzz::check(
    "Title of a paper\n\nKnees get stiff in the morning.\n\n",
    bytes,
    "paper.txt"
));
