//! A paper that hangs, takes too much memory or disappears while it is read does not affect the others.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use flate2::{Compression, write::GzEncoder};
use stroma::corpus::{Format, Limits, ReadError};
use stroma::ingest::{Grobid, Ingest, IngestOptions, Paper, Reader, Reading, Summary};

use crate::pdf;
use crate::program::{outcome, stroma};
use crate::support::Library;

const STROMA: &str = env!("CARGO_BIN_EXE_stroma");

fn isolated(reading: Reading) -> Reader {
    Reader::in_worker(reading, Some(Path::new(STROMA)))
}

fn in_folder(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.path().join(name)).collect();
    for (path, (_, bytes)) in paths.iter().zip(files) {
        std::fs::write(path, bytes).expect("a file is written");
    }
    (folder, paths)
}

fn error(reader: &Reader, file: &Path) -> ReadError {
    reader.read_file(file).expect_err("it cannot be read").error
}

fn assert_reads(reader: &Reader, file: &Path) -> Paper {
    reader.read_file(file).expect("it is read")
}

const GOOD: &[u8] = b"# On knees\n\nKnees get stiff in the morning and better at noon.\n";

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("packed");
    encoder.finish().expect("packed")
}

/// A program that hangs when it is started for the first time, and later runs the real reader.
#[cfg(unix)]
fn hanging_once(folder: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join("hangs-once");
    let script = format!(
        "#!/bin/sh\nmkdir '{}' 2>/dev/null && exec sleep 1000\nexec '{STROMA}' \"$@\"\n",
        folder.join("mark").display()
    );
    std::fs::write(&path, script).expect("a script");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("executable");
    path
}

#[test]
fn a_paper_in_markdown_is_read_with_the_bibliography_beside_it() {
    let (_folder, paths) = in_folder(&[
        ("paper.md", b"# Cells\n\nCells grow in the joints of mice [@yi].\n"),
        ("refs.bib", b"@article{yi, title = {Stem cells}, author = {Yi, Tom}, year = 2012, doi = {10.1000/yi}}\n"),
    ]);
    for reader in [isolated(Reading::default()), Reader::in_process(Reading::default())] {
        let paper = assert_reads(&reader, &paths[0]);
        let [reference] = paper.article.references.as_slice() else { panic!("one reference: {:?}", paper.article) };
        assert_eq!((reference.title.as_deref(), reference.doi.as_deref()), (Some("Stem cells"), Some("10.1000/yi")));
        assert_eq!(paper.article.blocks[0].citations[0].references, [0]);
    }
}

#[test]
fn both_ways_of_reading_give_the_same() {
    let (_folder, files) =
        in_folder(&[("good.md", GOOD), ("empty.md", b""), ("picture.md", b"\x89PNG\r\n\x1a\n\0\0\0\r")]);
    let (here, there) = (Reader::default(), isolated(Reading::default()));
    assert_eq!(assert_reads(&here, &files[0]), assert_reads(&there, &files[0]));
    for file in &files[1..] {
        let (here, there) = (error(&here, file), error(&there, file));
        assert_eq!(here.to_string(), there.to_string());
        assert!(there.is_not_a_paper(), "{there:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_paper_that_hangs_is_stopped_and_the_next_is_read() {
    // Longer than the capacity of the pipe: the reader must not depend on it being read.
    let long = GOOD.repeat(10_000);
    let (folder, files) = in_folder(&[("long.md", &long), ("good.md", GOOD)]);
    let reading = Reading { timeout: Duration::from_secs(10), ..Reading::default() };
    let reader = Reader::in_worker(reading, Some(&hanging_once(folder.path())));
    assert!(matches!(error(&reader, &files[0]), ReadError::Timeout { seconds: 10 }));
    assert_reads(&reader, &files[1]);
    assert_reads(&reader, &files[0]);
}

/// Opening a pipe without a writer would block forever.
#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_file_is_refused() {
    let (folder, files) = in_folder(&[("good.md", GOOD)]);
    let pipe = folder.path().join("pipe.md");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let reader = isolated(Reading::default());
    assert!(error(&reader, &pipe).to_string().contains("not a file"));
    assert_reads(&reader, &files[0]);
}

/// The process that reads papers inherits only the variables that programs need to start: others may contain keys.
#[cfg(unix)]
#[test]
fn the_process_that_reads_inherits_no_keys() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, files) = in_folder(&[("good.md", GOOD)]);
    let (program, seen) = (folder.path().join("shows-variables"), folder.path().join("seen"));
    std::fs::write(&program, format!("#!/bin/sh\nenv > '{}'\nexec '{STROMA}' \"$@\"\n", seen.display()))
        .expect("a script");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("executable");
    assert_reads(&Reader::in_worker(Reading::default(), Some(&program)), &files[0]);
    let seen = std::fs::read_to_string(&seen).expect("what it saw");
    // The first two are settings of the allocator, and the shell sets the last three itself.
    let allowed = "MIMALLOC_ARENA_EAGER_COMMIT MIMALLOC_PAGE_COMMIT_ON_DEMAND LD_LIBRARY_PATH DYLD_LIBRARY_PATH PATH LANG LC_ALL RUST_BACKTRACE TZ PWD SHLVL _";
    let known: Vec<&str> = allowed.split(' ').collect();
    let more: Vec<&str> =
        seen.lines().filter_map(|line| Some(line.split_once('=')?.0)).filter(|name| !known.contains(name)).collect();
    assert!(more.is_empty(), "{more:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_paper_that_eats_memory_is_stopped_and_the_next_is_read() {
    let large = b"Cells soften stiff joints. ".repeat(2 << 20);
    let (_folder, files) = in_folder(&[("plain.txt", &large), ("packed.gz", &packed(&large)), ("good.md", GOOD)]);
    let reader = isolated(Reading { max_memory_mb: 64, ..Reading::default() });
    for file in &files[..2] {
        let error = error(&reader, file);
        assert!(matches!(error, ReadError::OutOfMemory { limit_mb: 64 }), "{error:?}");
    }
    assert_reads(&reader, &files[2]);
}

