//! Checks the quotations of manuscripts in each format against the papers: with the program, and over HTTP.

use std::io::{Cursor, Write};
use std::time::Instant;

use serde_json::{Value, json};
use stroma::corpus::manuscript::read_manuscript_text;
use stroma::quotes::QuoteIndex;
use stroma::wire::VerifyResponse;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::http_support::{Server, limits};
use crate::program::{outcome, stroma};
use crate::support::{Library, shared_data};

const STIFFNESS: &str = "---
title: Morning stiffness and cells
authors: [Ann Straub, Bo Kim]
year: 2007
doi: 10.5555/stiffness
---

# Morning stiffness and cells

## Results

Morning stiffness follows the nightly rise of IL-6 (Lee et al., 2001), a cytokine that fell by 12.5 % after the infusion of mesenchymal
stromal cells in eight patients. The effect waned by the third month, and no patient withdrew from the trial.

## Discussion

It is not known whether the cells shorten the stiffness by a useful number of minutes.
";

const SAFETY: &str = "---
title: Safety of cell infusions
authors: [Cy Wang]
year: 2013
doi: 10.5555/safety
---

# Safety of cell infusions

## Results

Fever occurred in one of ten patients within a day of the infusion and ended without any treatment.
";

fn library() -> Library {
    let library = Library::without_model();
    library.write("stiffness.md", STIFFNESS);
    library.write("safety.md", SAFETY);
    library.index(&[library.papers()]);
    library
}

