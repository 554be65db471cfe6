//! Tests of precedence, origins and errors.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::*;

fn file(text: &str) -> Result<Settings, String> {
    with_environment(text, &[])
}

fn with_environment(text: &str, variables: &[(&str, &str)]) -> Result<Settings, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().join("config.toml");
    std::fs::write(&path, text).map_err(|error| error.to_string())?;
    let environment = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Settings::load(Some(&path), environment, None)
        .map_err(|error| error.to_string().replace(&format!("{}/", folder.path().display()), ""))
}

fn mistake(text: &str) -> String {
    file(text).err().unwrap_or_default()
}

fn mistaken_variable(name: &str, value: &str) -> Option<String> {
    with_environment("", &[(name, value)]).err()
}

#[test]
fn the_file_at_the_top_level_says_the_defaults_and_names_every_key() {
    let text = include_str!("../../config.toml");
    let settings = Settings::parse(text, Path::new("config.toml")).expect("config.toml is right");
    assert_eq!(settings.config, Config::default());
    for entry in settings.entries() {
        let written = text.lines().any(|line| line.trim_start_matches("# ").starts_with(&format!("{} = ", entry.key)));
        assert!(written, "config.toml does not name {}.{}", entry.section, entry.key);
        assert_eq!(entry.value.is_some(), entry.origin != Origin::Default, "{}.{}", entry.section, entry.key);
    }
}

#[test]
fn defaults_follow_their_rules() {
    for entry in Settings::default().entries() {
        if let Some(value) = entry.value {
            let mut config = Config::default();
            let section = config.section_mut(entry.section).expect("a section of the list");
            let raw = rule::Raw::File { value: &value, folder: Path::new("") };
            assert_eq!(section.set(entry.key, &raw), Ok(()), "{}.{}", entry.section, entry.key);
            assert_eq!(config, Config::default());
        }
    }
}

#[test]
fn the_memory_of_the_writer_is_what_the_engine_takes() {
    let folder = tempfile::tempdir().expect("a folder");
    let embedder = crate::embed::HashEmbedder::new(16);
    let index = crate::index::PassageIndex::open_or_create(folder.path(), &embedder).expect("a new index");
    for megabytes in [15, 4095] {
        assert_eq!(mistake(&format!("[indexing]\nmemory_mb = {megabytes}")), "");
        crate::store::Store::writer(&index, megabytes << 20).expect("a writer");
    }
    assert!(mistake("[indexing]\nmemory_mb = 4096").contains("4095"));
}

#[test]
fn flag_before_environment_before_file_before_default() {
    let mut settings = with_environment(
        "[search]\nlimit = 20\nper_paper = 5\nfusion = \"rrf\"",
        &[("STROMA_SEARCH_LIMIT", "30"), ("STROMA_SEARCH_PER_PAPER", "6"), ("HOME", "/home/me")],
    )
    .expect("all is right");
    settings.set_flag("search.limit", "--limit", OsStr::new("40")).expect("in range");
    let search = &settings.config.search;
    assert_eq!((search.limit, search.per_paper, search.fusion, search.candidates), (40, 6, FusionChoice::Rrf, 100));
    assert_eq!(settings.origin("search.limit").to_string(), "--limit");
    assert_eq!(settings.origin("search.per_paper").to_string(), "STROMA_SEARCH_PER_PAPER");
    assert!(settings.origin("search.fusion").to_string().ends_with("config.toml:4"));
    assert_eq!(settings.origin("search.candidates"), Origin::Default);
}

