//! Checks which dependencies are linked into the program.

/// The program contains the source file of each place that may panic, which shows the crates whose code is linked.
#[test]
fn code_with_known_faults_that_deny_toml_excuses_is_not_linked() {
    let program = std::fs::read(env!("CARGO_BIN_EXE_stroma")).expect("the program");
    let has = |text: &str| program.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(has("/tantivy-0."), "the program must name its sources, or this test shows nothing");
    assert!(!has("/protobuf-2."), "RUSTSEC-2024-0437 (see deny.toml) can be reached");
}
