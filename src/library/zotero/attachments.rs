//! The files of items, and the role of each.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use super::folder::{Absent, DATABASE, Entry, StandIn, ZoteroLibrary};
use super::item::{Attachment, Item};
use super::tables::{LINKED_FILE, Tables};
use crate::corpus::{Mark, Metadata};
use crate::library::{ItemRole, LibraryItem, Origin};

/// The entries of a library: the files of its items, and the items without a file.
///
/// Of an item's files, the first PDF and each XML file are the paper; web pages and plain text are the same paper in another form; each
/// further PDF is a supplement.
pub(super) fn entries(tables: Tables, folder: &Path, linked_base: Option<PathBuf>) -> ZoteroLibrary {
    let mut files =
        Files { folder, storage: folder.join("storage").canonicalize().ok(), linked_base, refused: 0, missing: 0 };
    let mut entries: BTreeMap<PathBuf, LibraryItem> = BTreeMap::new();
    let mut files_of: HashMap<i64, Vec<PathBuf>> = HashMap::new();
    let mut with_pdf = HashSet::new();
    let mut absent = Vec::new();
    for attachment in tables.attachments {
        let Some(kind) = Kind::of(&attachment) else { continue };
        let Some(place) = files.place(&attachment) else { continue };
        let parent = attachment.parent.and_then(|parent| Some((parent, tables.items.get(&parent)?)));
        let role = match (kind, parent) {
            (Kind::Pdf, Some((parent, _))) if !with_pdf.insert(parent) => ItemRole::Supplement,
            (Kind::Pdf | Kind::Xml, _) | (_, None) => ItemRole::Main,
            (Kind::Text, _) => ItemRole::Alternative,
        };
        let item = library_item(folder, parent.map(|(_, item)| item), &attachment.item, role);
        match place {
            Place::File(path) => {
                if let Some((id, _)) = parent.filter(|_| role != ItemRole::Supplement) {
                    files_of.entry(id).or_default().push(path.clone());
                }
                merge(&mut entries, path, item);
            }
            Place::Absent { folder: empty } => absent.push(Absent {
                folder: empty,
                origin: item.origin,
                attachment: attachment.item.key,
                item: parent.map(|(_, item)| item_path(folder, item)),
            }),
        }
    }
    let mut stand_ins = Vec::new();
    for (id, item) in &tables.items {
        let path = item_path(folder, item);
        let without_file = LibraryItem {
            attachment: None,
            abstract_text: item.abstract_text.clone(),
            ..library_item(folder, Some(item), item, ItemRole::Main)
        };
        match files_of.remove(id) {
            Some(files) => stand_ins.push(StandIn { files, entry: Entry { path, item: without_file } }),
            None => merge(&mut entries, path, without_file),
        }
    }
    let mut warnings = tables.warnings;
    warnings.extend(files.warnings());
    let mut entries: Vec<Entry> = entries.into_iter().map(|(path, item)| Entry { path, item }).collect();
    // Files that are mostly duplicates come last, so that they are not embedded in vain.
    entries.sort_by_key(|entry| entry.item.role == ItemRole::Alternative);
    ZoteroLibrary { entries, absent, stand_ins, warnings }
}

/// A path that no file can have, for an item without a file.
fn item_path(folder: &Path, item: &Item) -> PathBuf {
    folder.join(DATABASE).join(item.library.to_string()).join(&item.key)
}

/// The metadata of a file of an item. A file without an item has little: its title is often the name of the file.
fn library_item(folder: &Path, parent: Option<&Item>, attachment: &Item, role: ItemRole) -> LibraryItem {
    let item = parent.unwrap_or(attachment);
    let mut metadata = if parent.is_some() { item.metadata.clone() } else { Metadata::default() };
    if role == ItemRole::Supplement {
        (metadata.doi, metadata.pmid, metadata.pmcid) = (None, None, None);
        let own = attachment.metadata.title.as_deref().unwrap_or("supplement");
        metadata.title = metadata.title.map(|title| format!("{title} ({own}, {})", attachment.key));
        metadata.marks.push(Mark::Supplement);
    }
    LibraryItem {
        origin: Origin::Zotero { folder: folder.to_owned(), group: item.group },
        key: item.key.clone(),
        attachment: Some(attachment.key.clone()),
        role,
        citation_key: item.citation_key.clone(),
        collections: item.collections.clone(),
        tags: item.tags.clone(),
        metadata,
        abstract_text: None,
    }
}

