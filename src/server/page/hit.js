// One passage that was found, with what can be done with it.

import { get, path } from "./api.js";
import { collectButton } from "./basket.js";
import { citeButtons } from "./cite.js";
import { button, h, hidden, say, wide } from "./dom.js";
import { authorsOf, badges, entry, isolated, marked, opened, outside, pagesOf, paperLink, plural, published, study, titleOf } from "./format.js";

const AROUND = 2;
const SIMILAR = 5;

/** The studies that the evidence cites, or the whole passage where it has none. */
function studies(hit) {
  const cited = hit.evidence ? hit.evidence.flatMap(({ citations }) => citations) : hit.citations ?? [];
  const once = [...new Map(cited.map((one) => [one.place, one])).values()];
  if (!once.length) return null;
  return h("details", { class: "studies", open: Boolean(hit.evidence) && once.length <= 6 },
    h("summary", {}, `Studies cited (${once.length})`),
    h("ul", {}, once.map((one) => h("li", {}, one.label ? `[${one.label}] ` : "", study(one, entry(one))))));
}

/** Why it was found: how much of its score words, meaning and the nearest sentence give. */
function why(hit) {
  const { parts, terms, translated, lexical_rank: lexical, vector_rank: vector } = hit.explanation ?? {};
  if (!parts) return null;
  const shares = [["words", parts.words], ["meaning", parts.paragraph + parts.body + parts.feedback], ["sentence", parts.sentence]];
  const sum = shares.reduce((all, [, share]) => all + Math.max(0, share), 0) || 1;
  const percent = (share) => Math.round((100 * Math.max(0, share)) / sum);
  const told = shares.map(([name, share]) => `${name} ${percent(share)} %`).join(", ");
  const bar = h("span", { class: "bar", "aria-hidden": "true" }, shares.map(([name, share]) => wide(h("span", { class: `part ${name}` }), percent(share))));
  const words = terms.map(({ term, expands }) => (expands ? `${term} (for ${expands})` : term)).join(", ");
  const others = translated.map(({ term, by }) => `${by} (for ${term})`).join(", ");
  return h("details", { class: "why", name: "why" },
    h("summary", { title: `Why: ${told}` }, bar, hidden(`Why it was found: ${told}`)),
    h("div", { class: "panel" },
      h("p", {}, shares.map(([name, share]) => h("span", { class: "share-of" }, h("span", { class: `key ${name}` }), `${name} ${percent(share)} %`))),
      words ? h("p", {}, "Matching words: ", isolated(words)) : h("p", {}, "No word of the question matches."),
      others ? h("p", {}, "Words of papers in their place: ", isolated(others)) : null,
      h("p", {}, [lexical ? `${lexical}. by words` : null, vector ? `${vector}. by meaning` : null, `score ${hit.score.toFixed(3)}`].filter(Boolean).join(" · "))));
}

/** A button that shows and hides what it loads. */
function toggle(label, panel, load) {
  return button(label, async (event) => {
    const pressed = event.currentTarget;
    const open = pressed.getAttribute("aria-expanded") !== "true";
    for (const other of pressed.parentElement.querySelectorAll("[aria-expanded=true]")) other.setAttribute("aria-expanded", "false");
    pressed.setAttribute("aria-expanded", open);
    panel.replaceChildren();
    if (!open) return;
    try {
      const parts = await load();
      if (pressed.getAttribute("aria-expanded") === "true") panel.replaceChildren(...parts);
    } catch (error) {
      panel.replaceChildren(h("p", { class: "problem" }, `${error.message}.`));
      say(`${label}: ${error.message}.`);
    }
  }, { "aria-expanded": "false", "data-do": label.split(" ")[0].toLowerCase() });
}

/** Passages before and after it, in place. */
async function around(hit, before, after) {
  const found = await get(path("passages", hit.id), { neighbours: AROUND });
  const passage = (one) => h("p", { class: "text neighbour", dir: "auto" }, pagesOf(one) ? h("span", { class: "page" }, pagesOf(one)) : null, one.text);
  before.replaceChildren(...found.before.map(passage));
  after.replaceChildren(...found.after.map(passage));
  say(`${plural(found.before.length + found.after.length, "passage")} around it.`);
}

async function similar(hit, question) {
  const { hits } = await get(path("passages", hit.id, "/similar"), { limit: SIMILAR });
  say(`${plural(hits.length, "similar passage")}.`);
  if (!hits.length) return [h("p", {}, "No other paper has a similar passage.")];
  return [h("h4", {}, "Similar passages of other papers"), h("ol", { class: "similar" }, hits.map((one) => h("li", {},
    h("p", {}, paperLink(one.paper, one.id), badges(one.paper), h("span", { class: "source" }, isolated(placed(one)))),
    marked(one), h("p", { class: "tools" }, collectButton(one, question)))))];
}

/** Authors, journal, year, headings and pages. */
export function placed(hit) {
  const { paper } = hit;
  return [authorsOf(paper), paper.journal, paper.year, hit.section.join(" › "), pagesOf(hit)].filter(Boolean).join(" · ");
}

/** A hit. `question` gives the question it is collected for. `chosen` is told when it is selected or not. */
export function shown(hit, number, question, chosen) {
  const { paper } = hit;
  const title = `t-${hit.id}`;
  const panel = h("div", { class: "panel" });
  const [before, after] = [h("div", { class: "around" }), h("div", { class: "around" })];
  const surroundings = button("Show around it", async (event) => {
    const pressed = event.currentTarget;
    const open = pressed.getAttribute("aria-expanded") !== "true";
    pressed.setAttribute("aria-expanded", open);
    if (!open) { before.replaceChildren(); after.replaceChildren(); return; }
    try { await around(hit, before, after); } catch (error) { after.replaceChildren(h("p", { class: "problem" }, `${error.message}.`)); }
  }, { "aria-expanded": "false", "data-do": "show" });
  const box = h("input", { type: "checkbox", "data-do": "select", "aria-label": `Select ${number}: ${titleOf(paper)}`, on: { change: () => chosen(hit, box.checked) } });
  const open = opened(hit);
  if (open) open.dataset.do = "open";
  const web = published(paper);
  return h("li", { "data-item": hit.id },
    h("article", { class: "hit", id: `p-${hit.id}`, tabindex: -1, "aria-labelledby": title },
      h("div", { class: "head" },
        box,
        h("h3", { id: title, class: "title" }, h("span", { class: "rank" }, `${number}. `), paperLink(paper, hit.id), badges(paper)),
        why(hit)),
      h("p", { class: "place" }, isolated(placed(hit))),
      before, marked(hit), after,
      studies(hit),
      h("div", { class: "tools" },
        open, surroundings,
        toggle("Similar", panel, () => similar(hit, question)),
        toggle("Cite", panel, () => [h("p", { class: "tools" }, "Copy as ", citeButtons(() => [paper], "the reference"))]),
        collectButton(hit, question),
        hit.links?.select ? outside("Select in Zotero", hit.links.select) : null,
        web ? outside(paper.doi ? "DOI" : "PubMed", web) : null),
      panel));
}
