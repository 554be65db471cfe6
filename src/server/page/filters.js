// Filters with counts. Each choice is a new address.

import { go, view } from "./address.js";
import { button, h, wide } from "./dom.js";
import { isolated } from "./format.js";

/** The lists that a question can be narrowed by: the name in addresses and requests, what it is called, and its counts. */
export const LISTS = [
  ["sections", "Section", "sections"], ["journals", "Journal", "journals"], ["types", "Article type", "types"],
  ["collection", "Collection", "collections"], ["tag", "Tag", "tags"],
];
/** Lists whose values are names of the program or of a format, and are shown as words. */
const CODED = ["sections", "types"];
const SHOWN = 8;

/** Counts of years as bars, and the chosen range: by dragging over the bars, or with two sliders. */
function years(counts, asked) {
  const known = Object.keys(counts).map(Number);
  const chosen = [asked.year_from, asked.year_to].map((year) => Number(year) || null);
  const all = [...known, ...chosen.filter(Boolean)];
  if (!all.length) return null;
  const [first, last] = [Math.min(...all), Math.max(...all)];
  const span = Array.from({ length: Math.min(last - first + 1, 200) }, (_, place) => first + place);
  const most = Math.max(1, ...Object.values(counts));
  const bars = span.map((year) => {
    const count = counts[year] ?? 0;
    const bar = h("span", { class: "year", title: `${year}: ${count}`, "data-year": year }, h("span", { class: "fill" }));
    bar.firstChild.style.height = `${count ? Math.max(6, (100 * count) / most) : 0}%`;
    return bar;
  });
  const slider = (name, value, text) => h("input", { type: "range", name, min: first, max: last, step: 1, value, "aria-label": text });
  const from = slider("year_from", chosen[0] ?? first, "From year");
  const to = slider("year_to", chosen[1] ?? last, "To year");
  const told = h("output", {});
  const range = () => [Number(from.value), Number(to.value)].sort((a, b) => a - b);
  const draw = () => {
    const [low, high] = range();
    told.textContent = low === high ? String(low) : `${low}–${high}`;
    for (const bar of bars) bar.classList.toggle("out", Number(bar.dataset.year) < low || Number(bar.dataset.year) > high);
  };
  const apply = () => {
    const [low, high] = range();
    go(view({ ...asked, shown: null, year_from: low === first ? null : low, year_to: high === last ? null : high }));
  };
  for (const one of [from, to]) {
    one.addEventListener("input", draw);
    one.addEventListener("change", apply);
  }
  const chart = h("div", { class: "chart", "aria-hidden": "true" }, bars);
  const yearAt = (event) => {
    const { left, width } = chart.getBoundingClientRect();
    return span[Math.max(0, Math.min(span.length - 1, Math.floor(((event.clientX - left) / width) * span.length)))];
  };
  let began = null;
  chart.addEventListener("pointerdown", (event) => {
    began = yearAt(event);
    chart.setPointerCapture(event.pointerId);
    [from.value, to.value] = [began, began];
    draw();
    event.preventDefault();
  });
  chart.addEventListener("pointermove", (event) => {
    if (began === null) return;
    [from.value, to.value] = [began, yearAt(event)].sort((a, b) => a - b);
    draw();
  });
  chart.addEventListener("pointerup", () => { if (began !== null) { began = null; apply(); } });
  chart.addEventListener("pointercancel", () => { began = null; });
  draw();
  const clear = chosen.some(Boolean) ? button("All years", () => go(view({ ...asked, shown: null, year_from: null, year_to: null })), { class: "plain" }) : null;
  return h("fieldset", { class: "years" }, h("legend", {}, "Years ", told), chart, h("div", { class: "sliders" }, from, to), clear);
}

/** The values of one list, the chosen ones first, then by their counts. */
function list(name, label, counts, asked) {
  const chosen = [asked[name] ?? []].flat();
  const values = [...new Set([...chosen, ...Object.entries(counts ?? {}).sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([value]) => value)])];
  if (!values.length) return null;
  const most = Math.max(1, ...Object.values(counts ?? {}));
  const option = (value, place) => {
    const count = counts?.[value] ?? 0;
    const box = h("input", { type: "checkbox", name, value, checked: chosen.includes(value), on: { change: () => {
      const rest = chosen.filter((one) => one !== value);
      go(view({ ...asked, shown: null, [name]: box.checked ? [...rest, value] : rest }));
    } } });
    return h("li", { hidden: place >= Math.max(SHOWN, chosen.length) }, h("label", {}, box, h("span", { class: CODED.includes(name) ? "value coded" : "value" }, isolated(CODED.includes(name) ? value.replace(/-/g, " ") : value)),
      h("span", { class: "count" }, count), wide(h("span", { class: "share", "aria-hidden": "true" }), (100 * count) / most)));
  };
  const options = h("ul", {}, values.map(option));
  const rest = [...options.children].filter((one) => one.hidden).length;
  const more = rest ? button(`${rest} more`, (event) => {
    for (const one of options.children) one.hidden = false;
    event.currentTarget.remove();
    options.children[SHOWN]?.querySelector("input").focus();
  }, { class: "plain", "aria-label": `${rest} more: ${label}` }) : null;
  return h("fieldset", { class: "list" }, h("legend", {}, label), options, more);
}

/** Whether the question is narrowed by anything. */
export function narrowed(asked) {
  return Boolean(asked.year_from || asked.year_to || LISTS.some(([name]) => [asked[name] ?? []].flat().length));
}

/** The filters. `facets` are the counts, `asked` the parameters of the address. */
export function filters(facets, asked) {
  const clear = narrowed(asked) ? button("Clear all filters", () => {
    const none = Object.fromEntries(LISTS.map(([name]) => [name, null]));
    go(view({ ...asked, ...none, year_from: null, year_to: null, shown: null }));
  }) : null;
  return [clear, years(facets.years ?? {}, asked), ...LISTS.map(([name, label, facet]) => list(name, label, facets[facet], asked))];
}
