// What was left out of a paper, beside what was kept.

import { get, path } from "./api.js";
import { h } from "./dom.js";
import { isolated, pagesOf, plural } from "./format.js";

const label = (rule) => rule.replace(/-/g, " ");

/**
 * The rows of the comparison. Where the place of every text is known by its characters, a row is a passage with what comes after it;
 * in a PDF, of which only pages are known, it is a page.
 */
function aligned(dropped, passages) {
  const byPage = dropped.some(({ page }) => page) && !dropped.some(({ source }) => source);
  const page = (place) => passages[place]?.pages?.first ?? 0;
  const key = byPage ? page : (place) => place;
  const rows = new Map();
  const row = (at) => rows.get(at) ?? rows.set(at, { kept: [], dropped: [] }).get(at);
  row(byPage ? 0 : -1);
  passages.forEach((_, place) => row(key(place)).kept.push(place));
  for (const one of dropped) row(byPage ? one.page ?? 0 : one.after ?? -1).dropped.push(one);
  return [...rows].sort(([a], [b]) => a - b).map(([, one]) => one).filter((one) => one.kept.length || one.dropped.length);
}

/** A passage that was kept, below its headings where they are others than those before. */
function passage(one, before) {
  const [section, former] = [one, before].map((each) => each?.section.join(" › ") ?? "");
  return [section !== former ? h("p", { class: "rule" }, isolated(section)) : null, h("p", { dir: "auto" }, one.text, " ", h("span", { class: "source" }, pagesOf(one)))];
}

/** Adds the comparison to a paper's page. */
export async function leftOut(main, paper, passages, signal) {
  const status = h("p", { class: "status" }, "Reading the file once more …");
  main.append(status);
  const read = await get(path("papers", paper.id, "/reading"), null, signal);
  const rules = new Map();
  for (const { rule } of read.dropped) rules.set(rule, (rules.get(rule) ?? 0) + 1);
  status.textContent = `${plural(read.passages, "passage")} kept, ${plural(read.total, "text")} left out`
    + `${read.total > read.dropped.length ? `, the first ${read.dropped.length} shown` : ""}. `
    + (read.passages === passages.length ? "" : `The index has ${passages.length}: index the file again.`);
  const rows = aligned(read.dropped, passages);
  const out = (one) => h("div", { class: "dropped", "data-rule": one.rule },
    h("p", { class: "rule" }, label(one.rule), one.page ? ` · p. ${one.page}` : ""), h("p", { dir: "auto" }, one.text, one.is_cut ? " …" : ""));
  const table = h("div", { class: "compare", role: "table", "aria-label": "Kept and left out" },
    h("div", { class: "row heads", role: "row" }, h("div", { role: "columnheader" }, "Kept"), h("div", { role: "columnheader" }, "Left out")),
    rows.map(({ kept, dropped }) => h("div", { class: "row", role: "row" },
      h("div", { role: "cell" }, kept.map((place) => passage(passages[place], passages[place - 1]))),
      h("div", { role: "cell" }, dropped.map(out)))));
  const boxes = [...rules].sort((a, b) => b[1] - a[1]).map(([rule, count]) => {
    const box = h("input", { type: "checkbox", checked: true, on: { change: () => {
      for (const one of table.querySelectorAll(`[data-rule="${CSS.escape(rule)}"]`)) one.hidden = !box.checked;
    } } });
    return h("label", {}, box, `${label(rule)} (${count})`);
  });
  if (boxes.length) main.append(h("fieldset", { class: "rules" }, h("legend", {}, "Rules"), boxes));
  main.append(table);
}
