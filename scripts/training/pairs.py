#!/usr/bin/env python3
"""Makes pairs of a question and a passage that answers it, for scripts/training/train.py.

    scripts/training/pairs.py SOURCE... --papers FOLDER --without COLLECTION... --out FOLDER

SOURCE is a file of JSON lines, gzipped or not, with a question `q`, a passage `d`, and the `kind`, the source `src` and the
document `id` of the pair. To these pairs are added:

- the questions of `in_other_words.jsonl.gz` and `searches.jsonl.xz`, beside this script. They were written for this purpose (CC0):
  three to a passage in other words than the passage's, and in the second file a fourth one as researchers write it, a claim, key
  words, or a question for a fact. Passages are found again by their source, document and beginning; those of the source `pdf_ccby`
  are paragraphs of the articles in --papers, which `stroma inspect` reads;
- questions, titles and headings of other pairs in everyday words, by the lexicon in `everyday_words.txt` (CC0);
- sentences in everyday words, with the paragraph that they were taken from.

Pairs with a question or a passage of a COLLECTION (a folder in the layout of BEIR) are left out. One document in twenty is kept
apart, in `valid.json`, for choosing between trainings.
"""

import argparse
import collections
import gzip
import json
import lzma
import pathlib
import random
import re
import sys
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from collection import Texts, paragraphs

# Pairs of one kind in one source, so that no kind prevails.
MOST_OF_A_KIND = {
    "cite": 11_000, "head_para": 6_000, "term_definition": 5_000, "synonym_definition": 9_000, "q_snippet": 14_000,
    "consumer_qa": 6_000, "glossary": 4_000,
}
MOST_OF_OTHERS = 25_000
# Kinds whose questions are put into everyday words as well.
REPHRASED = {"q_snippet", "q_ideal_answer", "pico_abstract", "pico_evidence", "cite", "title_abstract", "consumer_qa", "head_para"}
MOST_PARAGRAPHS_FOR_SENTENCES = 14_000
MOST_VALID_OF_A_KIND = 400
MOST_CHARACTERS = {"passage": 1_000, "heading": 300}
MOST_WORDS = 60

joined = lambda text: " ".join(text.split())


class Lexicon:
    """Technical terms in everyday words."""

    def __init__(self, file, chance):
        self.chance, self.terms = chance, {}
        for line in file.read_text(encoding="utf-8").splitlines():
            term, phrases = line.split(" | ", 1)
            self.terms[term] = phrases.split("; ")

    def phrases(self, term):
        singular = term[:-1] if term.endswith("s") else None
        return self.terms.get(term) or self.terms.get(singular)

    def rephrase(self, text):
        """The text with the longest known terms replaced, their number, and the share of words that they were."""
        parts = re.findall(r"[A-Za-z][A-Za-z0-9'-]*|[^A-Za-z]+", text)
        words = [place for place, part in enumerate(parts) if part[0].isalpha()]
        replaced, covered, at = 0, 0, 0
        out = list(parts)
        while at < len(words):
            for length in (4, 3, 2, 1):
                if at + length > len(words):
                    continue
                first, last = words[at], words[at + length - 1]
                term = parts[first : last + 1]
                if any(not part[0].isalpha() and part != " " for part in term):
                    continue
                phrases = self.phrases("".join(term).lower())
                if phrases:
                    out[first : last + 1] = [self.chance.choice(phrases)] + [""] * (last - first)
                    replaced, covered, at = replaced + 1, covered + length, at + length
                    break
            else:
                at += 1
        return "".join(out), replaced, covered / max(len(words), 1)


