//! Quality of answers over the sample papers: the right paragraph is first, and its evidence is the answering sentence.

use std::sync::{Arc, LazyLock};

use serde::Deserialize;
use stroma::search::{Mode, Request};

use crate::support::{Library, model, project, shared_data};

/// The samples, indexed once with the real model.
static SAMPLES: LazyLock<Library> = LazyLock::new(|| {
    let library = Library::new(model());
    let summary = library.index(&[project("papers")]);
    assert_eq!(summary.papers.failed, 0, "{:?}", summary.failures);
    assert!(summary.papers.added >= 10);
    library
});

/// A judged question over the samples: the answering paragraph contains the phrase.
#[derive(Debug, Deserialize)]
struct Question {
    text: String,
    kind: String,
    passage_contains: Option<String>,
}

fn questions() -> Vec<Question> {
    let file = std::fs::read_to_string(project("tests/fixtures/samples/questions.jsonl")).expect("the questions");
    file.lines().map(|line| serde_json::from_str(line).expect("a question")).collect()
}

#[test]
fn the_stiffness_paragraph_comes_first_with_a_sentence_on_stiffness() {
    let answer = SAMPLES.engine().search(&Request::new("MSC effect on RA stiffness")).expect("an answer");
    let first = &answer.hits[0];
    let passage = &first.record.passage;
    assert!(passage.text.contains("WOMAC") && passage.text.contains("UC-MSCs"), "{}", passage.text);
    assert_eq!(passage.section.last().map(String::as_str), Some("Joint pain, swelling and morning stiffness"));
    assert!(passage.text[first.evidence[0].range.clone()].contains("tiffness"));
    assert!(!first.record.cited.is_empty());
}

/// The mean reciprocal rank of the answering paragraph, over the answerable questions of one kind or of all kinds.
fn mean_reciprocal_rank(mode: Mode, kind: Option<&str>) -> f64 {
    let engine = SAMPLES.engine();
    let mut ranks = Vec::new();
    for question in questions() {
        let Some(phrase) = &question.passage_contains else { continue };
        if kind.is_some_and(|kind| kind != question.kind) {
            continue;
        }
        let request = Request { mode, per_paper: 10, ..Request::new(&question.text) };
        let hits = engine.search(&request).expect("an answer").hits;
        let rank = hits.iter().position(|hit| hit.record.passage.text.contains(phrase.as_str()));
        ranks.push(rank.map_or(0.0, |rank| 1.0 / (rank as f64 + 1.0)));
    }
    ranks.iter().sum::<f64>() / ranks.len() as f64
}

/// Quality must not decrease unnoticed. The bounds are slightly below the measured values.
#[test]
fn judged_questions_over_the_samples_are_answered() {
    let hybrid = mean_reciprocal_rank(Mode::Hybrid, None);
    let lexical = mean_reciprocal_rank(Mode::Lexical, None);
    let vector = mean_reciprocal_rank(Mode::Vector, None);
    println!("mean reciprocal rank: hybrid {hybrid:.3}, lexical {lexical:.3}, vector {vector:.3}");
    assert!(hybrid > 0.7, "{hybrid}");
    assert!(hybrid >= lexical.max(vector), "{hybrid} {lexical} {vector}");
}

#[test]
fn the_same_question_gives_the_same_answer() {
    let ask = || {
        let hits = SAMPLES.engine().search(&Request::new("safety of stem cell infusion")).expect("an answer").hits;
        hits.into_iter().map(|hit| (hit.record.passage.id, hit.score.to_bits())).collect::<Vec<_>>()
    };
    assert_eq!(ask(), ask());
}

#[test]
fn evidence_and_highlights_are_ranges_of_the_text() {
    let answer = SAMPLES.engine().search(&Request::new("regulatory T cells TGF-β")).expect("an answer");
    for hit in &answer.hits {
        let text = &hit.record.passage.text;
        for evidence in &hit.evidence {
            assert!(hit.record.passage.sentences.iter().any(|sentence| sentence.range == evidence.range));
        }
        assert!(hit.highlights.iter().all(|range| text.get(range.clone()).is_some()));
    }
}

#[test]
#[ignore = "needs ../shared/data"]
fn the_seed_page_answers_with_its_sentence_on_morning_stiffness() {
    let library = Library::new(Arc::clone(&SAMPLES.embedder));
    library.index(&[shared_data("seed")]);
    let answer = library.engine().search(&Request::new("MSC effect on RA stiffness")).expect("an answer");
    let first = &answer.hits[0];
    let evidence = &first.record.passage.text[first.evidence[0].range.clone()];
    assert!(evidence.contains("morning stiffness symptoms in RA patients"), "{evidence}");
}
