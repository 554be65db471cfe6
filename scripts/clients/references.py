"""Checks that other parsers read the exported references without loss: RIS by rispy, BibTeX by bibtexparser, CSL-JSON by
citeproc-py, CSV by the standard library.

    references.py COMMAND…    the command that runs stroma over an index, such as `stroma --index FOLDER`

Run by check.py. Prints one line for each format.
"""

import csv
import io
import json
import re
import subprocess
import sys

import bibtexparser
import rispy
from bibtexparser.middlewares import LatexDecodingMiddleware
from citeproc.source.json import CiteProcJSON


def run(*arguments):
    result = subprocess.run([*sys.argv[1:], *arguments], capture_output=True, check=True)
    return result.stdout.decode()


def folded(text):
    return re.sub(r"\s+", " ", text or "").strip()


def plain(text):
    """Letters and digits only: decoders of LaTeX differ in spaces and dashes."""
    return "".join(c for c in (text or "") if c.isalnum()).lower()


def compare(format, papers, entries, same=folded):
    """`entries`: title, number of authors, year and DOI of each."""
    assert len(entries) == len(papers), f"{format}: {len(entries)} entries of {len(papers)} papers"
    for paper, (title, authors, year, doi) in zip(papers, entries):
        expected = (same(paper["title"] or paper["id"]), len(paper["authors"]), paper["year"], paper["doi"])
        found = (same(title), authors, int(year) if year else None, doi or None)
        assert found == expected, f"{format}: {found} is not {expected}"
    print(f"{format}: {len(entries)} papers, nothing lost")


def unique(papers):
    """The papers as in an export: those with the same identifiers occur once."""
    seen, kept = set(), []
    for paper in papers:
        key = paper["doi"] or (plain(paper["title"] or paper["id"]), paper["year"])
        if key not in seen:
            seen.add(key)
            kept.append(paper)
    return kept


papers = unique([json.loads(line) for line in run("papers", "list", "--json").splitlines()])

ris = rispy.loads(run("papers", "list", "--format", "ris").replace("\r\n", "\n"))
compare("RIS", papers, [(one.get("title"), len(one.get("authors", [])), one.get("year"), one.get("doi")) for one in ris])

library = bibtexparser.parse_string(run("papers", "list", "--format", "bibtex"), append_middleware=[LatexDecodingMiddleware()])
assert not library.failed_blocks, library.failed_blocks


def field(entry, name):
    return entry.fields_dict[name].value if name in entry.fields_dict else None


bibtex = [
    (field(one, "title"), len(re.split(r"\s+and\s+", field(one, "author"))) if field(one, "author") else 0, field(one, "year"),
     field(one, "doi"))
    for one in library.entries
]
compare("BibTeX", papers, bibtex, plain)

items = json.loads(run("papers", "list", "--format", "csl-json"))
assert len(CiteProcJSON(items)) == len(items)
compare("CSL-JSON", papers, [
    (one["title"], len(one.get("author", [])), one["issued"]["date-parts"][0][0] if "issued" in one else None, one.get("DOI"))
    for one in items
])

rows = csv.DictReader(io.StringIO(run("papers", "list", "--format", "csv"), newline=""))
compare("CSV", papers, [
    (row["title"], len(row["authors"].split("; ")) if row["authors"] else 0, row["year"], row["doi"]) for row in rows
])

cited = rispy.loads(run("search", "--format", "ris", "--cited", "MSC effect on RA stiffness").replace("\r\n", "\n"))
assert cited and all(one["title"] for one in cited), cited
print(f"the primary studies of an answer: {len(cited)}")
