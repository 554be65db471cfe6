#!/usr/bin/env python3
"""Writes src/search/thesaurus.txt: the words that papers use in place of a reader's.

    scripts/training/thesaurus.py PAIRS... --out FILE

PAIRS are the files that scripts/training/pairs.py has written. The method is a statistical translation model, from the words of
passages into those of questions (IBM Model 1: Brown et al. 1993; for retrieval: Berger & Lafferty 1999), estimated by expectation
maximisation with the entries of `thesaurus.txt.xz`, beside this script, as pseudo-counts. Its lines were written for this purpose
(CC0), without regard to any question: "renal > kidney filter …" has the words that a reader may use for one of papers, and
"kidney < renal nephron …" the words that papers may use for a reader's. It takes one minute and 5 GB of memory. Needs numpy and
snowballstemmer 3.1.1 (others may give other stems than the program).
"""

import argparse
import collections
import json
import lzma
import pathlib
import re

import numpy
import snowballstemmer

WRITTEN = pathlib.Path(__file__).resolve().parent / "thesaurus.txt.xz"

# Words that would be aligned with anything.
STOP_WORDS = set("""
    a about after all also among an and any are as at be been between both but by can could did do does due during each for from had
    has have he her his how i if in into is it its may me might more most my no not of on only or other our over per she some somebody
    someone such than that the their them then there these they this those through to under up us using was we were what when where
    which while who whom whose why will with would you your people s t
""".split())
# A passage's further words are left out.
MOST_WORDS = 200
# Fewest questions and passages that a word must be in, unless an entry has it.
FEWEST = 3
ROUNDS = 6
# Count of the empty word, which gives the words of a question that stand for no word of its passage.
OF_NO_WORD = 2.0
# Count of a written entry, in occurrences.
WRITTEN_COUNT = 2.0
# Occurrences that are added to those of a passage's word, so that a rare word is not trusted much.
UNSEEN = 5.0
# Fewest occurrences of an entry of the table, and the most entries of a word of readers.
LEAST_COUNT = 1.0
MOST_SYNONYMS = 24
# Strength is this power of the probability: a word with ten translations stands for each of them nearly as well as for one.
POWER = 0.3

stemmer = snowballstemmer.stemmer("english")
stems = {}


def terms(text):
    """The terms of a text, as src/store/analyzer.rs has them for words of Latin letters. Numbers are left out."""
    found = []
    plain = re.sub("['’]", "", re.sub(r"['’]s\b", "", text.lower()))
    for compound in re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", plain):
        parts = compound.split("-")
        for word in [compound.replace("-", ""), *(parts if len(parts) > 1 else [])]:
            if len(word) > 1 and word not in STOP_WORDS and not word.isdigit():
                if word not in stems:
                    stems[word] = stemmer.stemWord(word) if len(word) > 3 and word.isalpha() else word
                found.append(stems[word])
    return found


def written_entries():
    """Pairs of a term of readers and one of papers."""
    entries = set()
    for line in lzma.open(WRITTEN, "rt", encoding="utf-8"):
        head, direction, *others = line.split()
        for other in others:
            of_papers, of_readers = (head, other) if direction == ">" else (other, head)
            entries.update((reader, paper) for reader in terms(of_readers) for paper in terms(of_papers) if reader != paper)
    return sorted(entries)


class Alignments:
    """All words of each question, each with all words of its passage, as indices into the vocabulary."""

    def __init__(self, pairs, vocabulary):
        self.size = len(vocabulary)
        questions, passages, counts, words = [], [], [], []
        for question, passage in pairs:
            of_passage = collections.Counter(vocabulary[word] for word in passage if word in vocabulary)
            ids = numpy.array([*of_passage, self.size], numpy.int32)
            count = numpy.array([*of_passage.values(), OF_NO_WORD], numpy.float32)
            for word in sorted(set(question) & vocabulary.keys()):
                questions.append(numpy.full(len(ids), vocabulary[word], numpy.int32))
                words.append(numpy.full(len(ids), len(words), numpy.int32))
                passages.append(ids)
                counts.append(count)
        self.words = len(words)
        self.of_question, self.of_passage = numpy.concatenate(questions), numpy.concatenate(passages)
        self.counts, self.word = numpy.concatenate(counts), numpy.concatenate(words)

    def estimate(self, entries):
        """The terms of readers and of papers, their expected counts, and those of all translations of the term of papers."""
        key = self.of_question.astype(numpy.int64) * (self.size + 1) + self.of_passage
        known = numpy.array([reader * (self.size + 1) + paper for reader, paper in entries], numpy.int64)
        keys, index = numpy.unique(numpy.concatenate([key, known]), return_inverse=True)
        index, of_known = index[: len(key)].astype(numpy.int32), index[len(key) :]
        reader, paper = (keys // (self.size + 1)).astype(numpy.int32), (keys % (self.size + 1)).astype(numpy.int32)
        pseudo = numpy.zeros(len(keys))
        pseudo[of_known] = WRITTEN_COUNT
        # A written entry is likely from the start.
        probability = numpy.where(pseudo > 0, 4, 1).astype(numpy.float32)
        for _ in range(ROUNDS):
            expected = probability[index] * self.counts
            of_word = numpy.bincount(self.word, weights=expected, minlength=self.words)
            expected /= of_word[self.word].astype(numpy.float32)
            counts = numpy.bincount(index, weights=expected, minlength=len(keys)) + pseudo
            of_paper = numpy.bincount(paper, weights=counts, minlength=self.size + 1)
            probability = (counts / numpy.maximum(of_paper[paper], 1e-9)).astype(numpy.float32)
        return reader, paper, counts, of_paper


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="+", type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    pairs = []
    for file in arguments.pairs:
        for line in file.open(encoding="utf-8"):
            pair = json.loads(line)
            pairs.append((terms(pair["q"]), terms(pair["d"])[:MOST_WORDS]))
    entries = written_entries()
    frequency = collections.Counter()
    for question, passage in pairs:
        frequency.update(set(question))
        frequency.update(set(passage))
    words = {word for word in frequency if frequency[word] >= FEWEST} | {word for entry in entries for word in entry}
    vocabulary = {word: number for number, word in enumerate(sorted(words))}
    spelled = sorted(vocabulary)
    print(f"{len(pairs)} pairs, {len(entries)} written entries, {len(vocabulary)} terms", flush=True)

    alignments = Alignments(pairs, vocabulary)
    known = [(vocabulary[reader], vocabulary[paper]) for reader, paper in entries]
    reader, paper, counts, of_paper = alignments.estimate(known)
    kept = (counts >= LEAST_COUNT) & (reader != paper) & (paper < len(vocabulary))
    # Names with digits are not translated by chance alignments.
    written = {vocabulary[reader] for reader, _ in entries}
    may_have = numpy.array([term.isalpha() or number in written for number, term in enumerate(spelled)])
    kept &= may_have[reader]
    table = collections.defaultdict(list)
    for r, p, count in zip(reader[kept], paper[kept], counts[kept]):
        strength = round(100 * min(1, count / (of_paper[p] + UNSEEN)) ** POWER)
        table[spelled[r]].append((-count, strength, spelled[p]))
    with arguments.out.open("w", encoding="ascii") as out:
        for term in sorted(table):
            best = sorted(table[term])[:MOST_SYNONYMS]
            strongest_first = sorted(best, key=lambda entry: (-entry[1], entry[2]))
            out.write(" ".join([term, *(f"{other}:{strength}" for _, strength, other in strongest_first)]) + "\n")


if __name__ == "__main__":
    main()
