#!/usr/bin/env python3
"""Checks the page as a reader uses it, in a headless Chromium: questions, keyboard, filters, library, uploads, basket, exports, both
colours, narrow and wide screens; that nothing in a paper becomes markup; that axe-core finds nothing; and how much is transferred.

    scripts/page/check.py [--stroma target/release/stroma] [--model models/bge-small-en-v1.5] [--chromium /usr/bin/chromium]
                          [--screenshots FOLDER] [--only WORD]

Fetches Playwright and axe-core from PyPI, in the versions below, into target/page. Exits with 1 if a check fails, and with 3 where
they or a Chromium cannot be had.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
WORK = PROJECT / "target" / "page"
TOOLS = ["playwright==1.55.0", "axe-playwright-python==0.1.8"]
UNAVAILABLE = 3


def chromium(given):
    names = ["chromium", "chromium-browser", "google-chrome", "chrome"]
    found = given or next(filter(None, map(shutil.which, names)), None)
    if not found:
        print("page: there is no Chromium", file=sys.stderr)
        sys.exit(UNAVAILABLE)
    return found


def run_in_environment():
    """Runs this script again with the tools, which are installed first."""
    python, installed = WORK / "python" / "bin" / "python", WORK / "installed.json"
    if not installed.exists() or installed.read_text() != json.dumps(TOOLS):
        try:
            venv.create(WORK / "python", with_pip=True, clear=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *TOOLS], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"page: the tools cannot be installed: {error}", file=sys.stderr)
            sys.exit(UNAVAILABLE)
        installed.write_text(json.dumps(TOOLS))
    os.execv(python, [str(python), *sys.argv])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stroma", type=Path, default=PROJECT / "target" / "release" / "stroma")
    parser.add_argument("--model", type=Path, default=PROJECT / "models" / "bge-small-en-v1.5")
    parser.add_argument("--chromium")
    parser.add_argument("--screenshots", type=Path, help="a folder for pictures of every view")
    parser.add_argument("--only", default="", help="only the checks whose name has this word")
    arguments = parser.parse_args()
    arguments.chromium = chromium(arguments.chromium)
    if Path(sys.prefix).resolve() != (WORK / "python").resolve():
        WORK.mkdir(parents=True, exist_ok=True)
        run_in_environment()
    sys.path.insert(0, str(Path(__file__).parent))
    from walks import check_all

    sys.exit(check_all(arguments))


if __name__ == "__main__":
    main()
