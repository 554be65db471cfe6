"""Makes a small Zotero library for the checks in scripts/: a database with those of Zotero's tables that matter for papers, and stored
files.

The tables and columns are those of `resource/schema/userdata.sql` of Zotero 7.
"""

import sqlite3
from pathlib import Path

TABLES = """
CREATE TABLE version (schema TEXT PRIMARY KEY, version INT NOT NULL);
CREATE TABLE libraries (libraryID INTEGER PRIMARY KEY, type TEXT NOT NULL, editable INT NOT NULL, filesEditable INT NOT NULL);
CREATE TABLE groups (groupID INTEGER PRIMARY KEY, libraryID INT NOT NULL UNIQUE, name TEXT NOT NULL);
CREATE TABLE itemTypesCombined (itemTypeID INT NOT NULL PRIMARY KEY, typeName TEXT NOT NULL);
CREATE TABLE fieldsCombined (fieldID INT NOT NULL PRIMARY KEY, fieldName TEXT NOT NULL);
CREATE TABLE creatorTypes (creatorTypeID INTEGER PRIMARY KEY, creatorType TEXT);
CREATE TABLE items (itemID INTEGER PRIMARY KEY, itemTypeID INT NOT NULL, libraryID INT NOT NULL, key TEXT NOT NULL);
CREATE TABLE itemDataValues (valueID INTEGER PRIMARY KEY, value UNIQUE);
CREATE TABLE itemData (itemID INT, fieldID INT, valueID, PRIMARY KEY (itemID, fieldID));
CREATE TABLE creators (creatorID INTEGER PRIMARY KEY, firstName TEXT, lastName TEXT, fieldMode INT);
CREATE TABLE itemCreators (itemID INT NOT NULL, creatorID INT NOT NULL, creatorTypeID INT NOT NULL DEFAULT 1, orderIndex INT NOT NULL DEFAULT 0);
CREATE TABLE itemAttachments (itemID INTEGER PRIMARY KEY, parentItemID INT, linkMode INT, contentType TEXT, charsetID INT, path TEXT);
CREATE TABLE tags (tagID INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE itemTags (itemID INT NOT NULL, tagID INT NOT NULL, type INT NOT NULL);
CREATE TABLE collections (collectionID INTEGER PRIMARY KEY, collectionName TEXT NOT NULL, parentCollectionID INT DEFAULT NULL,
    libraryID INT NOT NULL, key TEXT NOT NULL);
CREATE TABLE collectionItems (collectionID INT NOT NULL, itemID INT NOT NULL, orderIndex INT NOT NULL DEFAULT 0);
CREATE TABLE deletedItems (itemID INTEGER PRIMARY KEY, dateDeleted DEFAULT CURRENT_TIMESTAMP NOT NULL);
CREATE TABLE deletedCollections (collectionID INTEGER PRIMARY KEY, dateDeleted DEFAULT CURRENT_TIMESTAMP NOT NULL);
CREATE TABLE retractedItems (itemID INTEGER PRIMARY KEY, data TEXT, flag INT DEFAULT 0);
INSERT INTO version VALUES ('userdata', 125), ('system', 32), ('compatibility', 7);
INSERT INTO libraries VALUES (1, 'user', 1, 1);
INSERT INTO creatorTypes VALUES (1, 'author');
INSERT INTO itemTypesCombined VALUES (1, 'journalArticle'), (2, 'attachment');
INSERT INTO fieldsCombined VALUES (1, 'title'), (2, 'date'), (3, 'publicationTitle'), (4, 'DOI'),
    (5, 'abstractNote');
"""
FIELDS = {"title": 1, "date": 2, "publicationTitle": 3, "DOI": 4, "abstractNote": 5}
TYPES = {".pdf": "application/pdf", ".xml": "application/xml", ".nxml": "application/xml"}


class Library:
    """The personal library in a new folder."""

    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / "storage").mkdir(parents=True)
        self.database = sqlite3.connect(self.folder / "zotero.sqlite")
        self.database.executescript(TABLES)
        self.keys = 0

    def _insert(self, sql, *values):
        return self.database.execute(sql, values).lastrowid

    def _key(self):
        self.keys += 1
        return f"WALK{self.keys:04}"

    def collection(self, name, parent=None):
        columns = "collectionName, parentCollectionID, libraryID, key"
        return self._insert(f"INSERT INTO collections ({columns}) VALUES (?, ?, 1, ?)", name, parent, self._key())

    def rename(self, collection, name):
        self._insert("UPDATE collections SET collectionName = ? WHERE collectionID = ?", name, collection)

    def article(self, file=None, authors=(), collection=None, tags=(), **fields):
        """An item, with a stored copy of a file if there is one. Returns the keys of the item and of its attachment."""
        item, key = self._item(1), self._key_of_last
        for field, value in fields.items():
            self._insert("INSERT OR IGNORE INTO itemDataValues (value) VALUES (?)", value)
            self._insert("INSERT INTO itemData SELECT ?, ?, valueID FROM itemDataValues WHERE value = ?", item, FIELDS[field], value)
        for order, (given, family) in enumerate(authors):
            creator = self._insert("INSERT INTO creators (firstName, lastName, fieldMode) VALUES (?, ?, 0)", given, family)
            self._insert("INSERT INTO itemCreators VALUES (?, ?, 1, ?)", item, creator, order)
        for tag in tags:
            self._insert("INSERT OR IGNORE INTO tags (name) VALUES (?)", tag)
            self._insert("INSERT INTO itemTags SELECT ?, tagID, 0 FROM tags WHERE name = ?", item, tag)
        if collection:
            self._insert("INSERT INTO collectionItems (collectionID, itemID) VALUES (?, ?)", collection, item)
        if file is None:
            return key, None
        attachment, attachment_key = self._item(2), self._key_of_last
        media_type = TYPES.get(file.suffix, "text/plain")
        columns = "itemID, parentItemID, linkMode, contentType, path"
        self._insert(f"INSERT INTO itemAttachments ({columns}) VALUES (?, ?, 0, ?, ?)", attachment, item, media_type, f"storage:{file.name}")
        stored = self.folder / "storage" / attachment_key
        stored.mkdir()
        (stored / file.name).write_bytes(file.read_bytes())
        return key, attachment_key

    def _item(self, kind):
        self._key_of_last = self._key()
        return self._insert("INSERT INTO items (itemTypeID, libraryID, key) VALUES (?, 1, ?)", kind, self._key_of_last)

    def commit(self):
        self.database.commit()

    def close(self):
        self.commit()
        self.database.close()
