#!/usr/bin/env bash
# Tests the running server with requests that schemathesis generates from its OpenAPI document. Installs schemathesis from PyPI
# in an environment under target/. Uses only loopback, and a copy of the sample papers. Needs a built program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program="${CARGO_TARGET_DIR:-target}/release/stroma"
tools="$PWD/target/schemathesis"
settings="$PWD/scripts/schemathesis.toml"
place="$(mktemp -d)"
trap 'kill "${server:-}" 2> /dev/null || true; rm -rf "$place"' EXIT

[ -x "$tools/bin/schemathesis" ] || {
    "${PYTHON:-python3}" -m venv "$tools"
    "$tools/bin/pip" install --quiet 'schemathesis==4.*'
}

cp -r papers "$place/papers"
"$program" --index "$place/index" index "$place/papers"
STROMA_PAPERS="$place/papers" STROMA_SERVER_UPLOADS="$place/uploads" \
    "$program" --index "$place/index" serve --listen 127.0.0.1:0 > "$place/log" 2>&1 &
server=$!
until grep -q '^listening on' "$place/log"; do
    kill -0 "$server" || { cat "$place/log"; exit 1; }
    sleep 0.2
done
address="$(sed -n 's/^listening on //p' "$place/log")"
# It writes files into the current folder.
cd "$place"
"$tools/bin/schemathesis" --config-file "$settings" run "$address/openapi.json" --max-examples "${EXAMPLES:-50}" "$@"
