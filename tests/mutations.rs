//! Damaged files: for any mutation, a reader returns an article or an error, and does not panic or hang.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use stroma::corpus::{Limits, read_bytes};

use crate::support::project;

/// Number of files of each folder whose mutations are tried.
const PER_FOLDER: usize = 3;
/// Maximum number of bytes of a file that are used, so that a run stays short.
const MAX_BYTES: usize = 60_000;
const MUTATIONS: u64 = 24;

const FOLDERS: [&str; 5] = [
    "papers",
    "../shared/data/jats/reviews",
    "../shared/data/jats/papers",
    "../shared/data/seed",
    "../shared/data/pdf",
];

fn files() -> Vec<PathBuf> {
    let mut all = Vec::new();
    for folder in FOLDERS {
        let entries = std::fs::read_dir(project(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
        let mut files: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file()).collect();
        files.sort();
        // The samples have all formats; of other folders, a few files are enough.
        let count = if folder == "papers" { files.len() } else { PER_FOLDER };
        all.extend(files.into_iter().take(count));
    }
    all
}

/// A small xorshift generator: it gives the same mutations in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    const PIECES: [&[u8]; 12] = [
        b"<",
        b">",
        b"&",
        b"<p>",
        b"</p>",
        b"<![CDATA[",
        b"<!--",
        b"\0",
        b"\xff",
        b"\n\n",
        b"\x0c",
        b"<sup><xref rid=\"x\">",
    ];
    for _ in 0..=random.below(6) {
        let (one, other) = (random.below(bytes.len()), random.below(bytes.len()));
        let (start, end) = (one.min(other), one.max(other));
        match random.below(6) {
            0 => bytes.truncate(end.max(1)),
            1 => drop(bytes.drain(start..end.min(start + 2_000))),
            2 => {
                let piece = bytes[start..end.min(start + 2_000)].to_vec();
                bytes.splice(start..start, piece);
            }
            3 => bytes[start] ^= 1 << random.below(8),
            4 => {
                let piece = PIECES[random.below(PIECES.len())];
                bytes.splice(start..start, piece.iter().copied());
            }
            _ => bytes.swap(start, end),
        }
        if bytes.is_empty() {
            return bytes.push(b'x');
        }
    }
}

#[test]
#[ignore = "needs ../shared/data"]
fn no_mutation_makes_a_reader_panic() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for path in files() {
        let mut original = std::fs::read(&path).unwrap();
        original.truncate(MAX_BYTES);
        for _ in 0..MUTATIONS {
            let mut bytes = original.clone();
            mutate(&mut bytes, &mut random);
            check(&bytes, &path.to_string_lossy());
        }
    }
}

/// Formats without a sample in the project.
const SMALL: [(&str, &str); 2] = [
    (
        "paper.xml",
        "<?xml version=\"1.0\"?><TEI xmlns=\"http://www.tei-c.org/ns/1.0\"><teiHeader><fileDesc><titleStmt><title>On knees\
         </title></titleStmt></fileDesc></teiHeader><text><body><div><head n=\"1\">Results</head><p>Cells soften joints \
         <ref type=\"bibr\" target=\"#b0\">[1]</ref>.</p><figure><head>Fig. 1</head><figDesc>Knees.</figDesc></figure></div></body>\
         <back><listBibl><biblStruct xml:id=\"b0\"><analytic><title>Cells</title><author><persName><surname>Lee</surname>\
         </persName></author></analytic><monogr><imprint><date when=\"2020\"/></imprint></monogr></biblStruct></listBibl></back>\
         </text></TEI>",
    ),
    (
        "paper.html",
        "<!DOCTYPE html><html><head><meta name=\"citation_title\" content=\"On knees\"></head><body><nav><a>Home</a></nav><h1>On \
         knees</h1><h2>Results</h2><p>Cells soften joints <sup><a href=\"#r1\">1</a></sup>, as <i>Lee</i> found (Lee, 2020).</p>\
         <table><tr><td>7</td></tr></table><h2>References</h2><ol><li id=\"r1\">Lee A. Cells. J Knees. 2020;1:2.</li></ol></body></html>",
    ),
];