#[test]
fn size_is_bounded_packed_and_unpacked() {
    let bomb = packed(&vec![b' '; 4 << 20]);
    let (_folder, files) = in_folder(&[("long.md", &GOOD.repeat(1000)), ("bomb.gz", &bomb), ("good.md", GOOD)]);
    let limits = Limits { max_file_bytes: 10_000, max_unpacked_bytes: 1 << 20, ..Limits::DEFAULT };
    let reader = isolated(Reading { limits, ..Reading::default() });
    assert!(matches!(error(&reader, &files[0]), ReadError::TooLarge { limit: 10_000, .. }));
    assert!(matches!(error(&reader, &files[1]), ReadError::TooLarge { limit: 1_048_576, .. }));
    assert_reads(&reader, &files[2]);
}

#[test]
fn a_file_that_has_vanished_and_a_folder_are_named() {
    let (folder, files) = in_folder(&[("good.md", GOOD)]);
    let reader = isolated(Reading::default());
    let gone = folder.path().join("gone.md");
    let failure = reader.read(std::slice::from_ref(&gone)).expect_err("it is gone");
    assert_eq!(failure.file, gone);
    assert!(failure.to_string().contains("No such file") || cfg!(not(unix)), "{failure}");
    assert!(error(&reader, folder.path()).to_string().contains("folder"));
    assert_reads(&reader, &files[0]);
}

fn index(library: &Library, reader: Reader) -> Summary {
    let never = AtomicBool::new(false);
    let options = IngestOptions { reader, ..IngestOptions::default() };
    let ingest = Ingest { store: library.index.as_ref(), embedder: library.embedder.as_ref(), options, stop: &never };
    ingest.run(&[library.papers()], &mut |_| {}).expect("an index run")
}

#[cfg(unix)]
#[test]
fn links_in_circles_and_into_nothing_do_not_hinder_the_others() {
    let library = Library::without_model();
    library.write("good.md", &String::from_utf8_lossy(GOOD));
    let papers = library.papers();
    std::os::unix::fs::symlink(&papers, papers.join("circle")).expect("a link");
    std::os::unix::fs::symlink(papers.join("gone.md"), papers.join("nothing.md")).expect("a link");
    let summary = index(&library, isolated(Reading::default()));
    assert_eq!(summary.papers.added, 1, "{summary:?}");
    let named: Vec<_> =
        summary.failures.iter().map(|failure| (failure.file.clone(), failure.reason.as_str())).collect();
    assert_eq!(named, [(papers.canonicalize().expect("a folder").join("nothing.md"), "the link leads nowhere")]);
}

#[test]
fn a_folder_of_many_small_files_goes_in_at_once() {
    const FILES: u64 = 2000;
    let library = Library::without_model();
    for number in 0..FILES {
        library.write(
            &format!("{number}.md"),
            &format!("# Paper {number}\n\nKnees of group {number} get stiff at noon.\n"),
        );
    }
    let started = Instant::now();
    let summary = index(&library, isolated(Reading::default()));
    assert_eq!((summary.papers.added, summary.papers.failed), (FILES, 0), "{:?}", summary.failures);
    println!("{FILES} files in {:.1} s", started.elapsed().as_secs_f64());
    assert_eq!(index(&library, isolated(Reading::default())).papers.unchanged, FILES);
}

