//! Passages for the paragraphs of a manuscript.

use serde_json::Value;

use crate::program::{copy_samples, outcome, output, stroma};
use crate::support::project;

const DRAFT: &str = "# Stem cells against stiffness\n\nStromal cells that are given to patients with rheumatoid arthritis may reduce inflammation of the joints, and \
with it the stiffness in the morning [@unknown2020].\n\nThe 1966 World Cup final was played at Wembley Stadium between England and West Germany; a goal in \
extra time is disputed to this day.\n";

#[test]
fn a_draft_gets_passages_of_papers_that_it_does_not_cite() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (index, papers, draft) =
        (folder.path().join("index"), folder.path().join("papers"), folder.path().join("draft.md"));
    copy_samples(&papers);
    let (code, said) = output(&index, &["index", &papers.to_string_lossy()]);
    assert_eq!(code, 0, "{said}");
    let ask = |text: &str| -> Value {
        std::fs::write(&draft, text).expect("a draft");
        let mut command = stroma(&index, &["related", &draft.to_string_lossy(), "--json"]);
        command.env("STROMA_MODEL_FOLDER", project("models/bge-small-en-v1.5"));
        let (_, said) = outcome(command);
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
    };
    let found = ask(DRAFT);
    let paragraphs = found["paragraphs"].as_array().expect("paragraphs");
    assert_eq!(paragraphs.len(), 2, "{found:#}");
    assert_eq!((&paragraphs[0]["line"], &paragraphs[1]["line"]), (&3.into(), &5.into()));
    assert_eq!(paragraphs[0]["cited"], serde_json::json!(["unknown2020"]));
    let of_first = paragraphs[0]["hits"].as_array().expect("hits");
    let titles: Vec<&str> = of_first.iter().filter_map(|hit| hit["paper"]["title"].as_str()).collect();
    assert!(titles.first().is_some_and(|title| title.to_lowercase().contains("arthritis")), "{titles:?}");
    assert!(of_first[0]["links"]["open"].as_str().is_some_and(|link| link.starts_with("file:///")), "{of_first:#?}");
    assert_eq!(paragraphs[1]["hits"], serde_json::json!([]), "nothing is about football");

    let first = of_first[0]["paper"]["id"].as_str().expect("an id").to_owned();
    let passage = of_first[0]["id"].as_str().expect("an id");
    let again = ask(&DRAFT.replace("[@unknown2020]", &format!("[{passage}]")));
    let ids: Vec<&str> = again["paragraphs"][0]["hits"]
        .as_array()
        .expect("hits")
        .iter()
        .filter_map(|hit| hit["paper"]["id"].as_str())
        .collect();
    assert!(!ids.contains(&first.as_str()), "a paper that is cited is shown: {ids:?}");
}

#[test]
fn a_hit_opens_its_file_from_a_terminal_and_from_json() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (index, papers) = (folder.path().join("index"), folder.path().join("our papers"));
    std::fs::create_dir(&papers).expect("a folder");
    std::fs::write(
        papers.join("knee.md"),
        "# Exercise for the knee\n\n## Results\n\nKnees that are moved stay well in old age.\n",
    )
    .expect("a paper");
    assert_eq!(output(&index, &["index", &papers.to_string_lossy()]).0, 0);
    let address = format!("file://{}/our%20papers/knee.md", folder.path().display());
    let ask = |arguments: &[&str]| {
        let mut command = stroma(&index, &["search", "old knees", "--mode", "lexical"]);
        outcome({
            command.args(arguments).env("FORCE_HYPERLINK", "1").env("CLICOLOR_FORCE", "1");
            command
        })
        .1
    };
    let text = ask(&[]);
    assert!(text.contains(&format!("\x1b]8;;{address}\x1b\\")), "{text:?}");
    let json: Value = serde_json::from_str(&ask(&["--json"])).expect("JSON");
    assert_eq!(json["hits"][0]["links"]["open"], address.as_str());
}
