"""Makes a small Zotero library for the checks in scripts/: a database with those of Zotero's tables that matter for papers, and stored
files.

The tables are those of the tests in Rust.
"""

import sqlite3
from pathlib import Path

TABLES = Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "zotero" / "userdata.sql"
NAMES = """
INSERT INTO itemTypesCombined VALUES (1, 'journalArticle'), (2, 'attachment');
INSERT INTO fieldsCombined VALUES (1, 'title'), (2, 'date'), (3, 'publicationTitle'), (4, 'DOI'), (5, 'abstractNote');
"""
FIELDS = {"title": 1, "date": 2, "publicationTitle": 3, "DOI": 4, "abstractNote": 5}
TYPES = {".pdf": "application/pdf", ".xml": "application/xml", ".nxml": "application/xml"}


class Library:
    """The personal library in a new folder."""

    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / "storage").mkdir(parents=True)
        self.database = sqlite3.connect(self.folder / "zotero.sqlite")
        self.database.executescript(TABLES.read_text() + NAMES)
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
