#!/usr/bin/env python3
"""Checks the programming interfaces as clients use them. HTTP: validates `/openapi.json`, generates a client from it for Python
and one for TypeScript, and makes every call with both against a running server. The Model Context Protocol: calls every tool with the
official SDK for Python, and with the inspector. Exported references: reads them with other parsers.

    scripts/clients/check.py [--stroma target/release/stroma] [--model models/bge-small-en-v1.5]

Fetches what it needs from PyPI and npm, in the versions below, into target/clients. Exits with 1 if anything fails, or a client
does not call every operation.
"""

import argparse
import json
import shutil
import subprocess
import sys
import urllib.request
import venv
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "scripts"))

from sample_server import Server  # noqa: E402

HERE = PROJECT / "scripts" / "clients"
WORK = PROJECT / "target" / "clients"
PYTHON_TOOLS = ["openapi-spec-validator==0.9.0", "openapi-python-client==0.29.1", "mcp==2.3.0", "rispy==0.10.0",
                "bibtexparser==2.1.0", "citeproc-py==0.11.1", "pylatexenc==2.10"]
NODE_TOOLS = ["openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3", "@types/node@20.19.0",
              "@modelcontextprotocol/inspector@2.12.0"]


def run(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, **options)


def install_tools():
    """Installs the generators. Returns the folder of the Python programs; `None` if they are not available."""
    environment, node = WORK / "python", WORK / "node"
    installed, wanted = WORK / "installed.json", json.dumps([PYTHON_TOOLS, NODE_TOOLS])
    if installed.exists() and installed.read_text() == wanted:
        return environment / "bin"
    try:
        venv.create(environment, with_pip=True, clear=True)
        run(environment / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", *PYTHON_TOOLS)
        node.mkdir(parents=True, exist_ok=True)
        (node / "package.json").write_text('{"private": true, "type": "module"}\n')
        run("npm", "install", "--silent", "--no-save", "--no-package-lock", *NODE_TOOLS, cwd=node)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        print(f"clients: the generators cannot be installed: {error}", file=sys.stderr)
        return None
    installed.write_text(wanted)
    return environment / "bin"


def operations(document):
    return {operation["operationId"] for path in document["paths"].values() for operation in path.values()}


def check(server, python):
    document = json.load(urllib.request.urlopen(server.address + "/openapi.json"))
    file = WORK / "openapi.json"
    file.write_text(json.dumps(document))
    run(python / "openapi-spec-validator", file)
    known = operations(document)
    named = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(named) == len(known), "an operation id is not unique"

    shutil.rmtree(WORK / "python_client", ignore_errors=True)
    generated = run(python / "openapi-python-client", "generate", "--path", file, "--output-path",
                    WORK / "python_client", "--meta", "none", capture_output=True, text=True).stdout
    assert "WARNING" not in generated, generated
    calls = run(python / "python", HERE / "calls.py", server.address, cwd=WORK, capture_output=True, text=True).stdout
    report("Python", known, json.loads(calls))

    node = WORK / "node"
    run("npx", "openapi-typescript", file, "-o", node / "api.d.ts", cwd=node, capture_output=True)
    shutil.copy(HERE / "calls.ts", node / "calls.ts")
    run("npx", "tsc", "--strict", "--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext",
        "--skipLibCheck", "calls.ts", cwd=node)
    calls = run("node", "calls.js", server.address, cwd=node, capture_output=True, text=True).stdout
    report("TypeScript", known, json.loads(calls))


def check_assistant(server, stroma, python):
    command = json.dumps([str(stroma), "mcp"])
    run(python / "python", HERE / "assistant.py", command, server.address + "/mcp", json.dumps(server.environment))
    inspector = ["npx", "mcp-inspector", "--cli", server.address + "/mcp", "--transport", "http"]
    library = run(*inspector, "--method", "tools/call", "--tool-name", "library", cwd=WORK / "node", capture_output=True,
                  text=True)
    assert '"papers"' in library.stdout and not library.stderr, library
    print("inspector: the library is described")


def report(language, known, called):
    missing = known - set(called)
    assert not missing, f"the {language} client does not call {sorted(missing)}"
    print(f"{language}: all {len(known)} operations called")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stroma", type=Path, default=PROJECT / "target" / "release" / "stroma")
    parser.add_argument("--model", type=Path, default=PROJECT / "models" / "bge-small-en-v1.5")
    arguments = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    python = install_tools()
    if python is None:
        sys.exit(1)
    server = Server(arguments.stroma.resolve(), arguments.model.resolve())
    try:
        check(server, python)
        check_assistant(server, arguments.stroma.resolve(), python)
        run(python / "python", HERE / "references.py", arguments.stroma.resolve(), env=server.environment)
    except subprocess.CalledProcessError as error:
        sys.exit(f"clients: {error}\n{error.stdout or ''}{error.stderr or ''}")
    finally:
        server.stop()


if __name__ == "__main__":
    main()
