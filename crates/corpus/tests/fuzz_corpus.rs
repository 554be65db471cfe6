//! Reads the inputs that a fuzzer found, one for each new path through the readers, and checks the invariants of the
//! results. The inputs are in `fuzz/corpus`; docs/reading.md says how they are made.

#[path = "../../../fuzz/lib.rs"]
mod fuzz;

use std::path::Path;

#[test]
fn each_kept_input_is_read_or_refused() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for target in fuzz::TARGETS {
        let inputs = std::fs::read_dir(corpus.join(target.name)).expect("inputs of each target");
        let inputs: Vec<_> = inputs.map(|input| input.expect("an input").path()).collect();
        assert!(!inputs.is_empty(), "{} has no input", target.name);
        for input in inputs {
            let bytes = std::fs::read(&input).expect("an input");
            if std::panic::catch_unwind(|| target.check(&bytes)).is_err() {
                panic!("{} fails on {}", target.name, input.display());
            }
        }
    }
}
