//! Tests that each format gives the same quotations.

use std::io::{Cursor, Write};

use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

type Seen = (QuotationKind, String, Vec<String>);

fn seen(manuscript: &Manuscript) -> Vec<Seen> {
    manuscript.quotations.iter().map(|one| (one.kind, one.text.clone(), one.cited.clone())).collect()
}

fn expected(rows: &[(QuotationKind, &str, &[&str])]) -> Vec<Seen> {
    let keys = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect();
    rows.iter().map(|(kind, text, cited)| (*kind, (*text).to_owned(), keys(cited))).collect()
}

fn read(bytes: &[u8], name: &str) -> Manuscript {
    read_manuscript(bytes, name, None, &Limits::default()).unwrap()
}

/// The text of each quotation's place.
fn places(manuscript: &Manuscript, source: &str) -> Vec<String> {
    let at = |range: &Range<usize>| source.chars().skip(range.start).take(range.len()).collect();
    manuscript.quotations.iter().map(|one| at(&one.place)).collect()
}

use QuotationKind::{Block, Inline, Passage, Sentence};

const MARKDOWN: &str = r#"---
title: "A title in quotation marks, which is none"
---

# “Not in a heading, ever, at all”

Wang et al. (2013) write that “the cells *fell* at night […] and rose” and a "term". It is said to
“wane by the third
month” [@park2018; @doi:10.1186/ar2116, p. 3]. Nothing is cited here.

As @straub2007 put it:

> Morning stiffness follows the
> nightly rise of IL-6.

> Another one of its own words.
>
> — [@lee2010]

Stiffness follows the rise of IL-6 [10.1186_ar2116:12]. Cells were given to eight patients [@kim2011].

```
"code is no quotation at all"
```

Footnotes count[^1].

[^1]: They are “read like every other paragraph” (Lee & Kim, 2012).
"#;

#[test]
fn quotations_of_markdown() {
    let manuscript = read(MARKDOWN.as_bytes(), "draft.md");
    assert_eq!(manuscript.format, ManuscriptFormat::Markdown);
    assert_eq!(
        seen(&manuscript),
        expected(&[
            (Inline, "the cells fell at night […] and rose", &["Wang 2013"]),
            (Inline, "wane by the third month", &["park2018", "doi:10.1186/ar2116"]),
            (Block, "Morning stiffness follows the nightly rise of IL-6.", &["straub2007"]),
            (Block, "Another one of its own words.", &["lee2010"]),
            (Passage, "Stiffness follows the rise of IL-6.", &["10.1186_ar2116:12"]),
            (Sentence, "Cells were given to eight patients.", &["kim2011"]),
            (Inline, "read like every other paragraph", &["Lee 2012"]),
        ])
    );
    let lines: Vec<usize> = manuscript.quotations.iter().map(|one| one.line).collect();
    assert_eq!(lines, [7, 8, 13, 16, 20, 20, 28]);
    let places = places(&manuscript, MARKDOWN);
    assert_eq!(places[0], "the cells *fell* at night […] and rose");
    assert_eq!(places[1], "wane by the third\nmonth");
    assert_eq!(places[2], "Morning stiffness follows the\n> nightly rise of IL-6.");
}

const LATEX: &str = r#"\documentclass{article}
\newcommand{\x}{``Not in the preamble at all''}
\begin{document}
\section{``Not in a heading, ever, at all''}
% ``Nor in a comment, ever, at all''
\citet{wang2013} write that \enquote{the cells \emph{fell} at night \ldots{} and rose
by 10$^6$ \% of TNF-$\alpha$}. It is said to ``wane by the third
month''~\parencite[p.~3]{park2018,kim2011}.\footnote{It ``ended in the very first year'' \cite{roy2010}.}

As \textcite{straub2007} put it:
\begin{quote}
  Morning stiffness follows the nightly rise---as M\'elanie M\"{u}ller says---of IL-6.
\end{quote}
\textquote[\cite{lee2010}]{Another one of its own words}.
Cells were given to eight patients \citep{kim2011}. \begin{equation} ``a b c d'' \end{equation}
\end{document}
"#;

#[test]
fn quotations_of_latex() {
    let manuscript = read(LATEX.as_bytes(), "draft");
    assert_eq!(manuscript.format, ManuscriptFormat::Latex);
    assert_eq!(
        seen(&manuscript),
        expected(&[
            (Inline, "the cells fell at night … and rose by 106 % of TNF-α", &["wang2013"]),
            (Inline, "wane by the third month", &["park2018", "kim2011"]),
            (Inline, "ended in the very first year", &["roy2010"]),
            (
                Block,
                "Morning stiffness follows the nightly rise—as Me\u{301}lanie Mu\u{308}ller says—of IL-6.",
                &["straub2007"]
            ),
            (Inline, "Another one of its own words", &["lee2010"]),
            (Sentence, "Cells were given to eight patients.", &["kim2011"]),
        ])
    );
    assert_eq!(manuscript.quotations.iter().map(|one| one.line).collect::<Vec<_>>(), [6, 7, 8, 12, 14, 15]);
    assert_eq!(places(&manuscript, LATEX)[1], "wane by the third\nmonth");
}

