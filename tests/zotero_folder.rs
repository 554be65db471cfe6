//! A Zotero folder for tests: a database with the tables and columns of Zotero's that matter for papers, and stored files.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

const TABLES: &str = include_str!("fixtures/zotero/userdata.sql");

/// The number of the personal library in the database.
pub(crate) const PERSONAL: i64 = 1;

pub(crate) struct ZoteroFolder {
    pub(crate) folder: PathBuf,
    pub(crate) database: Connection,
    keys: Cell<u32>,
}

impl ZoteroFolder {
    /// A new folder without items.
    pub(crate) fn new(folder: &Path) -> Self {
        std::fs::create_dir_all(folder.join("storage")).expect("a folder");
        let folder = folder.canonicalize().expect("a path");
        let database = Connection::open(folder.join("zotero.sqlite")).expect("a database");
        database.execute_batch(TABLES).expect("tables");
        Self { folder, database, keys: Cell::new(0) }
    }

    fn insert(&self, sql: &str, values: impl rusqlite::Params) -> i64 {
        self.database.execute(sql, values).unwrap_or_else(|error| panic!("{sql}: {error}"));
        self.database.last_insert_rowid()
    }

    /// The id of a row, which is made where it is not there.
    fn id(&self, table: &str, id: &str, column: &str, value: &str) -> i64 {
        let known = format!("SELECT {id} FROM {table} WHERE {column} = ?1");
        if let Ok(id) = self.database.query_row(&known, [value], |row| row.get(0)) {
            return id;
        }
        self.insert(
            &format!("INSERT INTO {table} ({id}, {column}) SELECT coalesce(max({id}), 0) + 1, ?1 FROM {table}"),
            [value],
        );
        self.database.query_row(&known, [value], |row| row.get(0)).expect("the row")
    }

    /// A key that no other object has.
    fn key(&self) -> String {
        self.keys.set(self.keys.get() + 1);
        format!("K{:07}", self.keys.get())
    }

    pub(crate) fn key_of(&self, item: i64) -> String {
        self.database.query_row("SELECT key FROM items WHERE itemID = ?1", [item], |row| row.get(0)).expect("an item")
    }

    pub(crate) fn group(&self, group: i64, name: &str) -> i64 {
        let library = self.insert("INSERT INTO libraries (type, editable, filesEditable) VALUES ('group', 1, 1)", []);
        self.insert("INSERT INTO groups VALUES (?1, ?2, ?3)", params![group, library, name]);
        library
    }

    pub(crate) fn item(&self, library: i64, kind: &str, fields: &[(&str, &str)]) -> i64 {
        let kind = self.id("itemTypesCombined", "itemTypeID", "typeName", kind);
        let key = self.key();
        let item = self
            .insert("INSERT INTO items (itemTypeID, libraryID, key) VALUES (?1, ?2, ?3)", params![kind, library, key]);
        fields.iter().for_each(|(field, value)| self.set(item, field, value));
        item
    }

    pub(crate) fn set(&self, item: i64, field: &str, value: &str) {
        let field = self.id("fieldsCombined", "fieldID", "fieldName", field);
        let value = self.id("itemDataValues", "valueID", "value", value);
        self.insert("INSERT OR REPLACE INTO itemData VALUES (?1, ?2, ?3)", params![item, field, value]);
    }

    pub(crate) fn creator(&self, item: i64, given: &str, family: &str, kind: i64) {
        self.insert(
            "INSERT INTO creators (firstName, lastName, fieldMode) VALUES (?1, ?2, 0) \
             ON CONFLICT DO UPDATE SET fieldMode = 0",
            [given, family],
        );
        self.insert(
            "INSERT INTO itemCreators SELECT ?1, creatorID, ?4, (SELECT count(*) FROM itemCreators WHERE itemID = ?1) \
             FROM creators WHERE firstName = ?2 AND lastName = ?3",
            params![item, given, family, kind],
        );
    }

