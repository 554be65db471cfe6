// The view of a question: its answer, filters, and hits.

import { get, listed } from "./api.js";
import { note } from "./address.js";
import { answered, named, understood } from "./answer.js";
import { collect, count } from "./basket.js";
import { citeButtons } from "./cite.js";
import { button, h, say } from "./dom.js";
import { LISTS, filters } from "./filters.js";
import { plural } from "./format.js";
import { shown } from "./hit.js";
import { spread } from "./spread.js";

const PAGE = 10;
const MOST = 100;
const COUNTED = ["years", "journals", "types", "sections", "collections", "tags"];
const SINGLE = ["q", "mode", "year_from", "year_to", "per_paper", "verbatim"];
const REPEATED = [...LISTS.map(([name]) => name), "senses", "papers"];

/** What is asked, as the address has it. */
export function asked(parameters) {
  const single = SINGLE.map((name) => [name, parameters.get(name)]);
  const repeated = REPEATED.map((name) => [name, parameters.getAll(name)]).filter(([, values]) => values.length);
  return Object.fromEntries([...single.filter(([, value]) => value), ...repeated, ["shown", parameters.get("shown")]].filter(([, value]) => value));
}

function pairs(question) {
  const text = (name, value) => (REPEATED.includes(name) ? listed(value) : value);
  return Object.entries(question).filter(([name]) => name !== "shown").flatMap(([name, value]) => [value].flat().map((one) => [name, text(name, one)]));
}

/** Counts of one list are those without its own choices, so that others can be chosen beside them. */
async function counted(question, answer, signal) {
  const facets = { ...answer.facets };
  const own = (facet) => (facet === "years" ? ["year_from", "year_to"] : LISTS.filter(([, , counts]) => counts === facet).map(([name]) => name));
  const chosen = (facet) => own(facet).some((name) => [question[name] ?? []].flat().length);
  const ask = async (facet) => {
    const rest = Object.fromEntries(Object.entries(question).filter(([name]) => !own(facet).includes(name)));
    const { facets: found } = await get("/v1/search", [...pairs(rest), ["limit", 1], ["facets", facet]], signal);
    facets[facet] = found[facet];
  };
  await Promise.all(COUNTED.filter(chosen).map(ask));
  return facets;
}

/** The selected hits, and what can be done with all of them. */
function selection(question) {
  const chosen = new Map();
  const told = h("span", {});
  const papers = () => [...chosen.values()].map(({ paper }) => paper);
  const bar = h("div", { class: "selection", role: "group", "aria-label": "Selected passages", hidden: true }, told, " Copy as ", citeButtons(papers, "the selection"),
    button("Collect", () => collect([...chosen.values()], question)),
    button("Clear", () => {
      for (const box of document.querySelectorAll("[data-do=select]:checked")) box.click();
      document.querySelector(".hits article")?.focus();
    }));
  const choose = (hit, is) => {
    if (is) chosen.set(hit.id, hit); else chosen.delete(hit.id);
    bar.hidden = !chosen.size;
    told.textContent = `${chosen.size} selected.`;
    if (chosen.size) say(`${chosen.size} selected.`);
  };
  return { bar, choose };
}

/** Shows a question. */
export async function show(main, parameters, signal) {
  const question = asked(parameters);
  const wanted = Math.max(PAGE, Math.min(MOST, Number(parameters.get("shown")) || PAGE));
  const status = h("p", { class: "status" }, "Searching …");
  const side = h("details", { class: "filters" }, h("summary", {}, "Filters"));
  const wide = matchMedia("(min-width: 60rem)");
  side.open = wide.matches;
  const above = h("div", { class: "above" });
  const list = h("ol", { class: "hits" });
  const { bar, choose } = selection(question.q);
  const more = button("More", null, { class: "more", hidden: true });
  main.replaceChildren(h("h1", { class: "hidden" }, `Answers to ${question.q}`),
    h("div", { class: "columns" },
      h("aside", { "aria-label": "Filters" }, side),
      h("div", { class: "results" }, above, h("div", { class: "line" }, status), bar,
        h("section", { "aria-label": "Passages" }, h("h2", { class: "hidden" }, "Passages"), list), more)));
  const page = async (offset, limit) => {
    const first = offset === 0;
    const facets = first ? [["facets", [...COUNTED, "sections_by_year"].join(",")]] : [];
    const answer = await get("/v1/search", [...pairs(question), ["limit", limit], ["offset", offset], ["explain", true], ...facets], signal);
    list.append(...answer.hits.map((hit, place) => shown(hit, offset + place + 1, () => question.q, choose)));
    const found = list.childElementCount;
    const total = answer.total.exact ? answer.total.passages : `at least ${answer.total.passages}`;
    status.textContent = found ? `${found} of ${total} passages, ${Math.round(answer.took_ms)} ms` : "Nothing found.";
    more.hidden = answer.hits.length < limit || found >= MOST;
    say(found ? `${plural(found, "passage")}. ${answer.answer.abstained ? "No answer." : ""}` : "Nothing found.");
    count();
    return answer;
  };
  more.onclick = async () => {
    const at = list.childElementCount;
    more.disabled = true;
    try {
      await page(at, PAGE);
      note("shown", String(at + PAGE));
      list.children[at]?.querySelector("article").focus();
    } catch (error) {
      if (error.name !== "AbortError") say(`${error.message}.`, true);
    }
    more.disabled = false;
  };
  const answer = await page(0, wanted);
  above.replaceChildren(...[understood(answer, question), named(answer), answered(answer, question)].filter(Boolean));
  const picture = spread(answer.facets?.sections_by_year, question);
  if (picture) list.parentElement.before(picture);
  side.append(...filters(await counted(question, answer, signal), question).filter(Boolean));
}
