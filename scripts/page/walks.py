"""The checks of the page, one function for each thing that a reader does. Run by check.py."""

import json
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from playwright.sync_api import sync_playwright

import axe_playwright_python
from papers import HOSTILE_TITLE, PAPERS, UPLOAD
from zotero import library as library_of_zotero

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sample_server import Server  # noqa: E402

QUESTION = "MSC effect on RA stiffness"
PARAPHRASE = "Do shots of starter cells from bone goo loosen joints in folk with swollen knuckles?"
NOON = "noon stiffness of knees"
KEY = "a-key-for-questions-only"
MAX_BYTES = 150_000
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
SETTLED = "main:not([aria-busy])"


class Checks:
    def __init__(self):
        self.passed, self.failed = 0, []

    def that(self, what, holds, detail=""):
        if holds:
            self.passed += 1
        else:
            self.failed.append(what)
            print(f"page: FAILED: {what} {detail}", file=sys.stderr)

    def same(self, what, found, expected):
        self.that(what, found == expected, f"found {found!r}, expected {expected!r}")


class Walk:
    """A browser with a page, and what goes wrong on it: errors, violations of the policy, dialogs, requests to elsewhere."""

    def __init__(self, browser, server, checks, **options):
        self.server, self.checks = server, checks
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "base_url": server.address,
                                              "accept_downloads": True, **options})
        self.page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.wrong, self.bytes, self.expected = [], 0, []
        self.page.on("console", lambda message: message.type in ("error", "warning") and self.wrong.append(message.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", self._dialog)
        self.page.on("request", self._request)

    def _dialog(self, dialog):
        if self.expected and self.expected[0] in dialog.message:
            self.expected.pop(0)
            dialog.accept()
        else:
            self.wrong.append("dialog: " + dialog.message)
            dialog.dismiss()

    def _request(self, request):
        if not request.url.startswith((self.server.address, "blob:", "data:")):
            self.wrong.append("request to elsewhere: " + request.url)

    def go(self, address):
        self.page.goto(address)
        self.page.wait_for_selector(SETTLED)
        return self.page

    def settled(self):
        """Waits until the view of the address is shown."""
        self.page.wait_for_selector(SETTLED)

    def ask(self, question):
        self.page.fill("#q", question)
        self.page.press("#q", "Enter")
        self.page.wait_for_url(lambda address: parse_qs(urlsplit(address).query).get("q") == [question])
        self.settled()

    def until(self, name, value=None):
        """Waits until the address has a parameter, and its view is shown."""
        self.page.wait_for_url(lambda address: name in parse_qs(urlsplit(address).query) and (value is None or value in parse_qs(urlsplit(address).query)[name]))
        self.settled()

    def parameters(self):
        return parse_qs(urlsplit(self.page.url).query)

    def texts(self, selector):
        return self.page.locator(selector).all_inner_texts()


@contextmanager
def walk(browser, server, checks, name, **options):
    one = Walk(browser, server, checks, **options)
    try:
        yield one
    except Exception as error:  # A failure of one walk does not hide those of the others.
        checks.that(f"{name} ends", False, f"{type(error).__name__}: {str(error)[:600]}")
    checks.same(f"{name}: nothing goes wrong in the browser", one.wrong, [])
    one.context.close()


def question(one, checks):
    page = one.go("/")
    checks.that("the welcome says how many papers there are", "papers in" in page.inner_text("main"))
    one.ask(QUESTION)
    checks.that("there is a first hit", "rheumatoid arthritis" in page.inner_text(".hits article .title").lower())
    checks.that("evidence is marked", page.locator(".hits mark").count() > 0)
    evidence = page.locator(".hits mark").first.inner_text()
    checks.that("marked text is a sentence of the hit", evidence in page.locator(".hits .text").first.inner_text(), evidence)
    checks.that("the answer is on top", page.locator(".answer .sentence").count() > 0)
    checks.that("its sources are numbered", page.inner_text(".answer .number") == "[1]" and page.locator(".sources li").count() > 0)
    checks.that("an abbreviation is shown with its sense", any("RA" in chip and "heumatoid" in chip for chip in one.texts(".chips li")))
    checks.that("cited studies are shown", page.locator(".hits .studies li").count() > 0)
    checks.that("section and place are shown", "›" in page.inner_text(".hits .place"))
    page.locator(".answer .number").first.click()
    checks.that("a source leads to its hit", "#p-" in page.url)
    checks.that("the file can be opened", page.locator(".hits [data-do=open]").first.get_attribute("href").startswith("/v1/papers/"))
    first = page.locator(".hits article").first
    first.locator(".why summary").click()
    why = first.locator(".why .panel").inner_text()
    checks.that("it is told why it was found", all(word in why for word in ("words", "meaning", "sentence", "%")), why)
    first.locator(".why summary").click()
    first.locator("[data-do=show]").click()
    first.locator(".neighbour").first.wait_for()
    checks.that("neighbours are shown in place", first.locator(".neighbour").count() >= 1)
    first.locator("[data-do=show]").click()
    checks.same("and hidden", first.locator(".neighbour").count(), 0)
    first.locator("[data-do=similar]").click()
    first.locator(".similar li").first.wait_for()
    checks.that("similar passages are shown", first.locator(".similar li").count() >= 1)
    found = page.locator(".hits > li").count()
    page.click("button.more >> nth=-1")
    one.until("shown", "20")
    checks.that("there are more hits", page.locator(".hits > li").count() > found)
    page.reload()
    one.settled()
    checks.that("which the address keeps", page.locator(".hits > li").count() > found)


def honesty(one, checks):
    page = one.go("/?q=" + quote("how do I bake sourdough bread in a dutch oven"))
    checks.that("no answer is said to be none", page.inner_text(".answer.abstained h2") == "No answer")
    one.ask("sitffness of knees at noon")
    chips = " ".join(one.texts(".chips .spelling"))
    checks.that("a slip is shown", "stiffness" in chips and "not sitffness" in chips, chips)
    page.click(".chips .spelling a")
    page.wait_for_url(lambda address: '"sitffness"' in parse_qs(urlsplit(address).query)["q"][0])
    one.settled()
    checks.same("which can be insisted on", one.texts(".chips .spelling"), [])
    one.ask(PARAPHRASE)
    page.locator(".hits .why summary").first.click()
    why = page.locator(".hits .why .panel").first.inner_text()
    checks.that("words of papers are named that stand for everyday words", "Words of papers" in why and "(for joint)" in why, why)
    one.ask("10.5555/noon.2015")
    checks.same("a paper by its DOI", page.inner_text("#named"), "A paper by this name")
    one.ask("stiffness year:1802")
    checks.that("a condition that nothing meets is named", page.locator(".chips .refused").count() >= 1)
    page.goto("/?q=x&limit=3&mode=nonsense")
    one.settled()
    checks.that("a refusal is shown with its reason", "mode" in page.inner_text("main [role=alert]"))
    one.wrong = [text for text in one.wrong if "400" not in text]


def keyboard(one, checks):
    page = one.go("/?q=" + quote(NOON))
    page.keyboard.press("/")
    checks.same("/ goes to the question", page.evaluate("document.activeElement.id"), "q")
    page.keyboard.press("ArrowDown")
    focused = "document.activeElement.closest('[data-item]')?.dataset.item"
    items = page.locator(".hits > li").evaluate_all("all => all.map((one) => one.dataset.item)")
    checks.same("down goes to the first hit", page.evaluate(focused), items[0])
    page.keyboard.press("j")
    checks.same("j goes to the next", page.evaluate(focused), items[1])
    page.keyboard.press("ArrowUp")
    checks.same("up goes back", page.evaluate(focused), items[0])
    page.keyboard.press("k")
    checks.same("k stays at the first", page.evaluate(focused), items[0])
    page.keyboard.press("s")
    page.locator(".similar li").first.wait_for()
    page.keyboard.press("Escape")
    checks.same("Escape closes what s opened", page.locator(".similar li").count(), 0)
    page.keyboard.press("a")
    page.locator(".neighbour").first.wait_for()
    page.keyboard.press("c")
    checks.same("c collects", page.inner_text("#basket-count"), "1")
    page.keyboard.press("x")
    checks.that("x selects", "1 selected" in page.inner_text(".selection"))
    page.keyboard.press("w")
    checks.that("w tells why", page.locator(".why[open]").count() == 1)
    page.keyboard.press("?")
    checks.that("? shows the keys", page.locator("#help").is_visible())
    page.keyboard.press("j")
    checks.same("which takes the keyboard", page.evaluate(focused), None)
    page.keyboard.press("Escape")
    checks.that("Escape closes it", not page.locator("#help").is_visible())
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    one.until("paper")
    checks.that("Enter opens the paper at the passage", page.locator(".passage.here").count() == 1)
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    checks.that("focus is visible", outline not in ("none", ""), outline)
    page.goto("/?view=library")
    one.settled()
    page.keyboard.press("Tab")
    checks.same("the first stop leads to the content", page.evaluate("document.activeElement.className"), "skip")


def filters(one, checks):
    page = one.go("/?q=" + quote(NOON))
    count = lambda: int(re.search(r"of (?:at least )?(\d+)", page.inner_text(".status")).group(1))
    all_ = count()
    page.wait_for_selector(".filters fieldset.years")
    checks.that("journals have counts", any(re.search(r"Knees\s+\d+", text) for text in one.texts(".list li")), one.texts(".list li"))
    page.locator(".list label", has_text="Annals of Waking").click()
    one.until("journals")
    page.wait_for_selector(".filters fieldset.years")
    checks.same("the address has the journal", one.parameters()["journals"], ["Annals of Waking"])
    checks.that("only its papers are found", {"Annals of Waking" in place for place in one.texts(".hits .place")} == {True})
    checks.that("other journals can still be chosen", any("Knees" in text for text in one.texts(".list li")))
    narrowed = count()
    checks.that("fewer are found", narrowed < all_)
    page.locator(".list label", has_text="Discussion").click()
    one.until("sections")
    page.wait_for_selector(".filters fieldset.years")
    page.go_back()
    one.settled()
    checks.that("back undoes one step", "sections" not in one.parameters() and count() == narrowed)
    page.go_forward()
    one.settled()
    checks.that("forward does it again", one.parameters()["sections"] == ["discussion"])
    page.wait_for_selector(".filters fieldset.years")
    page.click("text=Clear all filters")
    page.wait_for_url(lambda address: "journals" not in address)
    one.settled()
    page.wait_for_selector(".filters fieldset.years")
    checks.same("all filters are cleared", count(), all_)
    bars = page.locator(".chart .year")
    low, high = bars.nth(3).bounding_box(), bars.nth(6).bounding_box()
    first = int(bars.nth(0).get_attribute("data-year"))
    page.mouse.move(low["x"] + low["width"] / 2, low["y"] + 30)
    page.mouse.down()
    page.mouse.move(high["x"] + high["width"] / 2, high["y"] + 30, steps=4)
    page.mouse.up()
    one.until("year_from")
    page.wait_for_selector(".filters fieldset.years")
    checks.same("dragging over the years chooses them", (one.parameters()["year_from"], one.parameters()["year_to"]), ([str(first + 3)], [str(first + 6)]))
    years = {int(year) for place in one.texts(".hits .place") for year in re.findall(r"· (\d{4}) ·", place)}
    checks.that("only they are found", years and years <= set(range(first + 3, first + 7)), years)
    page.focus("[name=year_to]")
    page.keyboard.press("ArrowLeft")
    one.until("year_to", str(first + 5))
    checks.that("by the keyboard, too", True)
    page.goto(page.url)
    one.settled()
    checks.same("an address is a search", page.locator(".hits > li").count() > 0, True)
    page.click(".discussed summary")
    checks.that("where it is discussed is a table", page.locator(".spread tbody tr").count() >= 2)
    cell = page.locator(".spread td a").first
    cell.click()
    one.until("sections")
    checks.that("a cell leads to its passages", page.locator(".hits > li").count() > 0)


def library(one, checks):
    page = one.go("/?view=library")
    total = int(re.search(r"(\d+) papers", page.inner_text(".lead")).group(1))
    checks.same("all papers are listed", page.locator(".papers tbody tr").count(), total)
    titles = one.texts(".papers tbody th > a")
    checks.same("by title", titles, sorted(titles, key=str.lower))
    page.select_option("select[name=sort]", "year")
    one.until("sort", "year")
    checks.that("or by year", "2009" in page.inner_text(".papers tbody tr >> nth=0"))
    page.fill("form.filter [name=q]", "noon")
    page.press("form.filter [name=q]", "Enter")
    one.until("q", "noon")
    checks.same("filtered by words", page.locator(".papers tbody tr").count(), 12)
    with page.expect_download() as download:
        page.click("text=Save BibTeX")
    checks.same("the list is saved as BibTeX", Path(download.value.path()).read_text().count("@"), 12)
    # A long list comes in parts, whose keys the server knows nothing of.
    parts = ["@article{wang2020cells,\n}\n@misc{wang2020cells-2,\n}", "@article{wang2020cells,\n}"]
    saved = page.evaluate("async (parts) => (await import('/assets/cite.js')).joined(parts, 'bibtex')", parts)
    checks.same("each key of it once", re.findall(r"\{(.*),", saved), ["wang2020cells", "wang2020cells-2", "wang2020cells-3"])
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    one.until("paper")
    checks.same("the paper's title", page.inner_text("main h1"), "Noon stiffness of knees, 2009")
    checks.that("its outline", one.texts(".outline li") == ["Results", "Discussion"], one.texts(".outline li"))
    checks.same("its passages", page.locator(".passage").count(), 2)
    checks.same("its references", page.locator(".references > li").count(), 2)
    page.click(".references details >> nth=0")
    cited = page.inner_text(".references > li >> nth=0")
    checks.that("which sentences cite each", "was measured in 20 knees" in cited and "warmth may explain it" in cited and "after a walk [2]" not in cited, cited)
    page.click(".cites >> nth=0")
    checks.that("a citation leads to its entry", page.url.endswith("#r-0"))
    page.click("text=Show what was left out")
    one.until("show", "reading")
    page.wait_for_selector(".compare")
    checks.that("what was left out stands beside what was kept", page.locator(".compare .dropped").count() >= 1, page.inner_text("main"))
    checks.that("with its rule", "reference list" in page.inner_text(".rules").lower(), page.inner_text(".rules"))
    page.click(".rules label >> nth=0")
    checks.that("rules can be hidden", page.locator(".compare .dropped:visible").count() < page.locator(".compare .dropped").count())


def uploads(one, checks):
    page = one.go("/?view=add")
    big = "\n\n".join(f"Supple ankles number {number} were measured at dusk, and again at dawn, by a blinded observer." for number in range(120))
    files = [{"name": "ankles.md", "mimeType": "text/markdown", "buffer": (UPLOAD + "\n" + big).encode()},
             {"name": "noise.pdf", "mimeType": "application/pdf", "buffer": b"\x00\x01 no paper"}]
    page.evaluate("""() => { window.states = []; new MutationObserver(() => {
        for (const state of document.querySelectorAll('.file .state')) window.states.push(state.textContent); })
        .observe(document.querySelector('.files'), { subtree: true, childList: true, characterData: true }); }""")
    page.set_input_files("#files", files)
    page.wait_for_selector(".file.done")
    page.wait_for_selector(".file.failed")
    states = page.evaluate("window.states")
    checks.that("the progress of a file is shown", {"sending"} < set(states) and any(re.fullmatch(r"indexing( \d+ %)?", state) for state in states), set(states))
    failed = page.inner_text(".file.failed >> nth=0")
    checks.that("a file that cannot be read has its reason", failed.startswith("noise.pdf") and "no known format" in failed, failed)
    page.click(".file.done a")
    one.until("paper")
    checks.same("an upload becomes a paper", page.inner_text("main h1"), "Ankles at dusk")
    one.ask("how supple are ankles at dusk?")
    checks.that("which is found", "Ankles at dusk" in page.inner_text(".hits .title >> nth=0"))
    data = page.evaluate_handle("""() => { const data = new DataTransfer();
        data.items.add(new File(["---\\ntitle: Wrists at dawn\\n---\\n\\nWrists at dawn are stiff, as one trial has shown in nine readers."], "wrists.md")); return data; }""")
    page.dispatch_event("main", "drop", {"dataTransfer": data})
    one.until("view", "add")
    page.wait_for_selector(".file.done >> text=wrists.md")
    checks.that("files can be dropped anywhere", True)
    page.click("text=Look for changes in the folders")
    page.wait_for_selector(".file.done >> text=Folders of papers")
    checks.that("folders can be looked through", "nothing has changed" in page.inner_text(".file.done >> nth=0"), page.inner_text(".files"))
    one.wrong = [text for text in one.wrong if "422" not in text]


def basket(one, checks):
    one.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = one.go("/?q=" + quote(NOON))
    clipboard = lambda: page.evaluate("navigator.clipboard.readText()")
    first = page.locator(".hits article").first
    first.locator("[data-do=cite]").click()
    first.get_by_label("Copy the reference as BibTeX").click()
    page.wait_for_selector("#toast:visible")
    checks.that("a reference is copied as BibTeX", clipboard().startswith("@article{"), clipboard())
    first.get_by_label("Copy the reference as plain text").click()
    page.wait_for_selector("#toast >> text=plain text")
    checks.that("as text", re.match(r"Ann Lee, Bo Kim \(\d{4}\)\. Noon stiffness of knees, \d{4}\. .+ https://doi\.org/10\.5555/noon\.\d{4}$", clipboard()) is not None, clipboard())
    for number in (0, 1, 2, 3):
        page.locator("[data-do=select]").nth(number).check()
    page.get_by_label("Copy the selection as RIS").click()
    page.wait_for_selector("#toast >> text=the selection")
    chosen = {item.rsplit(":", 1)[0] for item in page.locator(".hits > li").evaluate_all("all => all.slice(0, 4).map((one) => one.dataset.item)")}
    checks.same("the selection as RIS", clipboard().count("TY  - "), len(chosen))
    page.locator(".selection >> text=Collect").click()
    checks.same("and collected", page.inner_text("#basket-count"), "4")
    one.ask(QUESTION)
    page.locator("[data-collect]").first.click()
    page.click("text=Basket")
    one.until("view", "basket")
    checks.same("passages of two questions", page.locator(".hits > li").count(), 5)
    page.locator("textarea").first.fill("Is it the *warmth*?")
    order = lambda: page.locator(".hits > li").evaluate_all("all => all.map((one) => one.dataset.item)")
    before = order()
    page.get_by_label("Move down").first.click()
    checks.same("can be put in order", order()[:2], before[1::-1])
    page.reload()
    one.settled()
    checks.same("are kept with their notes", (page.locator(".hits > li").count(), page.locator("textarea").nth(1).input_value()), (5, "Is it the *warmth*?"))
    saved = {}
    for name in ("Markdown", "RIS", "BibTeX"):
        with page.expect_download() as download:
            page.click(f"text=Save {name}")
        saved[name] = Path(download.value.path()).read_text()
    markdown = saved["Markdown"]
    checks.that("exported as Markdown with references", all(part in markdown for part in (f"## {NOON}", f"## {QUESTION}", "Is it the *warmth*?", "## References", "\n1. ")), markdown)
    papers = len({item.rsplit(":", 1)[0] for item in order()})
    checks.same("as RIS", saved["RIS"].count("ER  - "), papers)
    checks.same("as BibTeX", len(re.findall(r"^@", saved["BibTeX"], re.MULTILINE)), papers)
    one.expected.append("Remove all")
    page.click("text=Empty")
    page.wait_for_selector("text=Nothing is collected yet")
    checks.same("and emptied", page.inner_text("#basket-count"), "")
    page.evaluate("localStorage.setItem('stroma.basket', '[{\"id\": 3}, null, \"<img>\"]')")
    page.reload()
    one.settled()
    checks.that("what is no basket is ignored", "Nothing is collected" in page.inner_text("main"))


def hostile(one, checks):
    markup = "document.querySelectorAll('main img, main script, main iframe, main svg[onload], main b[onmouseover], [onerror], [onload], [onmouseover]').length"
    links = "[...document.querySelectorAll('a')].filter((one) => !/^(https?|zotero|blob):/.test(one.href)).map((one) => one.href)"
    narrow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    page = one.page
    page.set_viewport_size({"width": 360, "height": 780})
    views = {"search": "/?q=" + quote("quixotic gadolinium markers at dawn"), "library": "/?view=library&q=mallory", "paper": "/?paper=10.5555_hostile",
             "reading": "/?paper=10.5555_hostile&show=reading", "question": "/?q=" + quote('<img src=x onerror=alert(1)> </script>'), "name": "/?q=10.5555/hostile"}
    for name, address in views.items():
        one.go(address)
        if name == "search":
            checks.that("a hostile title is shown as it is", HOSTILE_TITLE in page.inner_text(".hits .title >> nth=0"), page.inner_text(".hits .title >> nth=0"))
            page.locator("[data-do=show]").first.click()
            page.locator("[data-do=similar]").first.click()
            page.locator(".similar li").first.wait_for()
            page.locator("[data-collect]").first.click()
        checks.same(f"{name}: nothing becomes markup", page.evaluate(markup), 0)
        checks.same(f"{name}: no link runs anything", page.evaluate(links), [])
        checks.that(f"{name}: a long word does not widen the page", page.evaluate(narrow) <= 0)
    one.go("/?view=basket")
    checks.same("basket: nothing becomes markup", (page.evaluate(markup), page.locator(".hits > li").count()), (0, 1))
    blocked = page.evaluate("""() => { try { document.querySelector('main').innerHTML = '<img src=x onerror=alert(1)>'; return false; }
        catch { return true; } }""")
    checks.that("the policy refuses markup from texts", blocked)
    one.wrong = [text for text in one.wrong if "TrustedHTML" not in text]


def zotero(one, checks):
    subprocess.run([one.server.stroma, "index", f"zotero:{library_of_zotero(one.server.folder / 'zotero')}"], cwd=one.server.folder,
                   env=one.server.environment, check=True, capture_output=True)
    page = one.go("/?q=" + quote("elbow warmth of readers"))
    for _ in range(50):
        # Only hits show that the server has the new commit; the names of filters may stand elsewhere.
        if any("Elbow" in title for title in one.texts(".hits .title")):
            break
        page.wait_for_timeout(100)
        one.go(page.url)
    page.wait_for_selector(".filters fieldset.years")
    collections = {re.sub(r"\s+", " ", label) for label in one.texts(".list label") if "Elbows" in label}
    checks.same("collections have counts", collections, {"Elbows 3", "Elbows/Clinical 2", "Elbows/Animals 1"})
    checks.that("and tags, as they are written", any("elbows, <i>warm</i>" in label for label in one.texts(".list label")), one.texts(".list label"))
    checks.that("a paper can be selected in Zotero", page.get_attribute(".hits .tools a >> text=Select in Zotero", "href").startswith("zotero://select/"))
    page.locator(".list label", has_text="Elbows/Clinical").click()
    one.until("collection", "Elbows/Clinical")
    page.wait_for_selector(".filters fieldset.years")
    checks.that("only the collection is found", all("mice" not in title for title in one.texts(".hits .title")) and page.locator(".hits > li").count() == 2)
    checks.that("others can still be chosen", any("Elbows/Animals" in label for label in one.texts(".list label")))
    page.click(".hits .title a >> nth=0")
    one.until("paper")
    page.click("header.paper a >> text=Elbows/Clinical")
    one.until("collection")
    checks.same("a collection is a list of papers", page.locator(".papers tbody tr").count(), 2)


VIEWS = {"welcome": "/", "search": "/?q=" + quote(NOON), "answer": "/?q=" + quote(QUESTION), "abstained": "/?q=" + quote("how to bake sourdough bread"),
         "library": "/?view=library", "paper": "/?paper=10.5555_noon.2015", "reading": "/?paper=10.5555_noon.2015&show=reading",
         "basket": "/?view=basket", "add": "/?view=add", "docs": "/docs", "help": "/?view=basket", "key": "/?view=library", "missing": "/?paper=none"}


def opened_view(one, name):
    page = one.go(VIEWS[name])
    if name == "docs":
        page.wait_for_selector("#types")
    if name in ("search", "answer"):
        page.wait_for_selector(".filters fieldset.years", state="attached")
        page.click(".discussed summary") if page.locator(".discussed").count() else None
        page.locator("[data-do=similar]").first.click()
        page.locator(".similar li").first.wait_for()
        page.locator(".why summary").first.click()
        page.locator("[data-do=select]").nth(1).check()
        if page.inner_text("#basket-count") == "":
            page.locator("[data-collect]").first.click()
    if name == "reading":
        page.wait_for_selector(".compare")
    if name == "add":
        page.set_input_files("#files", [{"name": "noise.pdf", "mimeType": "application/pdf", "buffer": b"\x00\x01"}])
        page.wait_for_selector(".file.failed")
    if name == "help":
        page.keyboard.press("?")
        page.wait_for_selector("#help[open]")
    if name == "key":
        page.click("#show-key")
        page.wait_for_selector("#key-dialog[open]")
    page.evaluate("scrollTo(0, 0)")
    return page


def looks(browser, server, checks, screenshots):
    """Every view, wide and narrow, light and dark: axe finds nothing, and nothing is wider than the screen."""
    for width, colours in ((1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")):
        # axe-core is put into the page by the test, which the policy refuses otherwise.
        with walk(browser, server, checks, f"{width} {colours}", viewport={"width": width, "height": 900}, color_scheme=colours, bypass_csp=True) as one:
            for name in VIEWS:
                page = opened_view(one, name)
                page.wait_for_timeout(50)
                page.evaluate(AXE + "; undefined")
                found = page.evaluate("axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map((one) => [one.id, one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160))]))")
                checks.same(f"axe finds nothing in {name}, {width} {colours}", found, [])
                checks.that(f"{name} fits {width}", page.evaluate("document.documentElement.scrollWidth") <= width)
                if screenshots:
                    page.screenshot(path=screenshots / f"{name}-{width}-{colours}.png")
            one.wrong = [text for text in one.wrong if "422" not in text and "404" not in text]
    with walk(browser, server, checks, "colours", color_scheme="light") as one:
        page = one.go("/")
        ground = lambda: page.evaluate("getComputedStyle(document.body).backgroundColor")
        light = ground()
        page.click("#theme")
        page.click("#theme")
        dark = ground()
        checks.that("the colours can be chosen", dark != light)
        page.reload()
        one.settled()
        checks.same("and are kept", ground(), dark)
        page.keyboard.press("?")
        page.evaluate("document.activeElement.blur()")


def keys(browser, checks, arguments):
    """A server that wants a key."""
    server = Server(arguments.stroma, arguments.model, STROMA_SERVER_SEARCH_KEY=KEY, STROMA_SERVER_ADMIN_KEY=KEY + "-and-changes")
    try:
        with walk(browser, server, checks, "key") as one:
            page = one.page
            page.goto("/?q=" + quote(QUESTION))
            page.wait_for_selector("#key-dialog[open]")
            page.fill("#key", KEY)
            page.press("#key", "Enter")
            page.wait_for_selector(".hits article")
            checks.that("with the key there is an answer", page.locator(".hits article").count() > 0)
            checks.same("and no link that could not carry it", page.locator(".hits [data-do=open]").count(), 0)
            one.go("/?view=add")
            page.set_input_files("#files", [{"name": "a.md", "mimeType": "text/markdown", "buffer": UPLOAD.encode()}])
            page.wait_for_selector(".file.failed")
            checks.that("a key for questions adds no papers", "key" in page.inner_text(".file.failed"), page.inner_text(".file.failed"))
            one.wrong = [text for text in one.wrong if "401" not in text and "403" not in text]
    finally:
        server.stop()


def transferred(browser, server, checks):
    """Bytes over the network for the page itself."""
    with walk(browser, server, checks, "bytes") as one:
        session = one.context.new_cdp_session(one.page)
        session.send("Network.enable")
        requests, sizes = {}, {}
        session.on("Network.responseReceived", lambda event: requests.__setitem__(event["requestId"], event["response"]["url"]))
        session.on("Network.loadingFinished", lambda event: sizes.__setitem__(event["requestId"], event["encodedDataLength"]))
        one.go("/?q=" + quote(QUESTION))
        one.page.wait_for_selector(".filters fieldset.years")
        by_address = {requests[number].removeprefix(server.address): size for number, size in sizes.items() if number in requests}
        page = {address: size for address, size in by_address.items() if not address.startswith("/v1/")}
        total = sum(page.values())
        print(f"page: {total} bytes in {len(page)} files transferred; at most {MAX_BYTES}")
        checks.that("the page is small", total <= MAX_BYTES, json.dumps(page))
        reply = one.context.request.get("/assets/app.js")
        again = one.context.request.get("/assets/app.js", headers={"if-none-match": reply.headers["etag"]})
        checks.same("a file is sent once", again.status, 304)


WALKS = [question, honesty, keyboard, filters, library, uploads, basket, hostile, zotero]


def check_all(arguments):
    checks = Checks()
    arguments.stroma, arguments.model = arguments.stroma.resolve(), arguments.model.resolve()
    if arguments.screenshots:
        arguments.screenshots.mkdir(parents=True, exist_ok=True)
    wanted = lambda name: arguments.only in name
    server = Server(arguments.stroma, arguments.model, PAPERS)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=arguments.chromium, args=["--no-sandbox"])
            for each in filter(lambda each: wanted(each.__name__), WALKS):
                with walk(browser, server, checks, each.__name__) as one:
                    each(one, checks)
            if wanted("looks"):
                looks(browser, server, checks, arguments.screenshots)
            if wanted("transferred"):
                transferred(browser, server, checks)
            if wanted("keys"):
                keys(browser, checks, arguments)
            browser.close()
    finally:
        server.stop()
    print(f"page: {checks.passed} checks passed, {len(checks.failed)} failed")
    return 1 if checks.failed else 0