    fn attachment(&self, parent: Option<i64>, link_mode: i64, media_type: &str) -> i64 {
        let library = parent.map_or(PERSONAL, |parent| {
            let sql = "SELECT libraryID FROM items WHERE itemID = ?1";
            self.database.query_row(sql, [parent], |row| row.get(0)).expect("an item")
        });
        let item = self.item(library, "attachment", &[("title", "PDF")]);
        self.insert(
            "INSERT INTO itemAttachments (itemID, parentItemID, linkMode, contentType) VALUES (?1, ?2, ?3, ?4)",
            params![item, parent, link_mode, media_type],
        );
        item
    }

    /// An attachment whose file is in the folder for stored files.
    pub(crate) fn stored(&self, parent: Option<i64>, media_type: &str, name: &str, bytes: &[u8]) -> i64 {
        let item = self.stored_without_file(parent, media_type, name);
        let folder = self.folder.join("storage").join(self.key_of(item));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(name), bytes).expect("written");
        item
    }

    /// An attachment whose file is not on this machine.
    pub(crate) fn stored_without_file(&self, parent: Option<i64>, media_type: &str, name: &str) -> i64 {
        let item = self.attachment(parent, 0, media_type);
        self.set_path(item, &format!("storage:{name}"));
        item
    }

    /// An attachment whose file is elsewhere.
    pub(crate) fn linked(&self, parent: Option<i64>, media_type: &str, path: &str) -> i64 {
        let item = self.attachment(parent, 2, media_type);
        self.set_path(item, path);
        item
    }

    pub(crate) fn set_path(&self, attachment: i64, path: &str) {
        self.insert("UPDATE itemAttachments SET path = ?2 WHERE itemID = ?1", params![attachment, path]);
    }

    pub(crate) fn collection(&self, library: i64, name: &str, parent: Option<i64>) -> i64 {
        self.insert(
            "INSERT INTO collections (collectionName, parentCollectionID, libraryID, key) VALUES (?1, ?2, ?3, ?4)",
            params![name, parent, library, self.key()],
        )
    }

    pub(crate) fn put(&self, item: i64, collection: i64) {
        self.insert("INSERT INTO collectionItems (collectionID, itemID) VALUES (?1, ?2)", [collection, item]);
    }

    pub(crate) fn tag(&self, item: i64, tag: &str) {
        let tag = self.id("tags", "tagID", "name", tag);
        self.insert("INSERT INTO itemTags VALUES (?1, ?2, 0)", [item, tag]);
    }

    pub(crate) fn trash(&self, item: i64) {
        self.insert("INSERT INTO deletedItems (itemID) VALUES (?1)", [item]);
    }

    pub(crate) fn trash_collection(&self, collection: i64) {
        self.insert("INSERT INTO deletedCollections (collectionID) VALUES (?1)", [collection]);
    }

    /// Marks an item as retracted; 1 for one whose warning the user has hidden.
    pub(crate) fn retract(&self, item: i64, flag: i64) {
        self.insert("INSERT INTO retractedItems VALUES (?1, '{}', ?2)", [item, flag]);
    }

    /// All files in the folder with their contents.
    pub(crate) fn files(&self) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
        let entries = walkdir::WalkDir::new(&self.folder).into_iter().map(|entry| entry.expect("an entry"));
        let files = entries.filter(|entry| entry.file_type().is_file());
        files.map(|entry| (entry.path().to_owned(), std::fs::read(entry.path()).expect("a file"))).collect()
    }
}

/// A paper in JATS XML, whose own title is wrong.
pub(crate) fn jats(text: &str) -> String {
    format!(
        "<article><front><article-meta><title-group><article-title>A title as a machine has read it, {}</article-title></title-group>\
         </article-meta></front><body><sec><title>Results</title><p>{text}</p></sec></body></article>",
        text.len()
    )
}
