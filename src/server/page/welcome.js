// Before the first question: what is in the library, and how to ask.

import { get } from "./api.js";
import { view } from "./address.js";
import { h } from "./dom.js";
import { plural } from "./format.js";

const EXAMPLES = [
  ["does butyrate induce regulatory T cells?", "a question, for passages that answer it"],
  ["\"morning stiffness\" -fibromyalgia", "an exact phrase, without a word"],
  ["author:Straub year:2007..", "conditions on the paper"],
  ["10.1186/ar2116", "a paper by its DOI, title or authors"],
];

export async function show(main, _, signal) {
  const facts = h("p", { class: "lead" }, "…");
  main.replaceChildren(h("div", { class: "welcome" },
    h("h1", {}, "Ask the library"), facts,
    h("ul", { class: "examples" }, EXAMPLES.map(([example, about]) => h("li", {}, h("a", { href: view({ q: example }) }, h("code", {}, example)), h("span", { class: "source" }, about)))),
    h("p", { class: "place" }, "Press ", h("kbd", {}, "/"), " to ask, ", h("kbd", {}, "?"), " for all keys. All that is shown was written by the authors of a paper; read it before you trust it.")));
  const stats = await get("/v1/stats", null, signal);
  const years = Object.keys(stats.years).map(Number);
  const [first, last] = [Math.min(...years), Math.max(...years)];
  facts.textContent = `${plural(stats.papers, "paper")} in ${plural(Object.keys(stats.journals).length, "journal")}`
    + `${years.length ? `, ${first === last ? first : `${first}–${last}`}` : ""}: ${plural(stats.passages, "passage")} can be found.`;
}