#[test]
fn what_is_shown_can_be_read_again_and_says_where_values_came_from() {
    let variables = [("STROMA_MODEL_QUERY_PROMPT", "a \"quoted\" # é\n: "), ("STROMA_MODEL_POOLING", "cls")];
    let settings = with_environment("papers = ['a', \"b\"]\n[search]\nlexical_weight = 1", &variables).expect("right");
    let shown = settings.to_string();
    let again = Settings::parse(&shown, Path::new("config.toml")).map(|settings| settings.config);
    assert_eq!(again.ok(), Some(settings.config), "{shown}");
    for line in ["pooling = \"cls\"", "max_tokens =", "limit = 10"] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
    let secret = with_environment("[store]\nurl = [\"https://ada:secret@node:9200/x\"]\ntoken = \"secret\"", &[])
        .expect("right");
    let secret = secret.to_string();
    assert!(!secret.contains("secret") && secret.contains("https://…@node:9200/x"), "{secret}");
    let origin = |key: &str| shown.lines().find(|line| line.starts_with(key)).and_then(|line| line.split(" # ").last());
    assert_eq!(origin("pooling"), Some("STROMA_MODEL_POOLING"));
    assert_eq!(origin("limit"), Some("default"));
    assert!(origin("lexical_weight").is_some_and(|origin| origin.ends_with("config.toml:3")));
}

#[test]
fn paths_of_the_file_are_relative_to_it_and_others_are_not() {
    let settings = Settings::parse("[model]\nfolder = \"m\"", Path::new("/lab/stroma.toml")).expect("right");
    assert_eq!(settings.config.model.folder, Path::new("/lab/m"));
    assert_eq!(settings.config.index, Path::new("/lab/index"), "a default means the same as when it is written out");
    let mut settings = with_environment("", &[("STROMA_INDEX", "here")]).expect("right");
    assert_eq!(settings.config.index, Path::new("here"));
    settings.set_flag("index", "--index", OsStr::new("there")).expect("a path");
    assert_eq!(settings.config.index, Path::new("there"));
}

#[test]
fn the_environment_names_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, "papers = []").expect("written");
    let settings = Settings::load(None, [("STROMA_CONFIG".into(), path.clone().into())], None).expect("right");
    assert!(settings.config.papers.is_empty());
    assert_eq!(settings.file, Some(path));
    assert!(matches!(Settings::load(Some(Path::new("absent.toml")), [], None), Err(ConfigError::Unreadable { .. })));
}

#[test]
fn a_mistake_in_the_file_names_line_key_and_what_was_expected() {
    for (text, message) in [
        ("[model]\nfodler = \"m\"", "config.toml:2: unknown key \"fodler\" in [model]; did you mean folder?"),
        ("\n[search]\nlimit = 0", "config.toml:3: search.limit is 0, expected a whole number from 1 to 1000"),
        ("[search]\nlimit = \"10\"", "config.toml:2: search.limit is \"10\", expected a whole number from 1 to 1000"),
        ("[search]\nfusion = \"sum\"", "config.toml:2: search.fusion is \"sum\", expected \"convex\" or \"rrf\""),
        ("[sreach]\nlimit = 1", "config.toml:2: unknown section [sreach]; did you mean search?"),
        ("[sreach]", "config.toml:1: unknown section [sreach]; did you mean search?"),
        ("limit = 1", "config.toml:1: unknown key \"limit\" before the first section; it belongs in [search]"),
        (
            "[model]\nindex = \"i\"",
            "config.toml:2: unknown key \"index\" in [model]; it belongs before the first section",
        ),
        ("model = 3", "config.toml:1: unknown key \"model\"; it is a section: write [model] and its keys below"),
        ("[[model]]", "config.toml:1: unknown key \"model\"; it is a section: write [model] and its keys below"),
        ("papers = [1]", "config.toml:1: papers is [1], expected a list of paths"),
        ("[store]\npassword = 12345678", "config.toml:2: store.password is …, expected text in quotes"),
        (
            "[grobid]\nurl = \"htp://ada:secret@host\"",
            "config.toml:2: grobid.url is \"htp://…@host\", expected an address such as \"http://localhost:8070\"",
        ),
    ] {
        assert_eq!(mistake(text), message);
    }
    assert!(mistake("a = 1\nindex = ").starts_with("config.toml:2: "), "{}", mistake("a = 1\nindex = "));
    assert!(mistake("[search]\nlimit = 1\nlimit = 2").starts_with("config.toml:3: "));
    assert!(mistake("[search]\nlimit = 99999999999999999999").starts_with("config.toml:2: search.limit is 9999"));
}

