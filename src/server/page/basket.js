// The basket: passages that a reader collects across questions, with notes. They are kept in the browser.

import { get } from "./api.js";
import { view } from "./address.js";
import { copy, plain, references, save } from "./cite.js";
import { button, h, hidden, say } from "./dom.js";
import { authorsOf, isolated, pagesOf, paperLink, plural, shortName } from "./format.js";

const KEY = "stroma.basket";
const MOST = 500;

function isItem(item) {
  return typeof item?.id === "string" && typeof item.text === "string" && typeof item.paper?.id === "string" && Array.isArray(item.paper.authors);
}

/** What is in it, in the reader's order. */
export function items() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isItem) : [];
  } catch {
    return [];
  }
}

function keep(all) {
  try {
    localStorage.setItem(KEY, JSON.stringify(all));
  } catch {
    say("The browser has no room for more.", true);
  }
  count();
}

/** Shows the number of passages beside the link to the basket, and on each button that collects. */
export function count() {
  const all = items();
  document.getElementById("basket-count").textContent = all.length || "";
  const ids = new Set(all.map(({ id }) => id));
  for (const one of document.querySelectorAll("button[data-collect]")) one.setAttribute("aria-pressed", ids.has(one.dataset.collect));
}

export function collect(hits, question) {
  const all = items();
  const fresh = hits.filter((hit) => !all.some(({ id }) => id === hit.id));
  if (all.length + fresh.length > MOST) {
    say(`The basket holds ${MOST} passages.`, true);
    return;
  }
  const evidence = (hit) => (hit.evidence ?? []).map(({ start, end }) => ({ start, end })).sort((a, b) => a.start - b.start);
  keep([...all, ...fresh.map((hit) => ({
    id: hit.id, paper: hit.paper, section: hit.section, pages: hit.pages, text: hit.text, evidence: evidence(hit), question, note: "",
  }))]);
  say(`${plural(fresh.length, "passage")} put into the basket.`, true);
}

/** A button that puts a passage into the basket, or takes it out. */
export function collectButton(hit, question) {
  return button("Collect", (event) => {
    if (event.currentTarget.getAttribute("aria-pressed") === "true") {
      keep(items().filter(({ id }) => id !== hit.id));
      say("Taken out of the basket.", true);
    } else collect([hit], question());
  }, { "data-collect": hit.id, "aria-pressed": items().some(({ id }) => id === hit.id) });
}

