//! The words of a question match similar spellings, with a lower weight.

use stroma::search::{Hit, Request};

use crate::support::{Library, project};

/// Two papers that differ in a few words.
fn ask(question: &str) -> Vec<Hit> {
    let library = Library::without_model();
    let paper = |title: &str, body: &str| format!("# {title}\n\n{body}\n");
    library
        .write("a.md", &paper("On cells", "Tumour cells that have CD105 stay where they are in most of the patients."));
    library
        .write("b.md", &paper("On roots", "Other cells that have CD106 stay where they are in most of the patients."));
    library.index(&[library.papers()]);
    library.engine().search(&Request::new(question)).expect("an answer").hits
}

#[test]
fn a_word_in_another_spelling_makes_up_for_a_part() {
    let hits = ask("tumorr cells");
    let [first, second] = hits.as_slice() else { panic!("two paragraphs") };
    assert!(first.record.passage.text.contains("Tumour"), "{}", first.record.passage.text);
    assert!(first.scores.fuzzy > 0.0 && first.scores.coverage + first.scores.fuzzy < 1.0, "{:?}", first.scores);
    assert_eq!(second.scores.fuzzy, 0.0);
    assert_eq!(ask("tumour cells")[0].scores.coverage, 1.0);
    assert_eq!(ask("tumor cells")[0].scores.coverage, 1.0, "the American form is the same word");
}

#[test]
fn names_that_differ_in_a_digit_are_others() {
    assert!(ask("CD105").iter().all(|hit| hit.scores.fuzzy == 0.0));
}

/// As displayed by the command line.
#[test]
fn what_is_spelled_alike_is_explained() {
    let index = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_stroma"));
        let output = command.current_dir(project("")).arg("--index").arg(index.path()).args(arguments).output();
        String::from_utf8_lossy(&output.expect("the program runs").stdout).into_owned()
    };
    run(&["index", "papers"]);
    let explained = run(&["search", "mesenchimal cells in arthritys", "--verbatim", "--explain", "--limit", "1"]);
    let share = explained.split(" % spelled similarly").next().and_then(|before| before.rsplit(' ').next());
    assert!(share.is_some_and(|share| share.parse::<f32>().is_ok_and(|share| share > 20.0)), "{explained}");
}
