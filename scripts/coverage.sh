#!/usr/bin/env bash
# Measures the share of lines of this project's crates that tests execute: `scripts/coverage.sh -p stroma-corpus`, or
# `--workspace`. The arguments are passed to `cargo test`. Needs llvm-profdata and llvm-cov (of the system, or `rustup
# component add llvm-tools`), not older than 19; LLVM_PROFDATA and LLVM_COV name them.
set -euo pipefail

# Called by cargo instead of rustc, for this project's crates only: dependencies are not compiled again.
if [[ ${STROMA_COVERAGE_WRAPPER:-} ]]; then
    exec "$@" -C instrument-coverage
fi

cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin
find_tool() {
    for tool in "$tools/$1" "$1"-{22,21,20,19} "$1"; do
        if command -v "$tool"; then return; fi
    done
    echo "coverage: $1 is needed" >&2
    exit 1
}
profdata=${LLVM_PROFDATA:-$(find_tool llvm-profdata)}
cov=${LLVM_COV:-$(find_tool llvm-cov)}
counts=$PWD/target/coverage
rm -rf "$counts" && mkdir -p "$counts"

export STROMA_COVERAGE_WRAPPER=1 RUSTC_WORKSPACE_WRAPPER=$PWD/scripts/coverage.sh
# The counts of concurrent processes are merged into a few files; those of a killed process are lost.
export LLVM_PROFILE_FILE=$counts/%4m.profraw
test=(cargo test --release "$@")
programs=$("${test[@]}" --no-run --message-format=json |
    "${PYTHON:-python3}" -c 'import json, sys
for line in sys.stdin:
    print(json.loads(line).get("executable") or "")' | sort -u | sed '/^$/d')
"${test[@]}" >&2
"$profdata" merge --sparse "$counts"/*.profraw -o "$counts/all.profdata"
objects=()
for program in $programs; do objects+=(--object "$program"); done
"$cov" report "${objects[@]}" --instr-profile="$counts/all.profdata" \
    --ignore-filename-regex='/(\.cargo|rustc|tests|benches|target)/' |
    awk 'NR == 1 || /^-/ || /%/ { print }'
