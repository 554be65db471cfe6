// Where a question is discussed: a table of years and sections, with darker cells for more passages.

import { view } from "./address.js";
import { h, svg } from "./dom.js";

const SECTIONS = ["abstract", "introduction", "background", "methods", "results", "discussion", "conclusion", "other"];
const STEPS = 5;

function step(count, most) {
  return count ? Math.max(1, Math.ceil((STEPS * count) / most)) : 0;
}

/** The table, and the same as a picture that can be taken in at a glance. */
export function spread(counts, asked) {
  const years = Object.keys(counts ?? {}).sort();
  if (years.length < 2) return null;
  const sections = SECTIONS.filter((section) => years.some((year) => counts[year][section]));
  const most = Math.max(...years.flatMap((year) => Object.values(counts[year])));
  const to = (year, section) => view({ ...asked, shown: null, year_from: year, year_to: year, sections: section ? [section] : asked.sections });
  const cell = (year, section) => {
    const count = counts[year][section] ?? 0;
    const label = `${count} in ${section}, ${year}`;
    return h("td", { class: `heat-${step(count, most)}` }, count ? h("a", { href: to(year, section), "aria-label": label }, count) : "");
  };
  const table = h("table", { class: "spread" },
    h("caption", {}, "Passages found, by year and section"),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Year"), sections.map((section) => h("th", { scope: "col" }, section)))),
    h("tbody", {}, years.map((year) => h("tr", {}, h("th", { scope: "row" }, h("a", { href: to(year) }, year)), sections.map((section) => cell(year, section))))));
  return h("details", { class: "discussed" },
    h("summary", {}, "Where it is discussed ", picture(counts, years, sections, most)),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Where it is discussed" }, table));
}

/** Years across, sections down; a dot's area is the number of passages. */
function picture(counts, years, sections, most) {
  const size = 9;
  const dots = years.flatMap((year, x) => sections.map((section, y) => {
    const count = counts[year][section] ?? 0;
    const r = Math.max(1, (Math.sqrt(count / most) * (size - 1)) / 2);
    return count ? svg("circle", { cx: x * size + size / 2, cy: y * size + size / 2, r: r.toFixed(2) }) : null;
  }));
  const [width, height] = [years.length * size, sections.length * size];
  const label = `${sections.length} kinds of sections of ${years.length} years, ${years[0]} to ${years.at(-1)}`;
  return svg("svg", { class: "dots", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label }, dots);
}
