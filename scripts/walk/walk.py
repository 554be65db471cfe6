#!/usr/bin/env python3
"""A researcher's walk from a Zotero library to a checked manuscript: makes a Zotero library, indexes it, asks at the command line, over
HTTP, as an assistant and in a browser, opens the same passage from all four, exports the reference, and checks a manuscript that
quotes the passage.

    scripts/walk/walk.py [--stroma target/release/stroma] [--model models/bge-small-en-v1.5] [--chromium /usr/bin/chromium]
                         [--screenshot FILE]

Fetches the official SDK of the Model Context Protocol and Playwright from PyPI, in the versions below, into target/walk. Exits with 1 if
a step fails, and with 3 where they or a Chromium cannot be had.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "scripts"))

from browser_tools import chromium, run_in_environment  # noqa: E402
from sample_server import start_server  # noqa: E402
from zotero_library import Library  # noqa: E402

WORK = PROJECT / "target" / "walk"
TOOLS = ["mcp==2.3.0", "playwright==1.55.0"]
QUESTION = "MSC effect on RA stiffness"
PAPER = "msc-rheumatoid-arthritis.xml"
COLLECTION = "Cells/Joints"


def step(text):
    print(f"walk: {text}", flush=True)


class Stroma:
    """The program over an index of its own."""

    def __init__(self, program, model, folder):
        self.program, self.folder = str(program), folder
        (folder / "config.toml").write_text("")
        self.environment = {**os.environ, "STROMA_MODEL_FOLDER": str(model), "STROMA_INDEX": str(folder / "index")}

    def run(self, *arguments, expected=0):
        result = subprocess.run([self.program, *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True)
        assert result.returncode == expected, f"stroma {' '.join(arguments)}: {result.returncode}\n{result.stdout}{result.stderr}"
        return result.stdout

    def serve(self):
        return start_server(self.program, self.folder, self.environment)


def print_pdf(browser, text, file):
    """Prints a text on pages, the question's paragraph on the second."""
    page = browser.new_page()
    page.set_content(text)
    page.pdf(path=str(file), format="A5")
    page.close()


def paper_as_html(file):
    """The sample paper as a page that is printed."""
    from xml.etree import ElementTree

    root = ElementTree.parse(file).getroot()
    text = lambda element: " ".join("".join(element.itertext()).split())
    parts = [f"<h1>{text(root.find('.//article-title'))}</h1>", "<h2>Abstract</h2>"]
    parts += [f"<p>{text(one)}</p>" for one in root.findall(".//abstract//p")]
    for element in root.find("body").iter():
        if element.tag == "title":
            parts.append(f"<h2>{text(element)}</h2>")
        elif element.tag == "p":
            parts.append(f"<p>{text(element)}</p>")
    return "<style>body { font: 11pt/1.4 serif }</style>" + "".join(parts)


def make_library(folder, browser):
    library = Library(folder / "Zotero")
    cells = library.collection("Cells")
    joints = library.collection("Joints", cells)
    printed = folder / "arthritis.pdf"
    print_pdf(browser, paper_as_html(PROJECT / "papers" / PAPER), printed)
    keys = library.article(
        printed, [("Ann", "Straub"), ("Bo", "Kim")], joints, ["to read"], title="Mesenchymal stem cells in rheumatoid arthritis",
        date="2026-03-01 2026-03", publicationTitle="Journal of Samples", DOI="10.5555/walk.2026",
    )
    others = sorted(file for file in (PROJECT / "papers").iterdir() if file.name not in (PAPER, "README.md"))
    for file in others:
        library.article(file, [], cells)
    library.commit()
    step(f"a Zotero library of {1 + len(others)} items, one of them printed to a PDF")
    return library, cells, keys


def ask_http(address, question):
    with urllib.request.urlopen(f"{address}/v1/search?{urllib.parse.urlencode({'q': question, 'limit': 3, 'collection': COLLECTION})}") as response:
        return json.load(response)["hits"][0]


async def ask_assistant(address, question):
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async with streamable_http_client(f"{address}/mcp") as (read, write, *_):
        async with ClientSession(read, write) as session:
            await session.initialize()
            found = (await session.call_tool("search", {"question": question, "limit": 3, "collection": [COLLECTION]})).structured_content
            passage = await session.call_tool("passage", {"id": found["passages"][0]["id"]})
            return found, passage.structured_content


