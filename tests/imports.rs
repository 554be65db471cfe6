//! Finds the imports between the files of a crate, from `use` declarations and paths in the code.
//!
//! A name counts for the file that defines it: re-exports are followed, and a re-export itself is not a use. Code that
//! is compiled only for tests is ignored, and so are documentation, methods and macros, which need no import.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The modules of one crate.
#[derive(Debug, Default)]
pub(crate) struct Crate {
    modules: Vec<Module>,
}

#[derive(Debug, Default)]
struct Module {
    /// Its name within the crate: `pdf::lines`; empty for the root.
    path: Vec<String>,
    file: PathBuf,
    parent: usize,
    children: Vec<(String, usize)>,
    /// Names that the module defines.
    items: BTreeSet<String>,
    imports: Vec<Import>,
    /// Paths in its code, including single names.
    mentions: BTreeSet<Vec<String>>,
}

/// One name that a `use` declaration imports; all public names of a module if the name is `*`.
#[derive(Debug)]
struct Import {
    path: Vec<String>,
    name: String,
    is_public: bool,
}

/// The target of a path.
#[derive(Debug, Clone, PartialEq)]
enum Target {
    Module(usize),
    /// A name that the module defines.
    Item(usize),
    /// A name of another crate.
    Elsewhere(String),
}

/// Longer chains of re-exports are cycles.
const MAX_CHAIN: usize = 8;

impl Crate {
    /// Reads the crate whose root is `file`, with all files that it declares as modules.
    pub(crate) fn read(file: &Path) -> Self {
        let mut read = Self::default();
        read.add_file(file.to_owned(), Vec::new(), 0);
        read
    }

    /// For each file, the files that define what it imports.
    pub(crate) fn files(&self) -> BTreeMap<&Path, BTreeSet<&Path>> {
        let mut files: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
        for (id, module) in self.modules.iter().enumerate() {
            let targets = files.entry(&module.file).or_default();
            for path in module.paths() {
                if let Some(Target::Item(target)) = self.resolve(id, path, 0) {
                    targets.insert(&self.modules[target].file);
                }
            }
            targets.remove(module.file.as_path());
        }
        files
    }

    /// For each top-level module, the top-level modules and crates that it uses.
    pub(crate) fn parts(&self) -> BTreeMap<&str, BTreeSet<String>> {
        let mut parts: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (id, module) in self.modules.iter().enumerate() {
            let Some(part) = module.path.first() else { continue };
            let named = module.paths().filter_map(|path| self.part(id, path));
            parts.entry(part).or_default().extend(named.filter(|named| named != part));
        }
        parts
    }

    /// The top-level module through which a path leads, or the other crate that it leads to.
    fn part(&self, from: usize, path: &[String]) -> Option<String> {
        (1..=path.len()).find_map(|length| match self.resolve(from, &path[..length], 0)? {
            Target::Module(id) | Target::Item(id) => self.modules[id].path.first().cloned(),
            Target::Elsewhere(name) => Some(name),
        })
    }

    fn resolve(&self, from: usize, path: &[String], depth: usize) -> Option<Target> {
        let (first, mut rest) = path.split_first()?;
        let mut target = match first.as_str() {
            "crate" => Target::Module(0),
            "self" => Target::Module(from),
            "super" => Target::Module(self.modules[from].parent),
            "Self" => return None,
            name => match self.lookup(from, name, depth) {
                Some(target) => target,
                None if rest.is_empty() => return None,
                None => Target::Elsewhere(name.to_owned()),
            },
        };
        while let (Target::Module(id), Some((next, after))) = (&target, rest.split_first()) {
            target = match next.as_str() {
                "super" => Target::Module(self.modules[*id].parent),
                // Items that a macro defines are not visible here.
                name => self.lookup(*id, name, depth).unwrap_or(Target::Item(*id)),
            };
            rest = after;
        }
        Some(target)
    }

    /// The target of a name within a module.
    fn lookup(&self, within: usize, name: &str, depth: usize) -> Option<Target> {
        let module = &self.modules[within];
        if depth > MAX_CHAIN {
            return None;
        }
        if let Some((_, child)) = module.children.iter().find(|(child, _)| child == name) {
            return Some(Target::Module(*child));
        }
        if module.items.contains(name) {
            return Some(Target::Item(within));
        }
        let imported = |import: &Import| match self.resolve(within, &import.path, depth + 1) {
            Some(Target::Module(id)) if import.name == "*" && id != within => self.lookup(id, name, depth + 1),
            _ if import.name != name => None,
            Some(target) => Some(target),
            None => Some(Target::Elsewhere(import.path.first()?.clone())),
        };
        // A name that is imported explicitly shadows those of glob imports.
        let by_name = module.imports.iter().filter(|import| import.name == name);
        by_name.chain(module.imports.iter().filter(|import| import.name == "*")).find_map(imported)
    }

    fn add_file(&mut self, file: PathBuf, path: Vec<String>, parent: usize) -> usize {
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.add(tokens, file, path, parent)
    }