#[test]
fn no_mutation_of_a_small_paper_makes_a_reader_panic() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for (name, text) in SMALL {
        let mut read = 0;
        for _ in 0..500 {
            let mut bytes = text.as_bytes().to_vec();
            mutate(&mut bytes, &mut random);
            check(&bytes, name);
            read += usize::from(read_bytes(&bytes, name, &Limits::default()).is_ok());
        }
        assert!(read > 50, "nearly all mutations of {name} are refused, which tries nothing: {read}");
    }
}

/// Reads `bytes`, and checks that the result satisfies the invariants of its types.
fn check(bytes: &[u8], name: &str) {
    let started = Instant::now();
    if let Ok(article) = read_bytes(bytes, name, &Limits::default()) {
        for block in &article.blocks {
            assert!(!block.text.is_empty(), "{name}");
            for citation in &block.citations {
                assert!(block.text.get(citation.range.clone()).is_some(), "{name}: {citation:?} in {:?}", block.text);
                assert!(citation.references.iter().all(|&index| index < article.references.len()), "{name}");
            }
        }
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{name} took {:?}", started.elapsed());
}

#[test]
fn hostile_inputs_end_soon() {
    let deep = |open: &str| open.repeat(100_000);
    let inputs = [
        ("<?xml version=\"1.0\"?><article><body>".to_owned() + &deep("<sec><p>")),
        ("<html><body>".to_owned() + &deep("<div><table><tr><td><ul><li>")),
        ("<html><body>".to_owned() + &deep("<sup><a href=\"#r1\">1</a>")),
        deep("> "),
        deep("# a\n") + &deep("[a]("),
        deep("*a **b _"),
        deep("- a\n  "),
        deep("![a](b \"c\""),
        deep("<p "),
        deep("<!--"),
        deep("&lt;p&gt; &x"),
        "<?xml version=\"1.0\"?><article ".to_owned() + &deep("a=\"b\" "),
        "Figure 1 A ".repeat(30_000),
        "3.1 The cells of ".repeat(30_000),
        "Page 1 of 2\n".repeat(30_000),
        "\u{c}".repeat(100_000) + "words",
        "word ".repeat(400_000),
        "A. ".repeat(300_000),
        "References\n\n".to_owned() + &"[1] Lee A. ".repeat(30_000),
        "RkJQdWJsaXNoZXIy ".repeat(30_000),
        "Journal of Cells, 2024, Vol.1, No.2, 3-4 ".repeat(20_000),
        "=".repeat(1_000_000),
        "a\n".repeat(300_000),
        "| a ".repeat(100_000) + "\n" + &"|---".repeat(100_000),
    ];
    for input in inputs {
        let started = Instant::now();
        let shown: String = input.chars().take(60).collect();
        check(input.as_bytes(), "hostile.txt");
        println!("{:6.2} s {shown:?}", started.elapsed().as_secs_f64());
    }
}

#[test]
fn wrongly_named_and_mis_encoded_files_are_read_by_content() {
    let html = "<html><body><h1>Title</h1><p>Caf\u{e9} cells were given.</p></body></html>";
    let latin: Vec<u8> = html.chars().map(|c| c as u8).collect();
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(html.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for bytes in [html.as_bytes(), &latin, &utf16] {
        let article = read_bytes(bytes, "paper.pdf", &Limits::default()).unwrap();
        assert_eq!(article.blocks[0].text, "Caf\u{e9} cells were given.");
    }
    for (bytes, word) in
        [(&b"PK\x03\x04rest"[..], "zip"), (b"\x89PNG\r\n", "PNG"), (b"\x01\x02\x03\x04\x05\x06", "binary")]
    {
        let error = read_bytes(bytes, "paper.xml", &Limits::default()).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}
