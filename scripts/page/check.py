#!/usr/bin/env python3
"""Checks the page as a reader uses it, in a headless Chromium: questions, keyboard, filters, library, uploads, basket, exports, both
colours, narrow and wide screens; that nothing in a paper becomes markup; that axe-core finds nothing; and how much is transferred.

    scripts/page/check.py [--stroma target/release/stroma] [--model models/bge-small-en-v1.5] [--chromium /usr/bin/chromium]
                          [--screenshots FOLDER] [--only WORD]

Fetches Playwright and axe-core from PyPI, in the versions below, into target/page. Exits with 1 if a check fails, and with 3 where
they or a Chromium cannot be had.
"""

import argparse
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "scripts"))

from browser_tools import chromium, run_in_environment  # noqa: E402

WORK = PROJECT / "target" / "page"
TOOLS = ["playwright==1.55.0", "axe-playwright-python==0.1.8"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stroma", type=Path, default=PROJECT / "target" / "release" / "stroma")
    parser.add_argument("--model", type=Path, default=PROJECT / "models" / "bge-small-en-v1.5")
    parser.add_argument("--chromium")
    parser.add_argument("--screenshots", type=Path, help="a folder for pictures of every view")
    parser.add_argument("--only", default="", help="only the checks whose name has this word")
    arguments = parser.parse_args()
    arguments.chromium = chromium("page", arguments.chromium)
    run_in_environment("page", WORK, TOOLS)
    sys.path.insert(0, str(Path(__file__).parent))
    from walks import check_all

    sys.exit(check_all(arguments))


if __name__ == "__main__":
    main()
