//! Duplicates in a library, and works that its papers cite and that it does not contain.

use serde_json::Value;

use crate::program::output;
use crate::support::Library;

fn review(title: &str, doi: &str, body: &str, references: &str) -> String {
    format!(
        "---\ntitle: {title}\nauthor: Ana Lee\nyear: 2019\ndoi: {doi}\n---\n\n# {title}\n\n## Results\n\n{body}\n\n## References\n\n{references}\n"
    )
}

const BERG: &str = "1. Berg KL, Olsen A. Stromal cells calm the T cells of sepsis. J Cell Res. 2012;14(3):125-34. doi: 10.1234/jcr.2012.14\n";

/// Lines of JSON that a command prints, and its exit code.
fn lines(library: &Library, arguments: &[&str]) -> (i32, Vec<Value>) {
    let (code, said) = output(&library.folder.path().join("index"), arguments);
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    (code, said.lines().map(parse).collect())
}

#[test]
fn works_that_several_papers_cite_and_that_are_absent_are_the_gaps() {
    let library = Library::without_model();
    let held = "2. Lee A. Cells of the stiff knee in old age and youth. Knee J. 2019;1(1):1-9. doi: 10.1186/ar1\n";
    library.write("a.md", &review("Cells of the stiff knee in old age and youth", "10.1186/ar1", "Infusion of cells calms sepsis [1]. Knees are stiff after rest in old age [2]. It was seen again in sepsis of mice [1].", &format!("{BERG}\n2. Ito T, Abe K. Cells of the knee in mice. Knee J. 2010;3(1):5-9.\n")));
    library.write(
        "b.md",
        &review(
            "Exercise for the knee",
            "10.1186/ar2",
            "Knees that are moved stay well [2]. Cells calm T cells of patients [1].",
            &format!("{BERG}\n{held}"),
        ),
    );
    library.write(
        "c.md",
        &review(
            "Rest for the knee",
            "10.1186/ar3",
            "Knees that rest are stiff [2]. Sepsis is not calmed by rest [1].",
            &format!("1. Lind P. The joint of the horse at rest. Vet J. 2001;2(2):15-19.\n\n{held}"),
        ),
    );
    library.index(&[library.papers()]);
    let (code, gaps) = lines(&library, &["papers", "gaps", "--json"]);
    assert_eq!((code, gaps.len()), (0, 1), "{gaps:#?}");
    assert_eq!(gaps[0]["reference"]["doi"], "10.1234/jcr.2012.14");
    assert_eq!(gaps[0]["cited_by"], serde_json::json!(["10.1186_ar1", "10.1186_ar2"]));
    let sentences: Vec<&str> =
        gaps[0]["sentences"].as_array().expect("sentences").iter().filter_map(|one| one["text"].as_str()).collect();
    assert_eq!(sentences.len(), 3, "{sentences:?}");
    assert!(sentences[0].contains("calms sepsis") && sentences[2].contains("T cells of patients"), "{sentences:?}");
    let (_, all) = lines(&library, &["papers", "gaps", "--json", "--min-papers", "1"]);
    assert_eq!(all.len(), 3, "the work that is held is no gap: {all:#?}");
    let (code, ris) = output(&library.folder.path().join("index"), &["papers", "gaps", "--format", "ris"]);
    assert!(code == 0 && ris.contains("DO  - 10.1234/jcr.2012.14"), "{ris}");
}

#[test]
fn copies_and_preprints_are_found() {
    let library = Library::without_model();
    let body = "Infusion of cells calms sepsis in patients of all ages [1]. Knees are stiff after rest in old age, as many trials found. It was seen again in sepsis of mice that had been treated. Exercise helps the knees of all who were asked in this trial.";
    let article = review("Cells of the stiff knee", "10.1186/ar1", body, BERG);
    library.write("article.md", &article);
    library.write("copy.md", &format!("{article}\n"));
    library.write(
        "preprint.md",
        &review(
            "Cells of stiff knees: a first version",
            "10.1101/2018.1",
            &format!("{body} This sentence is in the preprint alone, and nowhere else."),
            BERG,
        ),
    );
    library.write(
        "other.md",
        &review(
            "Exercise for the knee",
            "10.1186/ar2",
            "Knees that are moved stay well in old age, and nobody doubts it.",
            BERG,
        ),
    );
    library.index(&[library.papers()]);
    let (code, found) = lines(&library, &["papers", "duplicates", "--json"]);
    assert_eq!((code, found.len()), (0, 2), "{found:#?}");
    assert_eq!(found[0]["paper"]["id"], "10.1186_ar1");
    assert_eq!(found[0]["copies"].as_array().map(Vec::len), Some(1));
    let ids: Vec<&str> =
        found[1]["papers"].as_array().expect("two").iter().filter_map(|paper| paper["id"].as_str()).collect();
    assert_eq!(ids, ["10.1101_2018.1", "10.1186_ar1"]);
    assert_eq!(found[1]["share"], 1.0);
}

#[test]
fn a_library_without_gaps_and_duplicates_says_so() {
    let library = Library::without_model();
    library.write(
        "a.md",
        &review("Exercise for the knee", "10.1186/ar2", "Knees that are moved stay well in old age [1].", BERG),
    );
    library.index(&[library.papers()]);
    let index = library.folder.path().join("index");
    let (code, said) = output(&index, &["papers", "gaps"]);
    assert!(code == 1 && said.contains("0 of 0 works"), "{code}: {said}");
    let (code, said) = output(&index, &["papers", "duplicates"]);
    assert!(code == 1 && said.contains("0 pairs"), "{code}: {said}");
}