/// Adds an item. A file that is linked to several items has the labels of all, and the other metadata of the first.
fn merge(entries: &mut BTreeMap<PathBuf, LibraryItem>, path: PathBuf, item: LibraryItem) {
    use std::collections::btree_map::Entry::{Occupied, Vacant};
    match entries.entry(path) {
        Vacant(place) => drop(place.insert(item)),
        Occupied(mut known) => {
            let known = known.get_mut();
            for (all, more) in [(&mut known.collections, item.collections), (&mut known.tags, item.tags)] {
                all.extend(more);
                all.sort();
                all.dedup();
            }
        }
    }
}

/// The kind of content of a file, by its media type and its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Pdf,
    Xml,
    Text,
}

impl Kind {
    /// `None` if it is not a text: pictures, sound, data.
    fn of(attachment: &Attachment) -> Option<Self> {
        let by_type = match attachment.content_type.as_deref().unwrap_or_default() {
            "application/pdf" => Some(Self::Pdf),
            "text/xml" | "application/xml" | "application/jats+xml" | "application/tei+xml" => Some(Self::Xml),
            "text/html"
            | "application/xhtml+xml"
            | "multipart/related"
            | "text/plain"
            | "text/markdown"
            | "text/x-markdown" => Some(Self::Text),
            _ => None,
        };
        let extension = attachment.path.rsplit_once('.').map(|(_, extension)| extension.to_lowercase());
        let by_name = match extension.as_deref().unwrap_or_default() {
            "pdf" => Some(Self::Pdf),
            "xml" | "nxml" | "tei" => Some(Self::Xml),
            "html" | "htm" | "xhtml" | "mhtml" | "mht" | "txt" | "text" | "md" | "markdown" => Some(Self::Text),
            _ => None,
        };
        by_type.or(by_name)
    }
}

/// Where the file of an attachment is.
#[derive(Debug, PartialEq)]
enum Place {
    File(PathBuf),
    /// It is not there, and neither is any other file of its folder.
    Absent {
        folder: PathBuf,
    },
}

/// Finds the files of attachments.
struct Files<'a> {
    folder: &'a Path,
    /// With links resolved; `None` if the folder does not exist.
    storage: Option<PathBuf>,
    linked_base: Option<PathBuf>,
    /// Number of attachments whose path leads out of the folder for stored files.
    refused: usize,
    /// Number of attachments whose file is nowhere on this machine.
    missing: usize,
}

