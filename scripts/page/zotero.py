"""A small Zotero library, with the tables that the tests in Rust have."""

import re
import sqlite3
from pathlib import Path

TABLES = Path(__file__).resolve().parents[2] / "tests" / "zotero_folder.rs"
#: Title, year, abstract, collection, tag.
ITEMS = [
    ("Elbow warmth at midnight", "2014", "Elbow warmth at midnight rose in nine readers after an hour of reading.", "Clinical", "elbows"),
    ("Elbow warmth in the afternoon", "2017", "Elbow warmth in the afternoon did not change in eleven readers.", "Clinical", "elbows, <i>warm</i>"),
    ("Elbow warmth of mice", "2018", "Elbow warmth of mice was not measured before, and is measured here.", "Animals", "elbows"),
]


def library(folder):
    """Makes the library. Its collections are in one, `Elbows`."""
    (folder / "storage").mkdir(parents=True)
    with sqlite3.connect(folder / "zotero.sqlite") as database:
        run = database.execute
        database.executescript(re.search(r'const TABLES: &str = "(.*?)";', TABLES.read_text(), re.DOTALL).group(1))
        run("INSERT INTO itemTypesCombined VALUES (1, 'journalArticle')")
        database.executemany("INSERT INTO fieldsCombined VALUES (?, ?)", [(1, "title"), (2, "date"), (3, "abstractNote")])
        run("INSERT INTO collections VALUES (1, 'Elbows', NULL, 1, 'C0000001')")
        names = {"Elbows": 1}
        values = {}
        for number, (title, year, abstract, collection, tag) in enumerate(ITEMS, 1):
            run("INSERT INTO items VALUES (?, 1, 1, ?)", (number, f"K{number:07}"))
            for field, value in enumerate((title, year, abstract), 1):
                values.setdefault(value, len(values) + 1)
                run("INSERT OR IGNORE INTO itemDataValues VALUES (?, ?)", (values[value], value))
                run("INSERT INTO itemData VALUES (?, ?, ?)", (number, field, values[value]))
            if collection not in names:
                names[collection] = len(names) + 1
                run("INSERT INTO collections VALUES (?, ?, 1, 1, ?)", (names[collection], collection, f"C{names[collection]:07}"))
            run("INSERT INTO collectionItems (collectionID, itemID) VALUES (?, ?)", (names[collection], number))
            run("INSERT OR IGNORE INTO tags (name) VALUES (?)", (tag,))
            run("INSERT INTO itemTags SELECT ?, tagID, 0 FROM tags WHERE name = ?", (number, tag))
    database.close()
    return folder