#[test]
fn a_mistake_in_the_environment_names_the_variable() {
    assert_eq!(
        mistaken_variable("STROMA_SERVER_LISTEN", "here"),
        Some(
            "STROMA_SERVER_LISTEN: server.listen is \"here\", expected an IP address and a port such as \
             \"127.0.0.1:7733\""
                .into()
        )
    );
    assert_eq!(
        mistaken_variable("STROMA_MODEL_FODLER", "m"),
        Some("STROMA_MODEL_FODLER: unknown environment variable; did you mean STROMA_MODEL_FOLDER?".into())
    );
    assert!(mistaken_variable("STROMA_SERVR_LISTEN", "").is_some(), "nearly right");
    assert!(mistaken_variable("STROMA_GROBID_PASSWORD_FILE", "").is_some(), "of a known section");
    assert!(mistaken_variable("STROMA_PAPER", "papers").is_some(), "nearly right");
    for (foreign, value) in [
        ("STROMA_ORCHESTRA_SEATS", "7"),
        // Of the set-up script of this project.
        ("STROMA_MODELS", "/models"),
        // Of services in Kubernetes.
        ("STROMA_PORT", "tcp://10.0.0.1:7733"),
        ("STROMA_SERVICE_HOST", "10.0.0.1"),
        ("STROMA_SERVICE_PORT_HTTP", "7733"),
        ("STROMA_SERVER_PORT", "tcp://10.0.0.1:7733"),
        ("STROMA_SERVER_SERVICE_HOST", "10.0.0.1"),
        ("STROMA_SERVER_PORT_7733_TCP_ADDR", "10.0.0.1"),
    ] {
        assert_eq!(mistaken_variable(foreign, value), None, "{foreign}");
    }
    assert!(mistaken_variable("STROMA_SERVER_PORT", "7733").is_some(), "a setting that does not exist");
}

#[test]
fn every_variable_names_one_setting() {
    let variables: Vec<String> = load::names().map(|(section, key)| load::variable(section, key)).collect();
    let distinct: std::collections::BTreeSet<&String> = variables.iter().collect();
    assert_eq!(distinct.len(), variables.len());
    assert!(variables.contains(&"STROMA_MODEL_QUERY_FOLDER".into()) && variables.contains(&"STROMA_INDEX".into()));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(\\[?\\[?(model|search|x)?\\]?\\]?\n?(limit|folder|é) ?= ?([0-9]{0,25}|\"é*\"|\\[\\]|\\{\\})\n?){0,4}") {
        let _ = Settings::parse(&text, Path::new("config.toml"));
    }
}

#[test]
fn outside_of_a_project_the_users_folders_are_the_defaults() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let user =
        UserFolders { config: at("stroma/config.toml"), data: at("data"), models: vec![at("own"), at("installed")] };
    // Does not use `load`, which would find the settings of this project.
    let load = || Settings::from_user(&user).expect("right");
    let settings = load();
    assert_eq!((settings.config.index, settings.config.server.uploads), (at("data/index"), at("data/uploads")));
    assert_eq!(settings.config.papers, Vec::<PathBuf>::new());
    assert_eq!(settings.config.model.folder, at("own/bge-small-en-v1.5"));
    std::fs::create_dir_all(at("installed/bge-small-en-v1.5")).expect("a folder");
    std::fs::create_dir_all(at("stroma")).expect("a folder");
    std::fs::write(at("stroma/config.toml"), "papers = [\"mine\"]\n[search]\nlimit = 5").expect("a file");
    let settings = load();
    assert_eq!(settings.config.model.folder, at("installed/bge-small-en-v1.5"));
    assert_eq!(settings.config.papers, [at("stroma/mine")]);
    assert_eq!((settings.config.search.limit, settings.config.index), (5, at("data/index")));
    assert_eq!(settings.file, Some(at("stroma/config.toml")));
}
