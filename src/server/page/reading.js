// What was left out of a paper, beside what was kept.

import { get, path } from "./api.js";
import { h } from "./dom.js";
import { isolated, pagesOf, plural } from "./format.js";

const label = (rule) => rule.replace(/-/g, " ");

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
  const rows = new Map([[-1, []], ...passages.map((_, place) => [place, []])]);
  for (const one of read.dropped) (rows.get(one.after ?? -1) ?? rows.get(-1)).push(one);
  const out = (one) => h("div", { class: "dropped", "data-rule": one.rule },
    h("p", { class: "rule" }, label(one.rule), one.page ? ` · p. ${one.page}` : ""), h("p", { dir: "auto" }, one.text, one.is_cut ? " …" : ""));
  const table = h("div", { class: "compare", role: "table", "aria-label": "Kept and left out" },
    h("div", { class: "row heads", role: "row" }, h("div", { role: "columnheader" }, "Kept"), h("div", { role: "columnheader" }, "Left out")),
    [...rows].filter(([place, dropped]) => place >= 0 || dropped.length).map(([place, dropped]) => {
      const passage = passages[place];
      const section = passage && passage.section.join(" › ") !== (passages[place - 1]?.section ?? []).join(" › ") ? passage.section.join(" › ") : null;
      return h("div", { class: "row", role: "row" },
        h("div", { role: "cell" }, section ? h("p", { class: "rule" }, isolated(section)) : null, passage ? h("p", { dir: "auto" }, passage.text, " ", h("span", { class: "source" }, pagesOf(passage))) : ""),
        h("div", { role: "cell" }, dropped.map(out)));
    }));
  const boxes = [...rules].sort((a, b) => b[1] - a[1]).map(([rule, count]) => {
    const box = h("input", { type: "checkbox", checked: true, on: { change: () => {
      for (const one of table.querySelectorAll(`[data-rule="${CSS.escape(rule)}"]`)) one.hidden = !box.checked;
    } } });
    return h("label", {}, box, `${label(rule)} (${count})`);
  });
  if (boxes.length) main.append(h("fieldset", { class: "rules" }, h("legend", {}, "Rules"), boxes));
  main.append(table);
}