    fn add(&mut self, tokens: TokenStream, file: PathBuf, path: Vec<String>, parent: usize) -> usize {
        let id = self.modules.len();
        self.modules.push(Module { path, file, parent, ..Module::default() });
        let mut tokens = Tokens(tokens.into_iter().collect());
        let mut attributes: Vec<Group> = Vec::new();
        while !tokens.0.is_empty() {
            if let Some(attribute) = tokens.attribute() {
                attributes.push(attribute);
                continue;
            }
            let item = tokens.item();
            if !attributes.iter().any(|attribute| text(attribute) == "cfg(test)") {
                self.add_item(id, &item, &attributes);
            }
            attributes.clear();
        }
        id
    }

    /// Adds an item; `attributes` precede it.
    fn add_item(&mut self, id: usize, item: &[TokenTree], attributes: &[Group]) {
        let words: Vec<String> = item.iter().map(TokenTree::to_string).collect();
        let Some(keyword) = words.iter().position(|word| KEYWORDS.contains(&word.as_str())) else {
            return self.modules[id].mention(item);
        };
        let name = |at: usize| words.get(keyword + at).cloned().unwrap_or_default();
        match (words[keyword].as_str(), item.last()) {
            ("mod", Some(TokenTree::Group(body))) => {
                let path = [self.modules[id].path.as_slice(), &[name(1)]].concat();
                let child = self.add(body.stream(), self.modules[id].file.clone(), path, id);
                self.modules[id].children.push((name(1), child));
            }
            ("mod", _) => {
                let path = [self.modules[id].path.as_slice(), &[name(1)]].concat();
                let child = self.add_file(self.modules[id].file_of(&name(1), attributes), path, id);
                self.modules[id].children.push((name(1), child));
            }
            ("use", _) => self.modules[id].imports.extend(imports(&item[keyword + 1..], words[0] == "pub")),
            (kind, _) => {
                let at = (1..).find(|&at| !matches!(name(at).as_str(), "!" | "mut" | "unsafe" | "extern" | "fn"));
                if kind != "impl" {
                    self.modules[id].items.insert(name(at.unwrap_or(1)));
                }
                attributes.iter().for_each(|attribute| self.modules[id].mention(&trees(attribute)));
                self.modules[id].mention(item);
            }
        }
    }
}

/// The keywords with which an item begins, after its visibility.
const KEYWORDS: &[&str] =
    &["mod", "use", "fn", "struct", "enum", "union", "trait", "type", "const", "static", "impl", "macro_rules"];

impl Module {
    fn paths(&self) -> impl Iterator<Item = &[String]> {
        let used = self.imports.iter().filter(|import| !import.is_public).map(|import| &import.path);
        used.chain(&self.mentions).map(Vec::as_slice)
    }

    /// The path of a child module's file.
    fn file_of(&self, child: &str, attributes: &[Group]) -> PathBuf {
        let folder = self.file.parent().unwrap_or(Path::new("")).to_owned();
        let given = attributes.iter().map(text).find(|attribute| attribute.starts_with("path="));
        if let Some(path) = given.as_deref().and_then(|attribute| attribute.split('"').nth(1)) {
            return folder.join(path);
        }
        let stem = self.file.file_stem().unwrap_or_default();
        let folder = if stem == "mod" || stem == "lib" { folder } else { folder.join(stem) };
        let file = folder.join(child).with_extension("rs");
        if file.exists() { file } else { folder.join(child).join("mod.rs") }
    }

    /// Records the paths in code, and the `use` declarations within functions.
    fn mention(&mut self, code: &[TokenTree]) {
        let mut at = 0;
        while at < code.len() {
            match &code[at] {
                TokenTree::Group(group) => self.mention(&trees(group)),
                TokenTree::Ident(word) if word == "use" && !is_punct(code.get(at + 1), '<') => {
                    let end = code[at..].iter().position(|tree| is_punct(Some(tree), ';'));
                    let end = end.map_or(code.len(), |length| at + length);
                    self.imports.extend(imports(&code[at + 1..end], false));
                    at = end;
                }
                TokenTree::Ident(_) => {
                    let path = path(&code[at..]);
                    at += 3 * (path.len() - 1);
                    self.mentions.insert(path);
                }
                _ => {}
            }
            at += 1;
        }
    }
}

/// The names at the beginning of the code that are joined by `::`.
fn path(code: &[TokenTree]) -> Vec<String> {
    let mut path = Vec::new();
    let mut rest = code;
    while let Some((TokenTree::Ident(name), after)) = rest.split_first() {
        path.push(name.to_string());
        match after {
            [first, second, after @ ..] if is_punct(Some(first), ':') && is_punct(Some(second), ':') => rest = after,
            _ => break,
        }
    }
    path
}

