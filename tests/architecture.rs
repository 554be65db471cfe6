//! Checks the structure of the sources: that modules use each other as the table of ARCHITECTURE.md allows, and that
//! there are no import cycles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::imports::Crate;
use crate::support::project;

#[test]
fn files_do_not_import_each_other_in_a_circle() {
    for root in roots() {
        let sources = Crate::read(&root);
        let found: Vec<Vec<String>> =
            circles(&sources.files()).into_iter().map(|circle| circle.into_iter().map(shown).collect()).collect();
        assert!(found.is_empty(), "these files import each other in a circle: {found:#?}");
    }
}

#[test]
fn modules_use_what_the_table_allows() {
    let allowed = table();
    let used = uses();
    let modules = |of: &BTreeMap<String, BTreeSet<String>>| of.keys().cloned().collect::<Vec<_>>();
    assert_eq!(modules(&used), modules(&allowed), "the modules, and those in the table of ARCHITECTURE.md");
    for (module, used) in used {
        let more: Vec<_> = used.difference(&allowed[&module]).collect();
        assert!(more.is_empty(), "`{module}` uses {more:?}, which the table of ARCHITECTURE.md does not allow");
    }
}

/// The root file of each crate of the workspace.
fn roots() -> Vec<PathBuf> {
    let crates = std::fs::read_dir(project("crates")).expect("a folder of crates");
    let mut roots: Vec<PathBuf> =
        crates.map(|entry| entry.expect("an entry").path().join("src/lib.rs")).filter(|root| root.exists()).collect();
    roots.push(project("src/lib.rs"));
    roots
}

fn shown(file: &Path) -> String {
    let inside = file.strip_prefix(project("")).unwrap_or(file);
    inside.to_string_lossy().replace('\\', "/")
}

/// Groups of files in which each file reaches every other one by imports.
fn circles<'a>(files: &BTreeMap<&'a Path, BTreeSet<&'a Path>>) -> BTreeSet<Vec<&'a Path>> {
    let reached: BTreeMap<&Path, BTreeSet<&Path>> = files.keys().map(|file| (*file, reach(files, file))).collect();
    let circle = |file: &&'a Path| -> Vec<&'a Path> {
        let back = |other: &&'a Path| reached[other].contains(file);
        reached[file].iter().copied().filter(back).collect()
    };
    files.keys().map(circle).filter(|circle| !circle.is_empty()).collect()
}

/// All files that a file imports, directly or indirectly.
fn reach<'a>(files: &BTreeMap<&'a Path, BTreeSet<&'a Path>>, from: &Path) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&Path> = files[from].iter().copied().collect();
    while let Some(file) = next.pop() {
        if reached.insert(file) {
            next.extend(&files[file]);
        }
    }
    reached
}

/// For each module of the program, the other modules that it uses. A crate of the workspace counts as a module.
fn uses() -> BTreeMap<String, BTreeSet<String>> {
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for root in roots() {
        let sources = Crate::read(&root);
        let own =
            root.parent().and_then(Path::parent).filter(|folder| *folder != project("")).and_then(Path::file_name);
        for (part, named) in sources.parts() {
            let module = own.map_or_else(|| part.to_owned(), |name| name.to_string_lossy().into_owned());
            let named = named.into_iter().map(|name| match name.strip_prefix("stroma_") {
                Some(module) => module.to_owned(),
                None => name,
            });
            uses.entry(module).or_default().extend(named);
        }
    }
    let modules: BTreeSet<String> = uses.keys().cloned().collect();
    for (module, named) in &mut uses {
        named.retain(|name| modules.contains(name) && name != module);
    }
    uses
}

/// The table under "Which module may use which?": for each module, those that it may use.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(project("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let (_, text) = text.split_once("\n## Which module may use which?\n").expect("the section of the table");
    let rows: Vec<(String, &str)> = text
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let [module, _, may_use] = cells.as_slice() else { panic!("a row has three cells: {row}") };
            (module.trim_matches('`').to_owned(), *may_use)
        })
        .collect();
    let names = |rows: &[(String, &str)]| rows.iter().map(|(module, _)| module.clone()).collect::<BTreeSet<_>>();
    let allowed = |(at, (_, may_use)): (usize, &(String, &str))| -> BTreeSet<String> {
        let named: BTreeSet<String> = may_use.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        match *may_use {
            "–" => BTreeSet::new(),
            "all" => names(&rows),
            "all above" => names(&rows[..at]),
            _ if may_use.starts_with("all above but ") => names(&rows[..at]).difference(&named).cloned().collect(),
            _ => named,
        }
    };
    rows.iter().enumerate().map(|row| (row.1.0.clone(), allowed(row))).collect()
}