/// Runs `stroma verify --json` on a manuscript; returns the exit code and the response.
fn verified(library: &Library, name: &str, manuscript: &[u8]) -> (i32, Value) {
    let file = library.folder.path().join(name);
    std::fs::write(&file, manuscript).expect("a manuscript is written");
    let index = library.folder.path().join("index");
    let command = stroma(&index, &["verify", "--json", &file.to_string_lossy()]);
    let (code, text) = outcome(command);
    (code, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
}

fn statuses(response: &Value) -> Vec<&str> {
    response["quotes"]
        .as_array()
        .expect("quotes")
        .iter()
        .map(|quote| quote["status"].as_str().expect("a status"))
        .collect()
}

/// Verbatim with typographic differences and an elision, altered, invented, attributed to another paper.
const EXPECTED: [&str; 4] = ["verbatim", "altered", "not_found", "other_paper"];

fn check_all(library: &Library, name: &str, manuscript: &[u8]) -> Value {
    let (code, response) = verified(library, name, manuscript);
    assert_eq!(code, 1, "{response}");
    assert_eq!(statuses(&response), EXPECTED, "{response:#}");
    assert_eq!(response["verified"], false);
    let quotes = &response["quotes"];
    assert_eq!(quotes[0]["found"]["paper"]["doi"], "10.5555/stiffness");
    assert_eq!(quotes[0]["credited"], true, "{response:#}");
    assert_eq!(
        quotes[1]["diff"],
        json!([
            {"change": "same", "text": "The effect waned by the"},
            {"change": "removed", "text": "third"},
            {"change": "added", "text": "sixth"},
            {"change": "same", "text": "month, and no patient withdrew"},
        ])
    );
    assert!(quotes[2]["found"].is_null() && quotes[2]["nearest"]["text"].is_string(), "{response:#}");
    assert_eq!(quotes[3]["found"]["paper"]["doi"], "10.5555/safety");
    assert_eq!(quotes[3]["credited"], false);
    response
}

#[test]
fn manuscripts_in_markdown_latex_and_plain_text() {
    let library = library();
    let markdown = "As Straub says, “morning stiff-\nness follows the nightly rise of IL‑6, a cytokine that fell […] after the \
                    infusion of [the] cells” [@straub2007].\n“The effect waned by the sixth month, and no patient withdrew” \
                    [@doi:10.5555/stiffness].\n\n> Bees were never seen to quote a cytokine in the morning.\n\n\
                    “Fever occurred in one of ten patients” [@straub2007].\n";
    let response = check_all(&library, "draft.md", markdown.as_bytes());
    let found = &response["quotes"][0]["found"];
    assert_eq!((found["start"].as_u64(), found["section"][0].as_str()), (Some(0), Some("Results")));
    let text = found["text"].as_str().expect("the words of the paper");
    assert!(text.starts_with("Morning stiffness") && text.ends_with("stromal cells"), "{text}");
    assert_eq!(response["quotes"][2]["kind"], "block");

    let latex = r"\documentclass{article}\begin{document}
As Straub says, ``morning stiffness follows the nightly rise of \mbox{IL-6}, a cytokine that fell by 12.5~\% after
the infusion''~\cite{straub2007}. \textcquote[3]{straub2007}{The effect waned by the sixth month, and no patient withdrew}.
\begin{quote} Bees were never seen to quote a cytokine in the morning. \end{quote}
\enquote{Fever occurred in one of ten patients} \parencite{straub2007}.
\end{document}
";
    let response = check_all(&library, "draft.tex", latex.as_bytes());
    assert_eq!(response["quotes"][1]["cited"][0]["key"], "straub2007");

    let text = "As Straub says, \"morning stiffness follows the nightly rise of IL-6 ... by 12·5% after the infusion\" (Straub and Kim, \
                2007). »The effect waned by the sixth month, and no patient withdrew« (Straub 2007).\n\n\
                „Bees were never seen to quote a cytokine in the morning“.\n\n\
                « Fever occurred in one of ten patients » (Straub 2007).\n";
    check_all(&library, "draft.txt", text.as_bytes());
}

#[test]
fn citation_keys_are_looked_up_in_the_bibliography() {
    let library = library();
    let write = |name: &str, text: &str| std::fs::write(library.folder.path().join(name), text).expect("a file");
    let entry = |key: &str, doi: &str| format!("@article{{{key}, title = {{As printed}}, doi = {{{doi}}}}}\n");
    write("refs.bib", &(entry("first", "10.5555/stiffness") + &entry("second", "10.5555/safety")));
    let draft = r"\documentclass{article}\addbibresource{refs.bib}\begin{document}
``Fever occurred in one of ten patients''~\cite{second}. ``The effect waned by the third month''~\cite{second}.
\end{document}
";
    let (code, response) = verified(&library, "draft.tex", draft.as_bytes());
    assert_eq!((code, statuses(&response)), (1, vec!["verbatim", "other_paper"]), "{response:#}");
    assert_eq!(response["quotes"][0]["credited"], true);
    // With Markdown, the only bibliography in the folder is used. Another one can be named, and takes precedence.
    let (code, response) = verified(&library, "draft.md", b"\"Fever occurred in one of ten patients\" [@second].\n");
    assert_eq!((code, &response["quotes"][0]["credited"]), (0, &true.into()), "{response:#}");
    write("other.bib", &entry("second", "10.5555/stiffness"));
    let path = |name: &str| library.folder.path().join(name).to_string_lossy().into_owned();
    let arguments = ["verify", "--json", &path("draft.md"), "--bib", &path("other.bib")];
    let (code, said) = outcome(stroma(&library.folder.path().join("index"), &arguments));
    assert!(code == 1 && said.contains("\"other_paper\""), "{said}");
}

#[test]
fn a_manuscript_in_word() {
    let library = library();
    let field = r#"<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> ADDIN ZOTERO_ITEM CSL_CITATION {"citationItems":[{"itemData":{"DOI":"10.5555/stiffness"}}]} </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>(1)</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>"#;
    let paragraph = |style: &str, text: &str| {
        format!("<w:p><w:pPr><w:pStyle w:val='{style}'/></w:pPr><w:r><w:t>{text}</w:t></w:r>{field}</w:p>")
    };
    let body = [
        paragraph("Normal", "As Straub says, “morning stiffness follows the nightly rise of IL-6” "),
        paragraph("IntenseQuote", "The effect waned by the sixth month, and no patient withdrew "),
        paragraph("Quote", "Bees were never seen to quote a cytokine in the morning. "),
        paragraph("Normal", "“Fever occurred in one of ten patients” "),
    ];
    let xml = format!("<w:document xmlns:w='w'><w:body>{}</w:body></w:document>", body.concat());
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("word/document.xml", SimpleFileOptions::default()).expect("an archive");
    archive.write_all(xml.as_bytes()).expect("an archive");
    let response = check_all(&library, "draft.docx", &archive.finish().expect("an archive").into_inner());
    assert_eq!(response["format"], "docx");
    assert_eq!(response["quotes"][3]["line"], 4);
}

/// A sentence that two papers have is found in the same one, whichever was indexed first.
#[test]
fn verdicts_do_not_depend_on_the_order_of_indexing() {
    let copy = SAFETY.replace("10.5555/safety", "10.5555/copy").replace("Safety of", "More on the safety of");
    let draft = "“Fever occurred in one of ten patients”, and “fever occurred in two of ten patients within a day”.";
    let found = |orders: [(&str, &str); 2]| {
        let library = Library::without_model();
        for (name, text) in orders {
            library.write(name, text);
            library.index(&[library.papers()]);
        }
        let (_, response) = verified(&library, "draft.txt", draft.as_bytes());
        let quotes = response["quotes"].as_array().expect("quotes").iter();
        quotes.map(|quote| quote["found"]["passage"].clone()).collect::<Vec<_>>()
    };
    let expected = ["10.5555_copy:0", "10.5555_copy:0"];
    assert_eq!(found([("safety.md", SAFETY), ("copy.md", &copy)]), expected);
    assert_eq!(found([("copy.md", &copy), ("safety.md", SAFETY)]), expected);
}

#[test]
fn the_exit_code_tells_whether_all_is_verbatim() {
    let library = library();
    let verbatim = "“The effect waned by the third month” (Straub 2007). Cells help some patients more [@wang2013].";
    let (code, response) = verified(&library, "good.md", verbatim.as_bytes());
    assert_eq!((code, &response["verified"]), (0, &json!(true)), "{response:#}");
    assert_eq!(response["counts"]["own_words"], 1);

    let index = library.folder.path().join("index");
    let file = library.folder.path().join("good.md").to_string_lossy().into_owned();
    let run = |arguments: &[&str]| outcome(stroma(&index, &[&["verify"], arguments].concat()));
    let (code, text) = run(&["--all", &file]);
    assert!(code == 0 && text.contains("good.md:1: verbatim: “The effect waned by the third month”"), "{text}");
    assert!(
        text.contains("Ann Straub et al., Morning stiffness and cells (2007), 10.5555_stiffness:0, characters "),
        "{text}"
    );
    assert_eq!(run(&["--strict", &file]).0, 1);
    let (code, text) = run(&["/no/such/draft.md"]);
    assert!(code == 2 && text.contains("cannot open"), "{text}");
    assert_eq!(run(&["--format", "docx", &file]).0, 2);

    let named =
        "The effect waned by the third month [10.5555_stiffness:0]. The effect grew by day [10.5555_stiffness:0].";
    let (code, response) = verified(&library, "named.txt", named.as_bytes());
    assert_eq!((code, statuses(&response)), (1, vec!["verbatim", "not_found"]), "{response:#}");
}

#[tokio::test]
async fn quotations_over_http() {
    let library = library();
    let state = stroma::server::AppState::new(library.engine(), limits());
    let server = Server::over(library, state);
    let text =
        "“Fever occurred in two of ten patients within a day” (Wang 2013), “ended without any treatment”. ".repeat(60);
    assert!(text.len() > limits().max_body, "a manuscript may be larger than a question");
    for _ in 0..2 {
        let reply = server.post("/v1/verify", json!({"text": text, "format": "text"}).to_string()).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let response = reply.json();
        assert_eq!(
            response["counts"],
            json!({"verbatim": 60, "altered": 60, "other_paper": 0, "not_found": 0, "own_words": 0})
        );
        assert_eq!(response["quotes"][0]["found"]["source"]["url"], "/v1/papers/10.5555_safety/file");
        assert_eq!(response["quotes"][0]["found"]["passage"], "10.5555_safety:0");
    }
    let refused = server.post("/v1/verify", json!({"text": "a", "format": "docx"}).to_string()).await;
    let detail = refused.problem(400, "invalid_parameter");
    assert!(detail.contains("markdown, latex, text"), "{detail}");
    let many = json!({"text": "“one two three four” ".repeat(2001), "format": "text"});
    let detail = server.post("/v1/verify", many.to_string()).await.problem(400, "invalid_parameter");
    assert!(detail.contains("2001 quotations"), "{detail}");
    let short = json!({"text": "“one of ten was” ".repeat(201), "format": "text"});
    let detail = server.post("/v1/verify", short.to_string()).await.problem(400, "invalid_parameter");
    assert!(detail.contains("201 quotations of a few letters"), "{detail}");
    let elisions = json!({"text": format!("> [@wang2013] {}\n", "a … ".repeat(170_000)), "format": "markdown"});
    let reply = server.post("/v1/verify", elisions.to_string()).await;
    assert_eq!(reply.status, 200, "{}", reply.text.chars().take(200).collect::<String>());
    assert_eq!(reply.json()["counts"]["not_found"], 1);
    let long = json!({"text": "a".repeat(2 << 20)}).to_string();
    let detail = server.post("/v1/verify", long).await.problem(413, "body_too_large");
    assert!(detail.contains("1048576"), "{detail}");
}

/// Prints the time. All of 1,000 quotations of real papers get the right verdict: verbatim ones with another
/// typography, ones with a changed word, and ones with their words in another order.
#[test]
#[ignore = "needs ../shared/data"]
fn a_thousand_quotations_of_real_papers() {
    let library = Library::without_model();
    library.index(&[shared_data("jats")]);
    let snapshot = library.index.snapshot();
    let passages = snapshot.all_passages().expect("passages");
    let is_mark_or_citation = |c: char| "“”„‟‘’‚\"«»‹›[]…@:/>".contains(c);
    let sentences = passages.iter().step_by(passages.len() / 1500).filter_map(|address| {
        let passage = snapshot.passage(*address).expect("a passage").passage;
        let fits = |sentence: &&str| {
            (12..60).contains(&sentence.split_whitespace().count()) && !sentence.contains(is_mark_or_citation)
        };
        let ranges = passage.sentences.iter().map(|sentence| sentence.range.clone());
        let sentences: Vec<&str> = ranges.map(|range| &passage.text[range]).collect();
        sentences.iter().find(|sentence| fits(sentence)).map(|sentence| (*sentence).to_owned())
    });
    let mut expected = Vec::new();
    let quotations: Vec<String> = sentences
        .take(1000)
        .enumerate()
        .map(|(number, sentence)| {
            let mut words: Vec<&str> = sentence.split_whitespace().collect();
            match number % 10 {
                0..5 => expected.push("verbatim"),
                5..8 => {
                    words[5] = "zebra";
                    expected.push("altered");
                }
                _ => {
                    words.reverse();
                    expected.push("not_found");
                }
            }
            format!("„{}“", words.join(if number % 2 == 0 { "\n" } else { "\u{a0}" }))
        })
        .collect();
    assert_eq!(quotations.len(), 1000);
    let manuscript = quotations.join("\n\n");
    let began = Instant::now();
    let manuscript = read_manuscript_text(&manuscript, "draft.txt", None);
    let read = began.elapsed();
    let index = QuoteIndex::new(&snapshot).expect("an index");
    let indexed = began.elapsed();
    let verdicts = index.check_all(&snapshot, &manuscript, &|| None).expect("verdicts");
    let checked = began.elapsed();
    println!(
        "{} passages; read in {read:?}, indexed in {:?}, checked in {:?}, together {checked:?}",
        passages.len(),
        indexed - read,
        checked - indexed
    );
    let response = VerifyResponse::new(snapshot.commit_id(), &manuscript, &verdicts);
    let response = serde_json::to_value(response).expect("JSON");
    let found = statuses(&response);
    assert_eq!(found.len(), 1000);
    let wrong: Vec<usize> = (0..1000).filter(|number| found[*number] != expected[*number]).collect();
    for number in wrong.iter().take(20) {
        println!("{}: {} for {}", found[*number], response["quotes"][*number]["text"], expected[*number]);
    }
    assert!(wrong.len() <= 20, "{} of 1000 are wrong", wrong.len());
}
