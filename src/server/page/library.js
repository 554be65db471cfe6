// The library: its papers, to be sorted and filtered.

import { get, listed, text } from "./api.js";
import { go, view } from "./address.js";
import { FORMATS, copy, joined, plain, save } from "./cite.js";
import { button, h, say } from "./dom.js";
import { authorsOf, badges, isolated, paperLink, plural } from "./format.js";

const PAGE = 50;
const SORTS = [["title", "Title"], ["-year", "Newest first"], ["year", "Oldest first"], ["id", "Identifier"]];
/** What the server filters by: the name in addresses and requests. */
const SINGLE = ["q", "author", "year_from", "year_to", "journals", "types", "collection", "tag"];
const LISTS = ["journals", "types", "collection", "tag"];

/** All papers that the filters let pass, page by page, in a format. */
async function all(conditions, total, format) {
  const parts = [];
  for (let offset = 0; offset < total; offset += 100) {
    const page = [...conditions, ["limit", 100], ["offset", offset]];
    parts.push(format === "text" ? (await get("/v1/papers", page)).papers.map(plain).join("\n") : await text("/v1/papers", [...page, ["format", format]]));
  }
  return joined(parts, format);
}

function row(paper) {
  return h("tr", { "data-item": paper.id },
    h("th", { scope: "row", dir: "auto" }, paperLink(paper), badges(paper), h("span", { class: "source" }, isolated(authorsOf(paper, 4)))),
    h("td", {}, paper.year ?? ""), h("td", {}, isolated(paper.journal ?? "")), h("td", {}, isolated((paper.type ?? "").replace(/-/g, " "))),
    h("td", { class: "figure" }, paper.passages), h("td", {}, paper.format));
}

/** Shows the list. */
export async function show(main, parameters, signal) {
  const asked = Object.fromEntries(SINGLE.map((name) => [name, parameters.get(name)]).filter(([, value]) => value));
  const sort = parameters.get("sort") ?? "title";
  const offset = Math.max(0, Number(parameters.get("offset")) || 0);
  const conditions = [...Object.entries(asked).map(([name, value]) => [name, LISTS.includes(name) ? listed(value) : value]), ["sort", sort]];
  const [stats, page] = await Promise.all([get("/v1/stats", null, signal), get("/v1/papers", [...conditions, ["limit", PAGE], ["offset", offset]], signal)]);
  const to = (changes) => view({ view: "library", ...asked, sort: sort === "title" ? null : sort, ...changes });
  const field = (name, label, attributes) => h("label", {}, label, h("input", { name, value: asked[name] ?? "", ...attributes }));
  const choice = (name, label, options, chosen, none) => h("label", {}, label, h("select", { name },
    none ? h("option", { value: "" }, none) : null, options.map(([value, text_]) => h("option", { value, selected: value === chosen }, text_))));
  const counts = (found) => Object.entries(found).map(([value, papers]) => [value, `${value.replace(/-/g, " ")} (${papers})`]);
  const form = h("form", { class: "filter", role: "search", "aria-label": "Papers", on: { submit: (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(form));
    go(view({ view: "library", ...values, sort: values.sort === "title" ? null : values.sort }));
  } } },
  field("q", "Title or author", { type: "search" }),
  field("year_from", "From year", { type: "number", min: 0, max: 9999, class: "short" }), field("year_to", "To year", { type: "number", min: 0, max: 9999, class: "short" }),
  choice("journals", "Journal", counts(stats.journals), asked.journals, "all"), choice("types", "Type", counts(stats.types), asked.types, "all"),
  ["author", "collection", "tag"].filter((name) => asked[name]).map((name) => field(name, name[0].toUpperCase() + name.slice(1))),
  choice("sort", "Order", SORTS, sort), h("button", { type: "submit" }, "Show"));
  for (const select of form.querySelectorAll("select")) select.addEventListener("change", () => form.requestSubmit());
  const last = Math.min(offset + PAGE, page.total);
  const turn = (target, label) => (target < 0 || target >= page.total ? null : h("a", { href: to({ offset: target || null }), rel: target < offset ? "prev" : "next" }, label));
  const act = (what) => async () => { try { await what(); } catch (error) { say(`Not exported: ${error.message}.`, true); } };
  const tools = FORMATS.map(([format, name]) => h("span", { class: "pair" },
    button(`Save ${name}`, act(async () => save(await all(conditions, page.total, format), "library", format))),
    button("copy", act(async () => copy(await all(conditions, page.total, format), `${plural(page.total, "paper")} as ${name}`)), { "aria-label": `Copy the list as ${name}` })));
  main.replaceChildren(
    h("h1", {}, "Library"),
    h("p", { class: "lead" }, `${plural(stats.papers, "paper")}, ${plural(stats.passages, "passage")}.`),
    form,
    h("p", { class: "status" }, page.total ? `${offset + 1}–${last} of ${plural(page.total, "paper")}` : "No paper is like this."),
    page.total ? h("p", { class: "tools bar" }, tools) : null,
    h("div", { class: "scroll", role: "region", "aria-label": "Papers", tabindex: 0 }, h("table", { class: "papers" },
      h("thead", {}, h("tr", {}, ["Paper", "Year", "Journal", "Type", "Passages", "Format"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, page.papers.map(row)))),
    h("nav", { class: "turn", "aria-label": "Pages" }, turn(offset - PAGE < 0 && offset > 0 ? 0 : offset - PAGE, "← Previous"), turn(offset + PAGE, "Next →")));
  say(plural(page.total, "paper"));
  return { title: "Library" };
}
