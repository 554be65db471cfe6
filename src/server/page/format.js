// How papers, places and texts are written.

import { key } from "./api.js";
import { view } from "./address.js";
import { h } from "./dom.js";

export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** Any text of a paper, apart from the direction of the text around it. */
export function isolated(text) {
  return h("bdi", {}, text);
}

export function titleOf(paper) {
  return paper.title || paper.id;
}

export function authorsOf(paper, most = 3) {
  const { authors } = paper;
  return authors.length > most ? `${authors[0]} et al.` : authors.join(", ");
}

/** The family name of "Straub RH" or "RH Straub": the last word that is not initials. */
export function family(name) {
  return name.split(" ").filter((word) => !/^[A-Z][A-Z.-]{0,3}$/.test(word)).pop() || name;
}

/** "Straub et al. 2007" */
export function shortName(study) {
  const { authors, year } = study;
  if (authors.length) return [family(authors[0]) + (authors.length > 1 ? " et al." : ""), year].filter(Boolean).join(" ");
  const text = study.title || study.text || study.id;
  return [text.length > 50 ? `${text.slice(0, 48).trimEnd()} …` : text, year].filter(Boolean).join(" ");
}

export function pagesOf({ pages }) {
  if (!pages) return null;
  return pages.last > pages.first ? `pp. ${pages.first}–${pages.last}` : `p. ${pages.first}`;
}

/** A link to somewhere else, or the text alone where the address is none that a paper may lead to. */
export function outside(label, target, attributes) {
  if (!/^(https?:\/\/|zotero:\/\/|\/v1\/)/.test(target ?? "")) return h("span", {}, label);
  return h("a", { href: target, target: target.startsWith("zotero:") ? null : "_blank", rel: "noreferrer noopener", ...attributes }, label);
}

/** Where the publication is on the web. */
export function published({ doi, pmid }) {
  if (doi) return `https://doi.org/${encodeURI(doi)}`;
  return pmid ? `https://pubmed.ncbi.nlm.nih.gov/${encodeURIComponent(pmid)}/` : null;
}

export function study(reference, label) {
  const target = published(reference);
  return target ? outside(isolated(label), target) : isolated(label);
}

/** An entry of a reference list as it is printed, or put together. */
export function entry(reference) {
  return reference.text || [reference.authors.join(", "), reference.title, reference.journal, reference.year].filter(Boolean).join(". ");
}

/** A link to a paper's page here, at one of its passages. */
export function paperLink(paper, passage, attributes) {
  return h("a", { href: view({ paper: paper.id, at: passage }), ...attributes }, isolated(titleOf(paper)));
}

/** What is said of a publication beside its name: retracted, corrected. */
export function badges(paper) {
  return paper.marks.map((mark) => [" ", h("span", { class: "badge" }, mark)]);
}

/** Where a hit can be opened: in the reference manager it comes from, or the file on this server, to which a link carries no key. */
export function opened(hit) {
  const target = hit.links?.open ?? hit.source.url;
  if (key() && target.startsWith("/")) return null;
  const page = hit.source.page ? `Open at p. ${hit.source.page}` : "Open";
  return outside(target.startsWith("zotero:") ? `${page} in Zotero` : page, target);
}

/**
 * The parts of a text. Positions count characters, which in JavaScript are the items of an iterated string. `outer` and `inner` are
 * lists of `{ start, end, wrap }`; `wrap` makes an element of parts. Inner ranges are cut at the ends of outer ones.
 */
export function annotated(text, outer, inner = []) {
  const characters = [...text];
  const sorted = (ranges) => [...ranges].sort((a, b) => a.start - b.start || a.end - b.end);
  const within = sorted(inner);
  const plain = (from, to) => {
    const parts = [];
    let at = from;
    for (const { start, end, wrap } of within) {
      if (end < at || start >= to || start < at) continue;
      const last = Math.min(end, to);
      parts.push(characters.slice(at, start).join(""), wrap([characters.slice(start, last).join("")]));
      at = last;
    }
    return [...parts, characters.slice(at, to).join("")];
  };
  const parts = [];
  let at = 0;
  for (const { start, end, wrap } of sorted(outer)) {
    if (start < at) continue;
    parts.push(...plain(at, start), wrap(plain(start, end)));
    at = end;
  }
  return [...parts, ...plain(at, characters.length)];
}

/** A hit's text with its evidence marked and the words of the question set off. */
export function marked(hit) {
  const evidence = (hit.evidence ?? []).map(({ start, end }) => ({ start, end, wrap: (parts) => h("mark", {}, parts) }));
  const words = (hit.highlights ?? []).map(({ start, end }) => ({ start, end, wrap: (parts) => h("b", {}, parts) }));
  return h("p", { class: "text", dir: "auto" }, annotated(hit.text, evidence, words));
}