class Pairs:
    """The pairs by the name of the file that they go to."""

    def __init__(self, held_out):
        self.held_out, self.files = held_out, collections.defaultdict(list)

    def add(self, file, question, passage, kind, document):
        question, passage = joined(question), joined(passage)
        has_length = 3 <= len(question) and len(question.split()) < MOST_WORDS
        if has_length and not self.held_out.are_in(question) and not self.held_out.are_in(passage):
            passage = passage[: MOST_CHARACTERS["passage"]]
            self.files[file].append({"q": question, "d": passage, "kind": kind, "id": str(document)})

    def write(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        valid, count = [], collections.Counter()
        for file, pairs in self.files.items():
            with open(folder / f"{file}.jsonl", "w", encoding="utf-8") as lines:
                for pair in pairs:
                    document = pair.pop("id")
                    name = pair["d"][:60] if document == "None" else document
                    kind = f"{file}/{pair['kind']}"
                    if zlib.crc32(name.encode()) % 20:
                        lines.write(json.dumps(pair, ensure_ascii=False) + "\n")
                    elif count[kind] < MOST_VALID_OF_A_KIND:
                        valid.append({**pair, "kind": kind})
                        count[kind] += 1
            print(f"{file}: {len(pairs)} pairs")
        (folder / "valid.json").write_text(json.dumps(valid, ensure_ascii=False), encoding="utf-8")


def paragraphs_of(papers):
    """The paragraphs of articles as pairs of headings and paragraph."""
    for file, paragraph in paragraphs(papers):
        headings = paragraph["title"].replace(" — ", " | ")
        document = pathlib.Path(file).stem
        yield {"q": headings, "d": paragraph["text"], "kind": "head_para", "src": "pdf_ccby", "id": document}


def add_sentences(pairs, titled, lexicon, chance):
    """Sentences in everyday words, two of a paragraph."""
    for heading, paragraph, document in titled:
        sentences = [s for s in re.split(r"(?<=[.!?])\s+(?=[A-Z])", paragraph) if 8 <= len(s.split()) <= 40]
        if len(sentences) < 3:
            continue
        found = []
        for sentence in sentences:
            rephrased, replaced, share = lexicon.rephrase(sentence)
            if replaced >= 3 and share >= 0.15:
                found.append((sentence, rephrased))
        for sentence, rephrased in chance.sample(found, min(2, len(found))):
            body = paragraph.replace(sentence, "") if chance.random() < 0.5 else paragraph
            text = f"{heading[: MOST_CHARACTERS['heading']]}. {body}" if chance.random() < 0.7 else body
            pairs.add("in_everyday_words", rephrased.rstrip("."), text, "lay_sentence", document)


def add_written(pairs, sources, chance):
    """The questions that were written for passages of the sources."""
    key = lambda pair: (pair["src"], str(pair.get("id")), joined(pair["d"])[:80])
    passages, lost = {key(pair): pair for pair in sources}, 0
    for file, read in (("in_other_words.jsonl.gz", gzip.open), ("searches.jsonl.xz", lzma.open)):
        with read(HERE / file, "rt", encoding="utf-8") as lines:
            for line in map(json.loads, lines):
                pair = passages.get((line["source"], line["id"], line["passage"]))
                if pair is None:
                    lost += 1
                    continue
                heading = ""
                if line["kind"] == "head_para":
                    heading = pair["q"].replace(" | ", ". ")[: MOST_CHARACTERS["heading"]] + ". "
                written = [("in_other_words", question) for question in line["questions"]]
                written += [(kind, line[kind]) for kind in ("claim", "key_words", "fact") if kind in line]
                text = (heading if chance.random() < 0.7 else "") + pair["d"]
                for kind, question in written:
                    pairs.add(file.split(".")[0], question, text, kind, line["id"])
    if lost:
        print(f"{lost} passages with written questions are not in the sources")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=pathlib.Path, nargs="+")
    parser.add_argument("--papers", help="a folder of articles")
    parser.add_argument("--without", type=pathlib.Path, nargs="*", default=[], metavar="COLLECTION")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    settings = parser.parse_args()
    chance = random.Random(3)
    lexicon, pairs = Lexicon(HERE / "everyday_words.txt", chance), Pairs(Texts(settings.without))
    read, titled = list(paragraphs_of(settings.papers)) if settings.papers else [], []
    for file in settings.sources:
        with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="utf-8") as lines:
            of_file = [json.loads(line) for line in lines]
        read += of_file
        by_kind = collections.defaultdict(list)
        for pair in of_file:
            by_kind[pair["kind"]].append(pair)
        for kind, of_kind in by_kind.items():
            if kind == "head_para":
                titled += [(pair["q"].replace(" | ", ". "), pair["d"], pair.get("id")) for pair in of_kind
                           if 60 <= len(pair["d"].split()) <= 260]
            chance.shuffle(of_kind)
            # Definitions of measurements in the Experimental Factor Ontology are all alike.
            of_kind = [pair for pair in of_kind if kind != "term_definition" or "measurement" not in pair["q"]]
            name = file.name.split(".")[0]
            for pair in of_kind[: MOST_OF_A_KIND.get(kind, MOST_OF_OTHERS)]:
                question = pair["q"]
                if kind == "head_para" and chance.random() < 0.5:
                    question = question.replace(" | ", ". ")
                pairs.add(name, question, pair["d"], kind, pair.get("id"))
                if kind in REPHRASED:
                    rephrased, replaced, share = lexicon.rephrase(pair["q"])
                    if replaced >= (1 if len(pair["q"].split()) < 8 else 2) and share >= 0.15:
                        pairs.add("in_everyday_words", rephrased, pair["d"], f"lay_{kind}", pair.get("id"))
    chance.shuffle(titled)
    add_sentences(pairs, titled[:MOST_PARAGRAPHS_FOR_SENTENCES], lexicon, chance)
    add_written(pairs, read, chance)
    pairs.write(settings.out)


if __name__ == "__main__":
    main()
