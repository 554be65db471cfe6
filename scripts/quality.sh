#!/bin/sh
# Writes docs/quality.md from measurements: `scripts/quality.sh FOLDER:SPLIT ...`, each a collection in the layout of BEIR.
set -eu
stroma=${STROMA:-target/release/stroma}
{
    cat <<'HEAD'
# How good the answers are

Written by `scripts/quality.sh`. `hybrid` is what users get; `lexical` and `vector` are its legs alone; `baseline` is a plain
script: BM25 over title and text, and passage vectors of the same model, each scaled to its own range and added half and half.
Below them, the hybrid with one part left out or done otherwise. A difference is significant where p < .05 (paired
randomisation test).

Published figures for the BEIR *test* set of SciFact, nDCG@10, for comparison of the order only (the sets differ): BM25 .665 to
.679 (Lucene), all-MiniLM-L6-v2 .645, BM25 + MiniLM by reciprocal ranks .714, by convex combination .734, BM25 + bge-base .747.

HEAD
    for collection in "$@"; do
        "$stroma" eval "${collection%:*}" --split "${collection##*:}" --markdown --ablation
    done
} >docs/quality.md.new
mv docs/quality.md.new docs/quality.md