/// The names that the tree of a `use` declaration imports.
fn imports(tree: &[TokenTree], is_public: bool) -> Vec<Import> {
    let path = path(tree);
    let rest = tree.get((3 * path.len()).saturating_sub(2)..).unwrap_or_default();
    let group = tree.iter().find_map(|tree| match tree {
        TokenTree::Group(group) => Some(trees(group)),
        _ => None,
    });
    if let Some(group) = group {
        let branches = group.split(|tree| is_punct(Some(tree), ',')).flat_map(|branch| imports(branch, is_public));
        let whole = |branch: Import| {
            let own = branch.path.iter().filter(|name| *name != "self" || path.is_empty()).cloned();
            let path: Vec<String> = path.iter().cloned().chain(own).collect();
            let name = if branch.name == "self" { path.last().cloned().unwrap_or_default() } else { branch.name };
            Import { path, name, is_public }
        };
        return branches.map(whole).collect();
    }
    let is_glob = tree.iter().any(|tree| is_punct(Some(tree), '*'));
    let alias = match rest {
        [TokenTree::Ident(word), TokenTree::Ident(name), ..] if word == "as" => Some(name.to_string()),
        _ => None,
    };
    let name = if is_glob { Some("*".to_owned()) } else { alias.or_else(|| path.last().cloned()) };
    name.map(|name| Import { path, name, is_public }).into_iter().collect()
}

/// The remaining tokens of a module.
struct Tokens(std::collections::VecDeque<TokenTree>);

impl Tokens {
    /// Consumes the next attribute, of the item or of the whole module.
    fn attribute(&mut self) -> Option<Group> {
        if !is_punct(self.0.front(), '#') {
            return None;
        }
        self.0.pop_front();
        if is_punct(self.0.front(), '!') {
            self.0.pop_front();
        }
        match self.0.pop_front() {
            Some(TokenTree::Group(group)) => Some(group),
            _ => None,
        }
    }

    /// Consumes the next item, up to its semicolon or its body.
    fn item(&mut self) -> Vec<TokenTree> {
        let mut item: Vec<TokenTree> = Vec::new();
        let mut keyword: Option<String> = None;
        while let Some(tree) = self.0.pop_front() {
            let word = tree.to_string();
            if keyword.as_deref().is_none_or(|known| known == "const" && word == "fn" && item.len() < 3) {
                keyword = Some(word).filter(|word| KEYWORDS.contains(&word.as_str())).or(keyword);
            }
            let has_body = !matches!(keyword.as_deref(), Some("use" | "type" | "const" | "static"));
            let is_body = matches!(&tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
            let ends = is_punct(Some(&tree), ';') || (is_body && has_body);
            item.push(tree);
            if ends {
                break;
            }
        }
        item
    }
}

fn trees(group: &Group) -> Vec<TokenTree> {
    group.stream().into_iter().collect()
}

fn is_punct(tree: Option<&TokenTree>, wanted: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

/// An attribute without white space.
fn text(attribute: &Group) -> String {
    attribute.stream().to_string().split_whitespace().collect()
}

#[test]
fn names_count_where_they_are_defined() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = [
        ("lib.rs", "mod a;\nmod b;\npub mod c;\npub use b::{Deep as Renamed, second};\npub use elsewhere as other;"),
        (
            "a.rs",
            "use crate::{Renamed, c::{self, Kind::*}};\n/// [`crate::c::unseen`]\nfn a() { let _ = \"super::b::x\"; }",
        ),
        (
            "b/mod.rs",
            "mod deep;\npub use deep::Deep;\npub const fn second() -> [u8; 2] { super::c::make!(super::c::f()) }",
        ),
        ("b/deep.rs", "#[cfg(test)]\nmod tests {\n    use super::super::second;\n}\npub struct Deep<T = u8>(T);"),
        ("c.rs", "pub enum Kind { One }\npub fn f() -> Kind { crate::other::f(); super::a::a() }"),
    ];
    std::fs::create_dir(folder.path().join("b")).expect("a folder in it");
    for (name, source) in files {
        std::fs::write(folder.path().join(name), source).expect("a file");
    }
    let sources = Crate::read(&folder.path().join("lib.rs"));
    let shown =
        |file: &Path| file.strip_prefix(folder.path()).map(|file| file.display().to_string()).unwrap_or_default();
    let imports: Vec<(String, Vec<String>)> = sources
        .files()
        .iter()
        .map(|(file, found)| (shown(file), found.iter().map(|file| shown(file)).collect()))
        .collect();
    let expected: [(&str, &[&str]); 5] = [
        ("a.rs", &["b/deep.rs", "c.rs"]),
        ("b/deep.rs", &[]),
        ("b/mod.rs", &["c.rs"]),
        ("c.rs", &["a.rs"]),
        ("lib.rs", &[]),
    ];
    let expected =
        expected.map(|(file, found)| (file.to_owned(), found.iter().map(|file| (*file).to_owned()).collect()));
    assert_eq!(imports, expected);
    let parts = sources.parts();
    assert_eq!(parts["a"], BTreeSet::from(["b".to_owned(), "c".to_owned()]));
    assert_eq!(parts["c"], BTreeSet::from(["a".to_owned(), "elsewhere".to_owned()]));
}
