// References to copy or save.

import { text } from "./api.js";
import { button, h, say } from "./dom.js";
import { published } from "./format.js";

export const FORMATS = [["text", "plain text"], ["bibtex", "BibTeX"], ["ris", "RIS"]];
const ENDINGS = { text: "txt", markdown: "md", bibtex: "bib", ris: "ris" };

/** "Straub RH, Cutolo M (2007). Circadian rhythms. Rheumatology. https://doi.org/…" */
export function plain(paper) {
  const who = paper.authors.length > 6 ? [...paper.authors.slice(0, 6), "et al."] : paper.authors;
  const year = paper.year ? `(${paper.year})` : "";
  const parts = [[who.join(", "), year].filter(Boolean).join(" "), paper.title || paper.id, paper.journal].filter(Boolean);
  return `${parts.map((part) => part.replace(/\.$/, "")).join(". ")}. ${published(paper) ?? ""}`.trim();
}

/** Parts of one list in a format. The server makes keys different only within a part, so here one that is there already gets a number. */
export function joined(parts, format) {
  const all = parts.join("\n");
  const pattern = { bibtex: /^(@\w+\{)([^,\s]+)(?=,)/gm, ris: /^(ID {2}- )(\S+)/gm }[format];
  if (!pattern) return all;
  const taken = new Set();
  return all.replace(pattern, (_, before, key) => {
    const name = key.replace(/-\d+$/, "");
    let free = key;
    for (let number = 2; taken.has(free); number += 1) free = `${name}-${number}`;
    taken.add(free);
    return before + free;
  });
}

/** Papers, each once, in a format. The server writes those of reference managers, which it escapes right. */
export async function references(papers, format) {
  const once = [...new Map(papers.map((paper) => [paper.id, paper])).values()];
  if (format === "text") return once.map(plain).join("\n");
  const parts = [];
  for (let at = 0; at < once.length; at += 50) {
    const ids = once.slice(at, at + 50).map(({ id }) => ["papers", id]);
    parts.push(await text("/v1/papers", [...ids, ["limit", "50"], ["format", format]]));
  }
  return joined(parts, format);
}

/** Copies a text. Where the browser lets no page copy, as over a network without TLS, the text is shown to be copied by hand. */
export async function copy(what, name) {
  try {
    await navigator.clipboard.writeText(what);
    say(`Copied ${name}.`, true);
  } catch {
    const dialog = document.getElementById("copy");
    dialog.querySelector("textarea").value = what;
    dialog.showModal();
    dialog.querySelector("textarea").select();
  }
}

export function save(what, name, format) {
  const link = h("a", { href: URL.createObjectURL(new Blob([what], { type: "text/plain;charset=utf-8" })), download: `${name}.${ENDINGS[format]}` });
  link.click();
  URL.revokeObjectURL(link.href);
  say(`Saved ${link.download}.`, true);
}

/** Buttons that copy references. `papers` gives them when one is pressed. */
export function citeButtons(papers, what) {
  return FORMATS.map(([format, name]) => button(name, async () => {
    try {
      await copy(await references(papers(), format), `${what} as ${name}`);
    } catch (error) {
      say(`Not copied: ${error.message}.`, true);
    }
  }, { "aria-label": `Copy ${what} as ${name}` }));
}
