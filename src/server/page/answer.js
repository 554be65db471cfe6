// What stands above the hits: how the question was read, and the sentences that answer.

import { view } from "./address.js";
import { h } from "./dom.js";
import { badges, entry, isolated, paperLink, plural, shortName, study } from "./format.js";

const NAMED_AT_MOST = 10;
const NAMED_AT_ONCE = 4;

/** A link that asks another question under the same conditions. */
function again(asked, changes, label) {
  return h("a", { href: view({ ...asked, shown: null, ...changes }) }, label);
}

/** How the question was read: its conditions, what of it was not understood, corrected words, and senses of abbreviations. */
export function understood({ interpretation }, asked) {
  const chip = (kind, ...parts) => h("li", { class: kind }, parts);
  const refused = interpretation.not_understood.map(({ typed, reason }) => chip("refused", `not understood: ${typed} (${reason})`));
  const conditions = interpretation.conditions.map(({ kind, value, passages, known }) => {
    const none = passages === 0 ? ` – none${known ? `; there are ${known.join(", ")}` : ""}` : "";
    return chip(passages === 0 ? "refused" : "condition", `${kind}: ${value}${none}`);
  });
  const spelling = interpretation.spelling.map(({ typed, read }) => chip("spelling", `${read}, not ${typed} `,
    again(asked, { q: asked.q.replace(typed, `"${typed}"`) }, `search for ${typed}`)));
  const senses = interpretation.abbreviations.map(({ short, long, others }) => {
    const forced = [asked.senses ?? []].flat();
    const other = (sense) => again(asked, { senses: [...forced.filter((one) => !one.startsWith(`${short}=`)), `${short}=${sense.long}`] }, sense.long);
    const choices = others.flatMap((sense, place) => [place ? " or " : " · in other papers ", other(sense)]);
    return chip("sense", h("b", {}, short), `: ${long}`, choices);
  });
  const chips = [...refused, ...conditions, ...spelling, ...senses];
  return chips.length ? h("ul", { class: "chips", "aria-label": "How the question was read" }, chips) : null;
}

/** The papers and studies that the question names. */
export function named({ answer }) {
  const paper = (one) => h("li", {}, paperLink(one), badges(one),
    h("span", { class: "source" }, isolated([one.authors.slice(0, 3).join(", "), one.journal, one.year].filter(Boolean).join(" · "))));
  const cited = (one) => h("li", {}, study(one.study, entry(one.study)),
    h("span", { class: "source" }, `only cited here, by ${plural(one.papers, "paper")}`));
  const all = [...answer.papers.slice(0, NAMED_AT_MOST).map(paper), ...answer.studies.map(cited)];
  if (!all.length) return null;
  const listed = answer.papers.some(({ by }) => by === "conditions");
  const several = answer.papers.length > 1;
  const heading = !answer.papers.length ? "A study by this name"
    : listed ? `${answer.papers.length} ${several ? "papers meet this" : "paper meets this"}`
    : several ? `${answer.papers.length} papers by this name` : "A paper by this name";
  return h("section", { class: "answer", "aria-labelledby": "named" }, h("h2", { id: "named" }, heading), h("ul", {}, all.slice(0, NAMED_AT_ONCE)),
    all.length > NAMED_AT_ONCE ? h("details", {}, h("summary", {}, `${all.length - NAMED_AT_ONCE} more`), h("ul", {}, all.slice(NAMED_AT_ONCE))) : null);
}

/** The sentences that answer, each with the number of its source; or that there is no answer, and why. */
export function answered({ answer, hits }, asked) {
  if (answer.abstained) {
    const suggestions = answer.suggestions.map((suggestion) => h("li", {}, again(asked, { q: `${asked.q} ${suggestion}` }, suggestion)));
    return h("section", { class: "answer abstained", "aria-labelledby": "answer" },
      h("h2", { id: "answer" }, "No answer"), h("p", {}, `${answer.reason ?? "nothing is close to this question"}.`),
      suggestions.length ? h("ul", { class: "chips", "aria-label": "What may be meant" }, suggestions) : null);
  }
  if (!answer.sentences.length) return null;
  const shown = new Set(hits.map(({ id }) => id));
  const sources = [...new Map(answer.sentences.map((sentence) => [sentence.paper, sentence])).values()];
  const number = (sentence) => sources.findIndex(({ paper }) => paper === sentence.paper) + 1;
  const target = (sentence) => (shown.has(sentence.paragraph) ? `#p-${sentence.paragraph}` : view({ paper: sentence.paper, at: sentence.paragraph }));
  const items = answer.sentences.map((sentence) => {
    const studies = sentence.citations.flatMap((one, place) => [place ? ", " : "citing ", study(one, shortName(one))]);
    const also = sentence.papers > 1 ? `said by ${sentence.papers} papers` : null;
    const source = h("a", { class: "number", href: target(sentence), "aria-label": `Source ${number(sentence)}: ${sentence.title || sentence.paper}` }, `[${number(sentence)}]`);
    return h("li", {}, h("span", { class: "sentence", dir: "auto" }, sentence.text), " ", source,
      studies.length || also ? h("span", { class: "source" }, studies, studies.length && also ? " · " : "", also) : null);
  });
  return h("section", { class: "answer", "aria-labelledby": "answer" },
    h("h2", { id: "answer" }, answer.studies.length ? "Sentences that cite it" : "In the papers’ own sentences"),
    h("ul", { class: "sentences" }, items),
    h("ol", { class: "sources", "aria-label": "Sources" }, sources.map((source) => h("li", {}, paperLink({ id: source.paper, title: source.title }, source.paragraph), badges(source)))));
}
