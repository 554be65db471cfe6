//! The steps of a new user: install into an empty prefix, leave the checkout, index a folder with odd files, ask, fail,
//! stop, resume, uninstall.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::program::{copy_samples, outcome};
use crate::support::project;

/// An installation, and a user with an empty home folder.
struct Installed {
    folder: tempfile::TempDir,
}

impl Installed {
    fn new() -> Self {
        let installed = Self { folder: tempfile::tempdir().expect("a folder") };
        for name in ["home", "work"] {
            std::fs::create_dir(installed.at(name)).expect("a folder");
        }
        let (code, said) = outcome(installed.installer("install"));
        assert_eq!(code, 0, "{said}");
        installed
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The prefix is in the user's own folder, which also contains the index.
    fn prefix(&self) -> PathBuf {
        self.at("home/.local")
    }

    fn installer(&self, what: &str) -> Command {
        let mut command = Command::new(project("scripts/install.sh"));
        command.arg(what).env("PREFIX", self.prefix()).env_remove("DESTDIR");
        command.env("PROGRAM", env!("CARGO_BIN_EXE_stroma")).env("MODELS", project("models"));
        command
    }

    /// The installed program as its user runs it, without any variables of the checkout in its environment.
    fn stroma(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.prefix().join("bin/stroma"));
        command.env_clear().env("HOME", self.at("home")).env("PATH", "/usr/bin:/bin").current_dir(self.at("work"));
        command.args(arguments);
        command
    }

    fn says(&self, arguments: &[&str]) -> (i32, String) {
        outcome(self.stroma(arguments))
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a name in Unicode")
}

#[cfg(target_os = "linux")]
#[test]
fn a_new_user_installs_indexes_asks_stops_resumes_and_uninstalls() {
    let user = Installed::new();
    let program = std::fs::read(user.prefix().join("bin/stroma")).expect("the program");
    let folder_of_build = format!("lib/stroma:{}", project(".libtorch/lib").display());
    let is_there = program.windows(folder_of_build.len()).any(|bytes| bytes == folder_of_build.as_bytes());
    assert!(!is_there, "the program looks for libraries in {folder_of_build}");
    let (code, said) = user.says(&["search", "knee pain"]);
    assert!(code == 2 && said.contains("make one with `stroma index`"), "{code}: {said}");
    let (code, said) = user.says(&["index"]);
    assert!(code == 2 && said.contains("no papers are named"), "{code}: {said}");

    let papers = user.at("work/papers");
    copy_samples(&papers);
    let is_paper = |entry: &std::fs::DirEntry| entry.file_name() != "README.md";
    let count = std::fs::read_dir(&papers).expect("the papers").flatten().filter(is_paper).count();
    std::fs::write(papers.join("damaged.pdf"), "%PDF-1.7 and no more").expect("a file");
    std::fs::write(papers.join("table.xlsx"), "PK").expect("a file");
    std::os::unix::fs::symlink("nowhere", papers.join("moved.pdf")).expect("a link");

    // Stopped during the work, or just before or after it.
    let mut run = user.stroma(&["index", "papers"]).spawn().expect("stroma runs");
    std::thread::sleep(Duration::from_millis(2500));
    let told = Command::new("kill").args(["-INT", &run.id().to_string()]).status().expect("kill runs");
    let stopped = run.wait().expect("it ends");
    assert!(!told.success() || stopped.code().is_some_and(|code| code <= 2), "{stopped}");

    let (code, said) = user.says(&["index", "papers"]);
    assert_eq!(code, 1, "{said}");
    for named in ["damaged.pdf", "moved.pdf: the link leads nowhere", "no papers: 1 .xlsx"] {
        assert!(said.contains(named), "{said}");
    }
    let (code, said) = user.says(&["papers", "list", "--json"]);
    assert_eq!((code, said.matches("\"id\"").count()), (0, count), "{said}");
    assert_eq!(user.says(&["doctor"]).0, 0);
    let (code, said) = user.says(&["search", "MSC effect on RA stiffness", "--limit", "1"]);
    assert!(code == 0 && said.contains("Morning stiffness"), "{code}: {said}");
    let (code, said) = user.says(&["search", "--limits", "1", "stiffness"]);
    assert!(code == 2 && said.contains("--limit"), "{code}: {said}");

    // An index is not created in a folder of papers, or in a folder with other files.
    let (code, said) = user.says(&["index", "papers", "--index", "papers/index"]);
    assert!(code == 2 && said.contains("among the papers"), "{code}: {said}");
    let (code, said) = user.says(&["index", text(&papers.join("table.xlsx")), "--index", "."]);
    assert!(code == 2 && said.contains("not empty"), "{code}: {said}");

    let (code, said) = user.says(&["model", "list"]);
    assert!(code == 0 && said.contains("in use"), "{code}: {said}");
    let (code, said) = user.says(&["model", "path"]);
    assert_eq!((code, said.trim()), (0, text(&user.prefix().join("share/stroma/models/bge-small-en-v1.5"))));

    let index = user.at("home/.local/share/stroma/index/meta.json");
    assert!(index.is_file());
    let (code, said) = outcome(user.installer("uninstall"));
    assert_eq!(code, 0, "{said}");
    let left: Vec<PathBuf> = walkdir::WalkDir::new(user.prefix())
        .into_iter()
        .map(|entry| entry.expect("an entry").into_path())
        .filter(|path| path.is_file() && !path.starts_with(index.parent().expect("a folder")))
        .collect();
    assert_eq!(left, Vec::<PathBuf>::new());
    assert!(index.is_file(), "what users made stays");
}

/// The folder of libtorch in a checkout may be reached by a link; the build writes the path without it into the program.
#[cfg(target_os = "linux")]
#[test]
fn an_installed_program_does_not_look_in_the_folder_of_the_build() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().canonicalize().expect("a path").join(name);
    for made in ["torch/lib", "models/small"] {
        std::fs::create_dir_all(at(made)).expect("a folder");
    }
    std::os::unix::fs::symlink(at("torch"), at("link")).expect("a link");
    std::fs::write(at("models/small/model.safetensors"), "").expect("written");
    let install = |built: &Path| {
        std::fs::write(at("program"), format!("\0$ORIGIN/../lib/stroma:{}/lib\0more\0", text(built))).expect("written");
        let mut command = Command::new(project("scripts/install.sh"));
        command.arg("install").env("PREFIX", at("prefix")).env_remove("DESTDIR");
        command.env("PROGRAM", at("program")).env("LIBTORCH", at("link"));
        command.env("MODELS", at("models")).env("MODEL", "small");
        outcome(command)
    };
    for built in [at("link"), at("torch")] {
        let (code, said) = install(&built);
        let program = std::fs::read_to_string(at("prefix/bin/stroma")).expect("the program");
        assert!(code == 0 && program.starts_with("\0$ORIGIN/../lib/stroma\0"), "{said} {program:?}");
        assert!(!program.contains("torch") && program.ends_with("\0more\0"), "{program:?}");
    }
    let (code, said) = install(&at("another"));
    assert!(code != 0 && said.contains("was built with another libtorch"), "{said}");
    let left = std::fs::read_dir(at("prefix/bin")).expect("a folder").count();
    assert_eq!(left, 1, "the former program stays");
}
