//! Quality of sentence splitting and abbreviation detection on real abstracts.
//!
//! The data is not part of the project.

use std::collections::HashSet;

use stroma::corpus::abbreviation::detect;
use stroma::corpus::sentence::sentences;

use crate::support::shared_data;

fn read(path: &str) -> String {
    std::fs::read_to_string(shared_data(path)).expect("text")
}

/// Ab3P reports precision 0.965 and recall 0.832 on the same abstracts (Sohn et al., 2008).
#[test]
#[ignore = "needs ../shared/data"]
fn abbreviations_of_med1250() {
    let text = read("abbrev/med1250.txt");
    let plain = |long: &str| long.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let (mut hits, mut found, mut marked) = (0, 0, 0);
    for record in text.split("\n\n") {
        let (pairs, body): (Vec<&str>, Vec<&str>) =
            record.lines().partition(|line| line.starts_with("  ") && line.contains('|'));
        let pairs: HashSet<(String, String)> = pairs
            .iter()
            .filter_map(|line| line.trim().split_once('|'))
            .map(|(short, long)| (short.trim().to_owned(), plain(long.split('|').next().unwrap_or(long))))
            .collect();
        let ours: HashSet<(String, String)> = detect(body.iter().map(|line| line.trim()))
            .into_iter()
            .map(|pair| (pair.short, plain(&pair.long)))
            .collect();
        hits += ours.intersection(&pairs).count();
        found += ours.len();
        marked += pairs.len();
    }
    let (precision, recall) = (hits as f64 / found as f64, hits as f64 / marked as f64);
    assert!(precision >= 0.95 && recall >= 0.83, "precision {precision:.3}, recall {recall:.3}");
}

/// The file's own sentence boundaries were set by a program, and most differences are errors of that program.
#[test]
#[ignore = "needs ../shared/data"]
fn sentences_of_scifact() {
    let text = read("scifact/corpus.jsonl");
    let (mut hits, mut found, mut marked) = (0, 0, 0);
    for line in text.lines() {
        let record: serde_json::Value = serde_json::from_str(line).expect("a record");
        let parts = record["sentences"].as_array().expect("sentences").iter().filter_map(|part| part.as_str());
        let (mut joined, mut ends) = (String::new(), HashSet::new());
        for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
            if !joined.is_empty() {
                ends.insert(joined.len());
                joined.push(' ');
            }
            joined.push_str(part);
        }
        let mut ours: HashSet<usize> = sentences(&joined).iter().map(|range| range.end).collect();
        ours.remove(&joined.len());
        hits += ours.intersection(&ends).count();
        found += ours.len();
        marked += ends.len();
    }
    let (precision, recall) = (hits as f64 / found as f64, hits as f64 / marked as f64);
    assert!(precision >= 0.99 && recall >= 0.96, "precision {precision:.4}, recall {recall:.4}");
}
