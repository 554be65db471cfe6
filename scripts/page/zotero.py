"""A small Zotero library of items without files."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from zotero_library import Library  # noqa: E402

#: Title, year, abstract, collection, tag.
ITEMS = [
    ("Elbow warmth at midnight", "2014", "Elbow warmth at midnight rose in nine readers after an hour of reading.", "Clinical", "elbows"),
    ("Elbow warmth in the afternoon", "2017", "Elbow warmth in the afternoon did not change in eleven readers.", "Clinical", "elbows, <i>warm</i>"),
    ("Elbow warmth of mice", "2018", "Elbow warmth of mice was not measured before, and is measured here.", "Animals", "elbows"),
]


def library(folder):
    """Makes the library. Its collections are in one, `Elbows`."""
    made = Library(folder)
    elbows, collections = made.collection("Elbows"), {}
    for title, year, abstract, name, tag in ITEMS:
        if name not in collections:
            collections[name] = made.collection(name, elbows)
        made.article(collection=collections[name], tags=[tag], title=title, date=year, abstractNote=abstract)
    made.close()
    return folder