def ask_browser(browser, address, question, screenshot):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/?{urllib.parse.urlencode({'q': question, 'collection': COLLECTION})}")
    hit = page.locator("li[data-item]").first
    hit.wait_for()
    found = hit.get_attribute("data-item"), hit.locator("a[data-do=open]").get_attribute("href")
    papers = {item.get_attribute("data-item").rsplit(":", 1)[0] for item in page.locator("li[data-item]").all()}
    assert len(papers) == 1, f"papers that are not in {COLLECTION}: {papers}"
    if screenshot:
        page.screenshot(path=str(screenshot))
    page.close()
    return found


def walk(arguments, folder, browser):
    library, cells, (item_key, attachment_key) = make_library(folder, browser)
    stroma = Stroma(arguments.stroma, arguments.model, folder)
    stroma.run("index", f"zotero:{library.folder}")
    papers = json.loads("[" + ",".join(stroma.run("papers", "list", "--json").splitlines()) + "]")
    assert len(papers) == 12, [paper["title"] for paper in papers]
    step(f"`stroma index zotero:…` read {len(papers)} papers")

    response = json.loads(stroma.run("search", QUESTION, "--collection", COLLECTION, "--json", "-n", "3"))
    hit = response["hits"][0]
    opens = f"zotero://open-pdf/library/items/{attachment_key}?page={hit['pages']['first']}"
    assert hit["links"] == {"open": opens, "select": f"zotero://select/library/items/{item_key}"}, hit["links"]
    assert hit["paper"]["doi"] == "10.5555/walk.2026" and hit["paper"]["authors"] == ["Ann Straub", "Bo Kim"], hit["paper"]
    step(f"the command line finds {hit['id']}, which opens as {opens}")

    process, address = stroma.serve()
    try:
        over_http = ask_http(address, QUESTION)
        assert (over_http["id"], over_http["links"]["open"]) == (hit["id"], opens), over_http
        step("HTTP: the same passage, the same link")
        # Playwright has an event loop of its own in this thread.
        with ThreadPoolExecutor(1) as thread:
            found, passage = thread.submit(asyncio.run, ask_assistant(address, QUESTION)).result()
        assert not found["abstained"] and (passage["id"], passage["open"]) == (hit["id"], opens), (found, passage)
        step("an assistant: the same passage, the same link")
        assert ask_browser(browser, address, QUESTION, arguments.screenshot) == (hit["id"], opens)
        step("the browser: the same passage, the same link")
    finally:
        process.terminate()
        process.wait(timeout=30)

    bibliography = stroma.run("search", QUESTION, "--collection", COLLECTION, "--format", "bibtex", "-n", "1")
    (folder / "refs.bib").write_text(bibliography)
    key = re.search(r"@article\{([^,]+),", bibliography).group(1)
    step(f"exported as BibTeX: {key}")
    quoted = hit["evidence"][0]["text"]
    draft = folder / "draft.md"
    draft.write_text(f"---\nbibliography: refs.bib\n---\n\nAs they say, “{quoted}” [@{key}].\n")
    stroma.run("verify", str(draft))
    step("a manuscript that quotes it is verified")
    words = quoted.split()
    draft.write_text(draft.read_text().replace(quoted, " ".join(words[:5] + ["surely", *words[5:]])))
    said = stroma.run("verify", str(draft), expected=1)
    assert "{+surely+}" in said, said
    step("a word that was added to the quotation is found")

    library.rename(cells, "Stem cells")
    library.commit()
    stroma.run("index", f"zotero:{library.folder}")
    again = json.loads(stroma.run("search", QUESTION, "--collection", "Stem cells/Joints", "--json", "-n", "1"))
    assert again["hits"][0]["id"] == hit["id"]
    step("a collection that was renamed in Zotero has its new name")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stroma", type=Path, default=PROJECT / "target" / "release" / "stroma")
    parser.add_argument("--model", type=Path, default=PROJECT / "models" / "bge-small-en-v1.5")
    parser.add_argument("--chromium")
    parser.add_argument("--screenshot", type=Path, help="a file for a picture of the page")
    arguments = parser.parse_args()
    browser_path = chromium("walk", arguments.chromium)
    run_in_environment("walk", WORK, TOOLS)
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="stroma-walk-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        try:
            walk(arguments, Path(folder), browser)
        except AssertionError as error:
            print(f"walk: FAILED: {error}", file=sys.stderr)
            sys.exit(1)
        finally:
            browser.close()


if __name__ == "__main__":
    main()