#[test]
fn quotations_of_plain_text() {
    let text = "Wang et al. (2013) write that “the cells fell at night” and »dass sie am Morgen fielen«.\n\n\
                > Morning stiffness follows the\n> nightly rise of IL-6. (Straub 2007)\n\nThe 5\" tube isn't the patients' own.\n\n\
                „Die Zellen fielen am Abend“, « les cellules ont été données », 'not this one at all'.\n";
    let manuscript = read(text.as_bytes(), "draft.txt");
    assert_eq!(manuscript.format, ManuscriptFormat::Text);
    assert_eq!(
        seen(&manuscript),
        expected(&[
            (Inline, "the cells fell at night", &["Wang 2013"]),
            (Inline, "dass sie am Morgen fielen", &["Wang 2013"]),
            (Block, "Morning stiffness follows the nightly rise of IL-6. (Straub 2007)", &["Straub 2007"]),
            (Inline, "Die Zellen fielen am Abend", &[]),
            (Inline, "les cellules ont été données", &[]),
        ])
    );
    assert_eq!(manuscript.quotations.iter().map(|one| one.line).collect::<Vec<_>>(), [1, 1, 3, 8, 8]);
}

fn docx(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, xml) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(xml.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn document(body: &str) -> String {
    format!(
        "<w:document xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'><w:body>{body}</w:body></w:document>"
    )
}

#[test]
fn quotations_of_a_word_document() {
    let field = r#"<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> ADDIN ZOTERO_ITEM CSL_CITATION {"citationItems":[{"itemData":{"DOI":"10.1186/AR2116"}},{"itemData":{"author":[{"family":"Roy"}],"issued":{"date-parts":[["2010"]]}}}]} </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>(Straub et al. 2007; Roy 2010)</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>"#;
    let body = format!(
        "<w:p><w:r><w:t>It is said to “wane by </w:t></w:r><w:del><w:r><w:delText>no </w:delText></w:r></w:del><w:r><w:t>the \
         third month” </w:t></w:r>{field}<w:r><w:t>.</w:t></w:r></w:p>\
         <w:p><w:pPr><w:pStyle w:val='Quote'/></w:pPr><w:r><w:t>Morning stiffness follows IL</w:t></w:r><w:r><w:noBreakHyphen/>\
         <w:t>6.</w:t></w:r></w:p>"
    );
    let footnotes = "<w:footnotes xmlns:w='x'><w:footnote><w:p><w:r><w:t>It “ended in the very first year” \
                     [@roy2010].</w:t></w:r></w:p></w:footnote></w:footnotes>";
    let bytes = docx(&[("word/document.xml", &document(&body)), ("word/footnotes.xml", footnotes)]);
    let manuscript = read(&bytes, "draft.docx");
    assert_eq!(manuscript.format, ManuscriptFormat::Docx);
    assert_eq!(
        seen(&manuscript),
        expected(&[
            (Inline, "wane by the third month", &["doi:10.1186/ar2116", "Roy2010"]),
            (Block, "Morning stiffness follows IL-6.", &[]),
            (Inline, "ended in the very first year", &["roy2010"]),
        ])
    );
    assert_eq!(manuscript.quotations.iter().map(|one| one.line).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn archives_that_are_bombs_or_no_documents_are_refused() {
    let limits = Limits { max_unpacked_bytes: 10_000, ..Limits::DEFAULT };
    let bomb = docx(&[("word/document.xml", &document(&" ".repeat(1 << 20)))]);
    assert!(bomb.len() < 10_000);
    let refused = read_manuscript(&bomb, "bomb.docx", None, &limits);
    assert!(matches!(refused, Err(ReadError::TooLarge { bytes: 10_001, .. })), "{refused:?}");
    let other = read_manuscript(&docx(&[("a.txt", "text")]), "a.docx", None, &limits).unwrap_err().to_string();
    assert!(other.contains("no word/document.xml"), "{other}");
    let deep = docx(&[("word/document.xml", &"<w>".repeat(3000))]);
    assert!(read_manuscript(&deep, "", None, &limits).unwrap_err().to_string().contains("deep"));
    for (bytes, word) in [(&b"%PDF-1.7 "[..], "PDF"), (b"PK\x03\x04 cut", "Word document"), (b"\0\x01\x02", "binary")] {
        let error = read_manuscript(bytes, "", None, &limits).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    assert!(matches!(read_manuscript(b" \n", "", None, &limits), Err(ReadError::Empty)));
}

proptest! {
    /// Any text can be read in any format, and every position is within it, in the order of the lines.
    #[test]
    fn places_are_in_the_manuscript(text in r#"[a-c “”"‘’«»„{}\\%$>\[\]@.\n#é😀-]{0,200}|(?:[a-z]{1,3}[ “”"]{1,2}){0,60}"#) {
        for format in [ManuscriptFormat::Markdown, ManuscriptFormat::Latex, ManuscriptFormat::Text] {
            let manuscript = read_manuscript_text(&text, "", Some(format));
            let length = text.chars().count();
            for one in &manuscript.quotations {
                prop_assert!(one.place.start <= one.place.end && one.place.end <= length, "{one:?}");
                let line = text.chars().take(one.place.start).filter(|c| *c == '\n').count() + 1;
                prop_assert_eq!(line, one.line);
                prop_assert!(one.text.split_whitespace().count() >= 4);
            }
        }
    }

    /// Reading terminates for LaTeX commands in any order.
    #[test]
    fn latex_of_any_commands_is_read(parts in prop::collection::vec(prop::sample::select(vec![
        "\\enquote{", "}", "\\footnote{", "\\begin{quote}", "\\end{quote}", "\\cite{", "[", "]", "a b c d e ", "``", "''", "\\", "\n\n", "{", "\\'", "$",
        "\\verb", "%", "é", "\\begin{", "\\item",
    ]), 0..40)) {
        let text = parts.concat();
        let manuscript = read_manuscript_text(&text, "", Some(ManuscriptFormat::Latex));
        prop_assert!(manuscript.quotations.len() <= text.len());
    }
}
