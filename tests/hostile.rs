//! Hostile papers and clients, tested with the program as a user runs it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::program::{Served, outcome, stroma};
use crate::support::project;

/// Sequences that set a terminal's clipboard, its colours, its colours with a one-character introducer, and the
/// direction of text.
const SEQUENCES: &str = "\u{1b}]52;c;aGFybQ==\u{7}\u{1b}[31m\u{9b}31m\u{202e}";

#[test]
fn sequences_in_papers_do_not_reach_the_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let (index, papers) = (folder.path().join("index"), folder.path().join("papers"));
    std::fs::create_dir(&papers).expect("a folder");
    let paper = papers.join("harm.md");
    let text = format!(
        "---\ntitle: \"Gait{SEQUENCES} after cells\"\nauthors: [\"A{SEQUENCES}B\"]\n---\n\n## Findings{SEQUENCES}\n\nThe gait \
         {SEQUENCES} of the patients was better after the cells were given to them [1].\n\n## References\n\n1. Doe \
         J{SEQUENCES}. A study of gait. Gait. 2001.\n"
    );
    // With a higher share of these sequences, the file would not be treated as text.
    let plain =
        "The patients of this trial were seen every second week, and all that was found was written down. ".repeat(30);
    std::fs::write(&paper, text.replace("\n\n## References", &format!("\n\n{plain}\n\n## References")))
        .expect("written");
    std::fs::write(papers.join("a\u{1b}]0;harm\u{7}.pdf"), "%PDF-1.7 and nothing that belongs to one")
        .expect("written");
    let (paper, papers) = (paper.to_string_lossy(), papers.to_string_lossy());
    let commands: [&[&str]; 8] = [
        &["index", &papers],
        &["index", "--json", &papers],
        &["search", "gait of the patients"],
        &["search", "--json", "gait of the patients"],
        &["papers", "list"],
        &["papers", "list", "--json"],
        &["inspect", &paper],
        &["inspect", "--json", &papers],
    ];
    for arguments in commands {
        let mut command = stroma(&index, arguments);
        // If the output is not a terminal, all sequences are removed.
        command.env("CLICOLOR_FORCE", "1");
        let (_, said) = outcome(command);
        assert!(said.contains("harm") || said.contains("ait"), "{arguments:?} says nothing: {said}");
        let plain = without_colours(&said);
        let bad = |c: char| (c.is_control() && !"\n\t".contains(c)) || c == '\u{202e}';
        assert!(!plain.contains(bad), "{arguments:?}: {plain:?}");
    }
}

/// The text without the colours that the program sets: attributes 0 to 2, 31 to 36.
fn without_colours(text: &str) -> String {
    let own = regex::Regex::new("\u{1b}\\[(?:0|1|2|3[36])m").expect("a pattern");
    let errors = regex::Regex::new("\u{1b}\\[1m\u{1b}\\[31m").expect("a pattern");
    own.replace_all(&errors.replace_all(text, ""), "").into_owned()
}

/// Starts a server with a limit of open files, and returns it with its address.
#[cfg(target_os = "linux")]
fn with_open_files(folder: &std::path::Path, files: u32) -> (Served, String) {
    let serve = stroma(&folder.join("index"), &["serve", "--listen", "127.0.0.1:0"]);
    let mut command = std::process::Command::new("sh");
    let limited = format!("ulimit -n {files}; exec \"$@\"");
    command.args(["-c", &limited, "sh"]).arg(serve.get_program()).args(serve.get_args());
    command.current_dir(project("")).env("STROMA_SERVER_UPLOADS", folder.join("uploads"));
    let server = Served::started(command);
    let address = server.url("").trim_start_matches("http://").to_owned();
    (server, address)
}

#[cfg(target_os = "linux")]
const PAPER: &str =
    "# Gait\n\n## Findings\n\nThe gait of the patients was better after the cells were given to them.\n";

/// Idle connections do not use up the open files that the server needs for other clients.
#[cfg(target_os = "linux")]
#[test]
fn connections_leave_files_for_the_index() {
    let folder = tempfile::tempdir().expect("a folder");
    let (server, address) = with_open_files(folder.path(), 400);
    // This connection stays open and is used again.
    assert_eq!(server.get("/readyz").map(|(status, _)| status), Some(200));
    let idle: Vec<TcpStream> = (0..500).map_while(|_| TcpStream::connect(&address).ok()).collect();
    assert_eq!(idle.len(), 500);
    std::thread::sleep(Duration::from_millis(300));
    let (status, body) = server.put("/v1/papers/gait.md?wait=true", PAPER).expect("an answer");
    assert_eq!((status, body["status"].as_str()), (200, Some("succeeded")), "{body}");
}

/// When no more files can be opened, uploads fail without leaving files, and later ones succeed.
#[cfg(target_os = "linux")]
#[test]
fn uploads_that_find_no_free_file_leave_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let (server, address) = with_open_files(folder.path(), 100);
    let begin = |number: usize| {
        let mut stream = TcpStream::connect(&address).ok()?;
        let head =
            format!("PUT /v1/papers/n{number}.md HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9999\r\n\r\n# Gait");
        stream.write_all(head.as_bytes()).ok()?;
        Some(stream)
    };
    // Each has a connection and a file.
    let begun: Vec<TcpStream> = (0..70).map_while(begin).collect();
    assert_eq!(begun.len(), 70);
    let is_refused = |stream: &TcpStream| {
        stream.set_read_timeout(Some(Duration::from_secs(2))).expect("a socket");
        let mut status = [0; 12];
        let mut stream = stream;
        stream.read_exact(&mut status).is_ok_and(|()| status.ends_with(b"500"))
    };
    assert!(begun.iter().rev().any(is_refused), "all had a file");
    drop(begun);
    let spooled = || {
        let entries = std::fs::read_dir(folder.path().join("uploads")).expect("a folder").flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(".receiving-")).count()
    };
    for _ in 0..500 {
        if spooled() == 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(spooled(), 0);
    let (status, body) = server.put("/v1/papers/gait.md?wait=true", PAPER).expect("an answer");
    assert_eq!((status, body["status"].as_str()), (200, Some("succeeded")), "{body}");
}

/// All state of a container is in one volume.
#[test]
fn the_image_keeps_all_state_in_its_volume() {
    let text = std::fs::read_to_string(project("deploy/Dockerfile")).expect("the Dockerfile");
    let volume = text.lines().find_map(|line| line.strip_prefix("VOLUME ")).expect("a volume").trim();
    for variable in ["STROMA_INDEX", "STROMA_SERVER_UPLOADS"] {
        let value = text.split_whitespace().find_map(|word| word.strip_prefix(&format!("{variable}=")));
        let value = value.unwrap_or_else(|| panic!("{variable} is not set"));
        assert!(value.starts_with(&format!("{volume}/")), "{variable} is {value}");
    }
}
