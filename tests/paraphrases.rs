//! A question in a reader's words finds the passages that say it in the words of papers.

use stroma::search::{Fusion, Hit, Mode, Request};

use crate::support::Library;

fn library() -> Library {
    let library = Library::without_model();
    let paper = |title: &str, body: &str| format!("# {title}\n\n{body}\n");
    library
        .write("a.md", &paper("On diet", "Renal calculi recur less often on sodium restriction, as two trials found."));
    library.write(
        "b.md",
        &paper("On roots", "Nitrogen is fixed by bacteria in the nodules, and folk gather them in spring."),
    );
    library.index(&[library.papers()]);
    library
}

fn ask(library: &Library, request: &Request) -> Vec<Hit> {
    library.engine().search(request).expect("an answer").hits
}

const PARAPHRASE: &str = "Does kidney gravel come back if folk shun salty seasoning?";

#[test]
fn a_paraphrase_is_found_by_the_words_of_papers() {
    let hits = ask(&library(), &Request::new(PARAPHRASE));
    let [first, second] = hits.as_slice() else { panic!("two paragraphs: {hits:?}") };
    let text = &first.record.passage.text;
    assert!(text.starts_with("Renal calculi"), "{text}");
    assert!(first.scores.translated > second.scores.translated, "{:?} {:?}", first.scores, second.scores);
    assert_eq!(first.scores.coverage, 0.0);
    let by = |term: &str| first.explanation.translated.iter().find(|found| found.term == term).map(|found| found.by);
    assert_eq!(by("kidney"), Some("renal"), "{:?}", first.explanation.translated);
    let highlighted: Vec<&str> = first.highlights.iter().map(|range| &text[range.clone()]).collect();
    assert!(highlighted.contains(&"Renal"), "{highlighted:?}");
}

#[test]
fn a_question_in_the_words_of_papers_is_not_translated() {
    let library = library();
    let hits = ask(&library, &Request::new("renal calculi on sodium restriction"));
    assert!(
        !hits.is_empty()
            && hits.iter().all(|hit| hit.scores.translated == 0.0 && hit.explanation.translated.is_empty())
    );
    let lexical = Request { mode: Mode::Lexical, ..Request::new("Does kidney gravel feed bacteria?") };
    let by_words = ask(&library, &lexical);
    assert!(!by_words.is_empty() && by_words.iter().all(|hit| hit.scores.translated == 0.0), "only a hybrid search is");
    let mut ranks = library.engine().options();
    ranks.fusion = Fusion::Rrf;
    let by_ranks = library.engine().with_options(ranks).search(&Request::new(PARAPHRASE)).expect("an answer").hits;
    assert!(!by_ranks.is_empty() && by_ranks.iter().all(|hit| hit.scores.translated == 0.0), "ranks have no weights");
}
