//! Evaluates judged questions over one's own index.

use stroma::eval::collection::{Collection, Unknown};

use crate::support::Library;

#[test]
fn judged_questions_and_passages_that_do_not_exist_are_named() {
    let library = Library::without_model();
    let paper = "---\ntitle: On cells\ndoi: 10.5555/cells\n---\n\n## Results\n\nThe cells fell at night.\n";
    library.write("cells.md", paper);
    library.index(&[library.papers()]);
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    std::fs::create_dir(folder.path().join("qrels")).expect("a folder");
    write("queries.jsonl", "{\"_id\": \"q1\", \"text\": \"do cells fall?\"}\n");
    let unknown = |judged: &str| {
        write("qrels/own.tsv", &format!("query-id\tcorpus-id\tscore\n{judged}"));
        let collection = Collection::over_index(folder.path(), "own", library.index.clone()).expect("a collection");
        collection.unknown().expect("what is unknown")
    };
    assert_eq!(unknown("q1\t10.5555_cells:0\t1\nq1\t10.5555_cells:8\t0\n"), Unknown::default());
    let expected = Unknown { queries: vec!["q2".into()], documents: vec!["10.5555_cells:7".into(), "cells:0".into()] };
    assert_eq!(unknown("q1\t10.5555_cells:7\t1\nq2\t10.5555_cells:0\t1\nq2\tcells:0\t2\n"), expected);
}