impl Files<'_> {
    fn place(&mut self, attachment: &Attachment) -> Option<Place> {
        let path =
            if attachment.link_mode == LINKED_FILE { self.linked(&attachment.path) } else { self.stored(attachment)? };
        if let Some(path) = path.filter(|path| path.is_file()) {
            return Some(Place::File(path));
        }
        let absent = self.folder_of(attachment).filter(|folder| has_no_file(folder));
        self.missing += usize::from(absent.is_none());
        absent.map(|folder| Place::Absent { folder })
    }

    /// The folder that is as a whole on one disk with the file of an attachment.
    fn folder_of(&self, attachment: &Attachment) -> Option<PathBuf> {
        if attachment.link_mode != LINKED_FILE {
            return Some(self.folder.join("storage"));
        }
        match attachment.path.strip_prefix("attachments:") {
            Some(_) => self.linked_base.clone(),
            None => Path::new(&attachment.path).parent().filter(|folder| folder.is_absolute()).map(Path::to_owned),
        }
    }

    /// The file of an attachment in `storage`, given as `storage:NAME`. `None` for a path that leads out of the folder, which only
    /// occurs in a manipulated database; `Some(None)` if the file does not exist.
    #[expect(clippy::option_option, reason = "refused, not there, or there")]
    fn stored(&mut self, attachment: &Attachment) -> Option<Option<PathBuf>> {
        let Some(name) = attachment.path.strip_prefix("storage:") else { return Some(None) };
        let mut parts = Path::new(name).components();
        let is_name =
            matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) && !name.contains('\\');
        let path = self.folder.join("storage").join(&attachment.item.key).join(name);
        let is_inside = || match (path.canonicalize(), &self.storage) {
            (Ok(real), Some(storage)) => real.starts_with(storage),
            _ => true,
        };
        if name.is_empty() || !is_name || !is_inside() {
            self.refused += 1;
            return None;
        }
        Some(Some(path))
    }

    /// A linked file: an absolute path, or one relative to the folder that Zotero's settings name, `attachments:PATH`.
    fn linked(&self, path: &str) -> Option<PathBuf> {
        let path = match path.strip_prefix("attachments:") {
            Some(relative) => self.linked_base.as_ref()?.join(relative.trim_start_matches('/')),
            None => PathBuf::from(path),
        };
        // The same form of the path as in folders of papers, so that it is the same file in both.
        path.is_absolute().then(|| path.canonicalize().ok()).flatten()
    }

    fn warnings(&self) -> Vec<String> {
        let database = self.folder.join(DATABASE);
        let files = |count| if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
        let missing = (self.missing > 0).then(|| {
            format!(
                "{} of {} not on this machine; title and abstract are indexed instead",
                files(self.missing),
                database.display()
            )
        });
        let refused = (self.refused > 0).then(|| {
            format!(
                "{} of {} left out: their paths lead out of the folder `storage`",
                files(self.refused),
                database.display()
            )
        });
        missing.into_iter().chain(refused).collect()
    }
}

/// Whether a folder is missing, unreadable or empty. Hidden files do not count.
fn has_no_file(folder: &Path) -> bool {
    let is_hidden = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with('.');
    std::fs::read_dir(folder).map_or(true, |entries| entries.flatten().all(is_hidden))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_files_are_names_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let storage = folder.path().join("storage");
        std::fs::create_dir_all(storage.join("FILE2345")).expect("a folder");
        std::fs::write(storage.join("FILE2345/a.pdf"), "x").expect("written");
        std::fs::write(folder.path().join("secret.txt"), "x").expect("written");
        let mut files = Files {
            folder: folder.path(),
            storage: storage.canonicalize().ok(),
            linked_base: None,
            refused: 0,
            missing: 0,
        };
        let mut path = |path: &str, link_mode: i64| {
            let item = Item { key: "FILE2345".into(), ..Item::default() };
            files.place(&Attachment { item, parent: None, link_mode, content_type: None, path: path.into() })
        };
        assert_eq!(path("storage:a.pdf", 0), Some(Place::File(storage.join("FILE2345/a.pdf"))));
        for refused in
            ["storage:../../secret.txt", "storage:/etc/passwd", "storage:..", "storage:", "storage:a/../a.pdf"]
        {
            assert_eq!(path(refused, 1), None, "{refused}");
        }
        assert_eq!(path("attachments:secret.txt", LINKED_FILE), None);
        assert_eq!(path("secret.txt", LINKED_FILE), None);
        let linked = path(&folder.path().join("secret.txt").to_string_lossy(), LINKED_FILE);
        assert!(matches!(linked, Some(Place::File(_))), "{linked:?}");
        assert_eq!(files.refused, 5);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_storage_does_not_lead_out_of_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let storage = folder.path().join("storage");
        std::fs::create_dir_all(storage.join("FILE2345")).expect("a folder");
        std::fs::write(folder.path().join("secret.txt"), "x").expect("written");
        std::os::unix::fs::symlink(folder.path().join("secret.txt"), storage.join("FILE2345/a.txt")).expect("a link");
        let storage = storage.canonicalize().ok();
        let mut files = Files { folder: folder.path(), storage, linked_base: None, refused: 0, missing: 0 };
        let item = Item { key: "FILE2345".into(), ..Item::default() };
        let attachment =
            Attachment { item, parent: None, link_mode: 0, content_type: None, path: "storage:a.txt".into() };
        assert_eq!((files.place(&attachment), files.refused), (None, 1));
    }
}
