#!/usr/bin/env python3
"""Makes a collection in the layout of BEIR out of papers and questions, for `stroma eval`.

    scripts/collection.py papers tests/fixtures/samples/questions.jsonl OUT

Each paragraph is a document, its title the paper's with the headings above it. A question is a line of JSON with `_id`,
`text`, and `passage_contains`: words of the paragraph that answers it. Questions without that have no answer and are left
out. Judgments go to OUT/qrels/dev.tsv.
"""

import json
import os
import pathlib
import subprocess
import sys

STROMA = os.environ.get("STROMA", "target/release/stroma")


def plain(text):
    return "".join(c for c in text.lower() if c.isalnum())


def documents(papers):
    lines = subprocess.run([STROMA, "inspect", "--json", papers], check=True, capture_output=True, text=True).stdout
    for paper, line in enumerate(map(json.loads, lines.splitlines())):
        for place, paragraph in enumerate(line["paragraphs"]):
            title = " — ".join([line["paper"].get("title") or "", *paragraph["section"]])
            yield {"_id": f"{paper}:{place}", "title": title, "text": paragraph["text"]}


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    papers, questions, out = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    (out / "qrels").mkdir(parents=True, exist_ok=True)
    corpus = list(documents(papers))
    plain_texts = [(document["_id"], plain(document["text"])) for document in corpus]
    queries, judgments = [], ["query-id\tcorpus-id\tscore"]
    for line in questions.read_text(encoding="utf-8").splitlines():
        question = json.loads(line)
        phrase = question.get("passage_contains")
        if not phrase:
            continue
        found = [name for name, text in plain_texts if plain(phrase) in text]
        if not found:
            sys.exit(f"{question['_id']}: no paragraph contains {phrase!r}")
        queries.append({"_id": question["_id"], "text": question["text"]})
        judgments += [f"{question['_id']}\t{name}\t1" for name in found]
    lines = lambda rows: "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (out / "corpus.jsonl").write_text(lines(corpus), encoding="utf-8")
    (out / "queries.jsonl").write_text(lines(queries), encoding="utf-8")
    (out / "qrels" / "dev.tsv").write_text("\n".join(judgments) + "\n", encoding="utf-8")
    print(f"{out}: {len(corpus)} documents, {len(queries)} questions")


if __name__ == "__main__":
    main()
