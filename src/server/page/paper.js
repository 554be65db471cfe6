// A paper: its outline, its passages, its references and which sentences cite each.

import { get, key, path } from "./api.js";
import { view } from "./address.js";
import { collectButton } from "./basket.js";
import { citeButtons } from "./cite.js";
import { h } from "./dom.js";
import { annotated, badges, entry, isolated, outside, pagesOf, plural, published, study, titleOf } from "./format.js";
import { leftOut } from "./reading.js";

const PAGE = 500;

async function passagesOf(id, signal) {
  const all = [];
  for (;;) {
    const { passages, total } = await get(path("papers", id, "/passages"), { limit: PAGE, offset: all.length }, signal);
    all.push(...passages);
    if (!passages.length || all.length >= total) return all;
  }
}

/** For each reference the sentences that cite it, with their passages. */
function citing(passages) {
  const found = new Map();
  for (const passage of passages) {
    const characters = [...passage.text];
    for (const { start, references } of passage.citations) {
      const sentence = passage.sentences.findLast((one) => one.start <= start) ?? passage.sentences[0];
      if (!sentence) continue;
      for (const reference of references) {
        const list = found.get(reference) ?? [];
        if (!list.some((one) => one.passage === passage && one.start === sentence.start)) {
          list.push({ passage, start: sentence.start, text: characters.slice(sentence.start, sentence.end).join("") });
        }
        found.set(reference, list);
      }
    }
  }
  return found;
}

/** The collections or tags of a reference manager, each with its papers. */
function filed(label, name, values = []) {
  const links = values.flatMap((value, place) => [place ? ", " : "", h("a", { href: view({ view: "library", [name]: value }) }, isolated(value))]);
  return links.length ? h("p", { class: "place" }, `${label}: `, links) : null;
}

const anchor = (passage) => `p-${passage.id}`;

/** A passage, in which each citation leads to its entry. */
function shown(passage, paper) {
  const links = passage.citations.filter(({ start, end, references }) => end > start && references.length).map(({ start, end, references }) => ({
    start, end, wrap: (parts) => h("a", { class: "cites", href: `#r-${references[0]}`, title: references.map((place) => entry(paper.references[place] ?? { authors: [] })).join("\n") }, parts),
  }));
  const hit = { ...passage, paper };
  return h("div", { class: "passage", id: anchor(passage), tabindex: -1, "data-item": passage.id },
    h("p", { class: `text ${passage.kind}`, dir: "auto" }, annotated(passage.text, links)),
    h("p", { class: "margin" }, pagesOf(passage), " ", collectButton(hit, () => "")));
}

function reference(one, sentences) {
  const cited = sentences ?? [];
  return h("li", { id: `r-${one.place}`, tabindex: -1 }, one.label ? h("span", { class: "rank" }, `[${one.label}] `) : null, study(one, entry(one)),
    cited.length ? h("details", {}, h("summary", {}, `cited in ${plural(cited.length, "sentence")}`),
      h("ul", {}, cited.map(({ passage, text }) => h("li", { dir: "auto" }, text, " ", h("a", { href: `#${anchor(passage)}` }, passage.section.at(-1) ? isolated(passage.section.at(-1)) : "there")))))
      : h("span", { class: "source" }, "not found in the text"));
}

/** Shows a paper, at one of its passages where the address names one. */
export async function show(main, parameters, signal) {
  const id = parameters.get("paper");
  const paper = await get(path("papers", id), null, signal);
  const passages = await passagesOf(paper.id, signal);
  const byId = new Map(passages.map((passage) => [passage.id, passage]));
  const heading = (section, place) => h(`h${Math.min(4, 2 + Math.max(0, section.length - 1))}`, { id: `s-${place}`, dir: "auto" }, section.at(-1) || "Text");
  const web = published(paper);
  const file = key() ? null : outside("Open the file", path("papers", paper.id, "/file"));
  const bibliographic = [paper.journal, paper.year, [paper.volume, paper.issue ? `(${paper.issue})` : null].filter(Boolean).join(""), [paper.first_page, paper.last_page].filter(Boolean).join("–")];
  const outline = h("nav", { class: "outline", "aria-label": "Outline" }, h("details", { class: "filters", open: matchMedia("(min-width: 60rem)").matches }, h("summary", {}, "Outline"), h("ol", {}, paper.sections.map(({ section }, place) =>
    h("li", { class: `level-${Math.min(3, section.length)}` }, h("a", { href: `#s-${place}` }, isolated(section.at(-1) || "Text"))))),
  paper.references.length ? h("p", {}, h("a", { href: "#references" }, `References (${paper.references.length})`)) : null));
  const sentences = citing(passages);
  const reading = parameters.get("show") === "reading";
  main.replaceChildren(
    h("header", { class: "paper" },
      h("h1", { dir: "auto" }, titleOf(paper), badges(paper)),
      h("p", { class: "authors" }, paper.authors.flatMap((author, place) => [place ? ", " : "", h("a", { href: view({ view: "library", author }) }, isolated(author))])),
      h("p", { class: "place" }, isolated([...bibliographic, (paper.type ?? "").replace(/-/g, " ")].filter(Boolean).join(" · "))),
      filed("Collections", "collection", paper.collections), filed("Tags", "tag", paper.tags),
      paper.keywords.length ? h("p", { class: "place" }, "Keywords: ", isolated(paper.keywords.join(", "))) : null,
      h("div", { class: "tools" }, file, web ? outside(paper.doi ? `DOI ${paper.doi}` : "PubMed", web) : null, "Copy as ", citeButtons(() => [paper], "the reference"),
        reading ? h("a", { href: view({ paper: paper.id }) }, "Show the text") : h("a", { href: view({ paper: paper.id, show: "reading" }) }, "Show what was left out")),
      paper.warnings.length ? h("ul", { class: "warnings", "aria-label": "Found while reading" }, paper.warnings.map((warning) => h("li", {}, warning))) : null));
  if (reading) {
    await leftOut(main, paper, passages, signal);
    return { title: titleOf(paper) };
  }
  main.append(h("div", { class: "columns" },
    h("aside", {}, outline),
    h("div", { class: "body" },
      paper.sections.map((part, place) => h("section", {}, heading(part.section, place),
        part.passages.map((one) => byId.get(one)).filter(Boolean).map((passage) => shown(passage, paper)))),
      paper.abbreviations.length ? h("details", { class: "abbreviations" }, h("summary", {}, `Abbreviations (${paper.abbreviations.length})`),
        h("dl", {}, paper.abbreviations.map(({ short, long }) => [h("dt", {}, isolated(short)), h("dd", {}, isolated(long))]))) : null,
      paper.references.length ? h("section", { "aria-labelledby": "references" }, h("h2", { id: "references" }, `References (${paper.references.length})`),
        h("ol", { class: "references" }, paper.references.map((one) => reference(one, sentences.get(one.place))))) : null)));
  const at = document.getElementById(`p-${parameters.get("at")}`);
  if (at) {
    at.classList.add("here");
    at.scrollIntoView({ block: "center" });
    at.focus({ preventScroll: true });
  }
  return { title: titleOf(paper), placed: Boolean(at) };
}