/** Passages with notes, the questions as headings, and a numbered list of references. */
function markdown(all) {
  const line = (text) => text.replace(/\s+/g, " ").trim();
  // A text of a paper is quoted as it is read, not as markup.
  const literal = (text) => line(text).replace(/[\\`*_[\]<>#|~]/g, "\\$&").replace(/^(\d*)([.)+=-])/, "$1\\$2");
  const papers = [...new Map(all.map(({ paper }) => [paper.id, paper])).values()];
  const number = (paper) => papers.findIndex(({ id }) => id === paper.id) + 1;
  const out = ["# Collected passages", ""];
  for (const question of [...new Set(all.map((item) => item.question || ""))]) {
    if (question) out.push(`## ${literal(question)}`, "");
    for (const item of all.filter((one) => (one.question || "") === question)) {
      out.push(`> ${literal(item.text)}`, ">", `> — ${[literal(shortName(item.paper)), pagesOf(item), item.id].filter(Boolean).join(", ")} [${number(item.paper)}]`, "");
      if (item.note) out.push(...item.note.split("\n"), "");
    }
  }
  return [...out, "## References", "", ...papers.map((paper, place) => `${place + 1}. ${literal(plain(paper))}`), ""].join("\n");
}

async function exported(format) {
  const all = items();
  if (format === "markdown") return markdown(all);
  const papers = all.map(({ paper }) => paper);
  const found = await references(papers, format);
  const known = await Promise.all([...new Set(papers.map(({ id }) => id))].map((id) =>
    get("/v1/papers", [["papers", id], ["limit", "1"]]).then(({ total }) => total)));
  const missing = known.filter((total) => total === 0).length;
  if (missing) say(`${plural(missing, "paper")} of the basket ${missing === 1 ? "is" : "are"} not in this library and left out.`, true);
  return found;
}

function shown(item, render) {
  const change = (edit) => { keep(edit(items())); };
  const move = (by) => button(by < 0 ? "↑" : "↓", () => {
    change((all) => {
      const at = all.findIndex(({ id }) => id === item.id);
      const to = Math.max(0, Math.min(all.length - 1, at + by));
      all.splice(to, 0, ...all.splice(at, 1));
      return all;
    });
    render(item.id, by);
  }, { "aria-label": by < 0 ? "Move up" : "Move down", "data-move": by });
  const note = h("textarea", { rows: 2, maxlength: 4000, placeholder: "Note", on: { input: (event) => {
    const { value } = event.target;
    change((all) => all.map((one) => (one.id === item.id ? { ...one, note: value } : one)));
  } } });
  note.value = item.note ?? "";
  const evidence = (item.evidence ?? []).map(({ start, end }) => ({ start, end }));
  const characters = [...item.text];
  const text = [];
  let at = 0;
  for (const { start, end } of evidence) {
    if (start < at) continue;
    text.push(characters.slice(at, start).join(""), h("mark", {}, characters.slice(start, end).join("")));
    at = end;
  }
  return h("li", { "data-item": item.id },
    h("article", { class: "hit", tabindex: -1 },
      h("h2", { class: "title" }, paperLink(item.paper, item.id)),
      h("p", { class: "place" }, isolated([authorsOf(item.paper), item.paper.journal, item.paper.year, (item.section ?? []).join(" › "), pagesOf(item)].filter(Boolean).join(" · "))),
      h("p", { class: "text", dir: "auto" }, text, characters.slice(at).join("")),
      item.question ? h("p", { class: "place" }, "for ", h("a", { href: view({ q: item.question }) }, isolated(item.question))) : null,
      h("label", { class: "note" }, hidden("Note"), note),
      h("p", { class: "tools" }, move(-1), move(1), button("Remove", () => {
        change((all) => all.filter(({ id }) => id !== item.id));
        render();
        say("Removed.");
      }))));
}

/** The view of the basket. */
export function show(main) {
  const render = (moved, by) => {
    const all = items();
    const tools = [["markdown", "Markdown"], ["ris", "RIS"], ["bibtex", "BibTeX"]].map(([format, name]) => h("span", { class: "pair" },
      button(`Save ${name}`, async () => act(() => exported(format).then((what) => save(what, "basket", format)))),
      button("copy", async () => act(() => exported(format).then((what) => copy(what, `the basket as ${name}`))), { "aria-label": `Copy ${name}` })));
    const act = async (what) => { try { await what(); } catch (error) { say(`Not exported: ${error.message}.`, true); } };
    main.replaceChildren(
      h("h1", {}, "Basket"),
      all.length ? h("p", { class: "lead" }, `${plural(all.length, "passage")} of ${plural(new Set(all.map(({ paper }) => paper.id)).size, "paper")}, kept in this browser.`)
        : h("p", { class: "lead" }, "Nothing is collected yet. ", h("b", {}, "Collect"), " beside a passage puts it here; it stays in this browser until you remove it."),
      all.length ? h("p", { class: "tools bar" }, tools, button("Empty", () => {
        if (confirm(`Remove all ${all.length} passages and their notes?`)) { keep([]); render(); }
      })) : null,
      h("ol", { class: "hits plain" }, all.map((item) => shown(item, render))));
    if (moved) main.querySelector(`[data-item="${CSS.escape(moved)}"] [data-move="${by}"]`)?.focus();
  };
  render();
  return { title: "Basket" };
}