/// The child process ends with its parent, whether it waits for a source or for the rest of one.
#[test]
fn nobody_is_left_behind() {
    let version = serde_json::json!({ "path": "half.md", "size": 1000, "modified": 1, "fingerprint": 1 });
    let files = [serde_json::json!({ "version": version, "tei": null })];
    let request = serde_json::json!({ "limits": Limits::default(), "max_memory_mb": 64, "files": files });
    for request in [String::new(), "{".to_owned(), format!("{request}\nhalf of it")] {
        let mut command = Command::new(STROMA);
        let mut child =
            command.arg("read-worker").stdin(Stdio::piped()).stderr(Stdio::null()).spawn().expect("started");
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(request.as_bytes()).expect("written");
        drop(input);
        let started = Instant::now();
        while child.try_wait().expect("asked").is_none() {
            assert!(started.elapsed() < Duration::from_secs(20), "it goes on without a parent");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn inspect(arguments: &[&Path]) -> Output {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let command = Command::new(STROMA).arg("inspect").args(arguments).current_dir(folder.path()).output();
    command.expect("stroma runs")
}

#[test]
fn inspect_shows_what_can_be_read_and_names_the_rest() {
    let (folder, files) = in_folder(&[("a.md", GOOD), ("b.md", GOOD), ("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\r")]);
    let gone = folder.path().join("gone.md");
    let output = inspect(&[Path::new("--json"), &files[0], &gone, folder.path()]);
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("gone.md") && errors.lines().count() == 1, "{errors}");
    let shown = String::from_utf8_lossy(&output.stdout);
    let named: Vec<PathBuf> = shown
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["file"].as_str().unwrap().into())
        .collect();
    assert_eq!(named, [files[0].clone(), files[0].clone(), files[1].clone()]);
    let output = inspect(&[&files[0]]);
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("Knees get stiff"));
}

const TEI: &str = r#"<?xml version="1.0" encoding="UTF-8"?><TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc>
<titleStmt><title level="a" type="main">As the server read it</title></titleStmt><publicationStmt/><sourceDesc/></fileDesc>
</teiHeader><text><body><div><head>Results</head><p>The server says that cells soften stiff joints.</p></div></body></text>
</TEI>"#;

/// Answers one request with `status` and `body`. Returns the head of the request and the number of bytes after it.
fn answer_one(status: &'static str, body: &'static str) -> (String, std::thread::JoinHandle<(String, usize)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a caller");
        let request = whole_request(&mut stream);
        let length = body.len();
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
            .expect("sent");
        request
    });
    (url, server)
}

fn whole_request(stream: &mut TcpStream) -> (String, usize) {
    let mut request = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let count = stream.read(&mut buffer).expect("a request");
        request.extend_from_slice(&buffer[..count]);
        let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        let body = request.len() - end - 4;
        if count == 0 || length.is_some_and(|length: usize| body >= length) {
            return (head, body);
        }
    }
}

fn with_grobid(url: &str) -> Reader {
    let grobid = Some(Grobid { url: url.into(), timeout: Duration::from_secs(10) });
    isolated(Reading { grobid, ..Reading::default() })
}

#[test]
fn a_grobid_server_reads_the_pdfs() {
    let (url, server) = answer_one("200 OK", TEI);
    let (_folder, files) = in_folder(&[("paper.pdf", &pdf::paper())]);
    let paper = assert_reads(&with_grobid(&url), &files[0]);
    assert_eq!(paper.article.metadata.title.as_deref(), Some("As the server read it"));
    assert_eq!(paper.article.blocks[0].text, "The server says that cells soften stiff joints.");
    assert_eq!((paper.article.format, &paper.article.blocks[0].source), (Format::Pdf, &None));
    let (head, body) = server.join().expect("the server answered");
    assert!(head.starts_with("post /api/processfulltextdocument http/1.1"), "{head}");
    assert!(head.contains("content-type: multipart/form-data; boundary=stroma-"), "{head}");
    assert!(body > pdf::paper().len());
}

#[test]
fn without_help_of_the_grobid_server_the_built_in_reader_reads() {
    let (_folder, files) = in_folder(&[("paper.pdf", &pdf::paper())]);
    let alone = assert_reads(&isolated(Reading::default()), &files[0]).article;
    let (failing, _server) = answer_one("503 Service Unavailable", "busy");
    let (silly, _other_server) = answer_one("200 OK", "<html><body><p>Welcome to the wrong server.</p></body></html>");
    for url in [failing.as_str(), &silly, "http://127.0.0.1:9"] {
        let article = assert_reads(&with_grobid(url), &files[0]).article;
        assert_eq!(article.blocks, alone.blocks);
        assert!(article.warnings.iter().any(|warning| warning.contains("GROBID")), "{:?}", article.warnings);
    }
}

#[test]
fn a_paper_over_a_limit_is_refused_with_the_limit_and_its_setting() {
    let folder = tempfile::tempdir().expect("a folder");
    let paper = folder.path().join("paper.md");
    std::fs::write(&paper, "# A title\n\nOne paragraph of the paper.\n\nAnother paragraph of it.\n").expect("written");
    let inspect = |limit: &str| {
        let mut command = Command::new(STROMA);
        command.arg("inspect").arg(&paper).current_dir(folder.path()).env("STROMA_READING_MAX_PARAGRAPHS", limit);
        command.output().expect("the program runs")
    };
    let refused = inspect("1");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned() + &String::from_utf8_lossy(&refused.stdout);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    let reason = "2 passages, more than the limit of 1; `max_paragraphs` of [reading] sets it";
    assert!(said.contains(reason), "{said}");
    assert!(inspect("2").status.success());
    let mut index = stroma(&folder.path().join("index"), &["index", paper.to_str().expect("text")]);
    index.env("STROMA_READING_MAX_PARAGRAPHS", "1");
    let (code, said) = outcome(index);
    assert!(code == 1 && said.contains(reason), "{code}: {said}");
}
