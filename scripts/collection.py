#!/usr/bin/env python3
"""Makes a collection in the layout of BEIR from papers and questions, for `stroma eval`.

    scripts/collection.py [--over-index] PAPERS QUESTIONS OUT

PAPERS is a folder that `stroma inspect` reads. QUESTIONS is a file of JSON lines with `_id`, `text`,
`passage_contains` (words of the paragraph that answers it), and optionally `paper` (the paper's file name) and `split`.
Questions without `passage_contains` have no answer and are left out. Judgments go to OUT/qrels/SPLIT.tsv, `dev` where a
question names none.

Each paragraph becomes a document, its title the paper's with the headings above it. With --over-index there are no
documents: the judgments name passages of an index of PAPERS, and `stroma eval` asks that index.
"""

import json
import os
import pathlib
import subprocess
import sys
from collections import defaultdict

STROMA = os.environ.get("STROMA", "target/release/stroma")


def plain(text):
    return "".join(c for c in text.lower() if c.isalnum())


class Texts:
    """The questions and passages of some collections, which are found in other texts whatever their case and punctuation."""

    # Characters of a passage by which it is recognised within a text, and of those that are looked up.
    BEGINNING = 160
    LOOKED_UP = 40

    def __init__(self, collections):
        self.whole, self.beginnings = set(), defaultdict(set)
        for file in (folder / name for folder in collections for name in ("queries.jsonl", "corpus.jsonl")):
            with open(file, encoding="utf-8") as lines:
                for text in (plain(json.loads(line)["text"]) for line in lines):
                    self.whole.add(text)
                    if file.stem == "corpus" and len(text) >= self.LOOKED_UP:
                        self.beginnings[text[: self.LOOKED_UP]].add(text[: self.BEGINNING])

    def are_in(self, text):
        """Whether the text is one of these, or one of the passages begins in it."""
        text = plain(text)
        found = lambda at: any(text.startswith(known, at) for known in self.beginnings.get(text[at : at + self.LOOKED_UP], ()))
        return text in self.whole or any(map(found, range(len(text) - self.LOOKED_UP + 1)))


def paragraphs(papers):
    """Each paragraph of the papers, with the name of its file, its id in an index, and the headings above it."""
    lines = subprocess.run([STROMA, "inspect", "--json", papers], check=True, capture_output=True, text=True).stdout
    for line in map(json.loads, lines.splitlines()):
        for paragraph in line["paragraphs"]:
            title = " — ".join([line["paper"].get("title") or "", *paragraph["section"]])
            yield pathlib.Path(line["file"]).name, {"_id": paragraph["id"], "title": title, "text": paragraph["text"]}


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--over-index"]
    if len(arguments) != 3:
        sys.exit(__doc__)
    papers, questions, out = arguments[0], pathlib.Path(arguments[1]), pathlib.Path(arguments[2])
    (out / "qrels").mkdir(parents=True, exist_ok=True)
    corpus = list(paragraphs(papers))
    plain_texts = [(file, document["_id"], plain(document["text"])) for file, document in corpus]
    queries, judgments = [], defaultdict(lambda: ["query-id\tcorpus-id\tscore"])
    for line in questions.read_text(encoding="utf-8").splitlines():
        question = json.loads(line)
        phrase, paper = question.get("passage_contains"), question.get("paper")
        if not phrase:
            continue
        of_paper = [row for row in plain_texts if row[0] == paper] or plain_texts
        found = [name for _, name, text in of_paper if plain(phrase) in text]
        if not found:
            sys.exit(f"{question['_id']}: no paragraph contains {phrase!r}")
        queries.append({"_id": question["_id"], "text": question["text"]})
        judgments[question.get("split", "dev")] += [f"{question['_id']}\t{name}\t1" for name in found]
    lines = lambda rows: "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if "--over-index" not in sys.argv:
        (out / "corpus.jsonl").write_text(lines(document for _, document in corpus), encoding="utf-8")
    (out / "queries.jsonl").write_text(lines(queries), encoding="utf-8")
    for split, rows in judgments.items():
        (out / "qrels" / f"{split}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(f"{out}: {len(corpus)} documents, {len(queries)} questions")


if __name__ == "__main__":
    main()
