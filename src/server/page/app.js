// The page: which view an address has, and what is around all views.

import { key, setKey } from "./api.js";
import { go, here, start, view } from "./address.js";
import * as basket from "./basket.js";
import { h, say } from "./dom.js";
import { listen } from "./keys.js";
import * as library from "./library.js";
import * as paper from "./paper.js";
import * as search from "./search.js";
import * as upload from "./upload.js";
import * as welcome from "./welcome.js";

const main = document.getElementById("main");
const question = document.getElementById("q");
const mode = document.getElementById("mode");
let loading = new AbortController();
let isFirst = true;

function chosen(parameters) {
  if (parameters.get("paper")) return ["library", paper];
  const named = { library, basket, add: upload }[parameters.get("view")];
  if (named) return [parameters.get("view"), named];
  return ["search", parameters.get("q") ? search : welcome];
}

/** Shows what the address says. */
async function render() {
  loading.abort();
  loading = new AbortController();
  const { signal } = loading;
  const parameters = here();
  const [name, one] = chosen(parameters);
  for (const link of document.querySelectorAll("header nav a")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  if (name === "search") {
    question.value = parameters.get("q") ?? "";
    mode.value = ["lexical", "vector"].includes(parameters.get("mode")) ? parameters.get("mode") : "hybrid";
  }
  document.title = parameters.get("q") && name === "search" ? `${parameters.get("q")} – Stroma` : "Stroma";
  main.setAttribute("aria-busy", "true");
  try {
    const shown = await one.show(main, parameters, signal);
    if (shown?.title) document.title = `${shown.title} – Stroma`;
    basket.count();
    // What had the focus may be gone with the former view. The keyboard goes on in the new one.
    if (!isFirst && document.activeElement === document.body) main.focus({ preventScroll: true });
    isFirst = false;
    const named = location.hash && document.getElementById(location.hash.slice(1));
    if (named) named.scrollIntoView();
    else if (!shown?.placed) scrollTo(0, places.get(history.state?.place) ?? 0);
  } catch (error) {
    if (error.name === "AbortError" || signal.aborted) return;
    const status = h("p", { class: "problem", role: "alert" }, `${error.message}.`);
    const old = main.querySelector(".status");
    if (old) old.replaceWith(status); else main.replaceChildren(h("h1", { class: "hidden" }, "Stroma"), status);
  }
  if (!signal.aborted) main.removeAttribute("aria-busy");
}

/** Where the reader was in each step of the history, so that "back" leads there again. The browser cannot: the text comes later. */
const places = new Map();
history.scrollRestoration = "manual";
addEventListener("scroll", () => {
  if (!main.hasAttribute("aria-busy")) {
    if (!history.state?.place) history.replaceState({ place: crypto.getRandomValues(new Uint32Array(1))[0] + 1 }, "");
    places.set(history.state.place, scrollY);
  }
}, { passive: true });

addEventListener("popstate", () => {
  if (!main.hasAttribute("aria-busy") && !location.hash) scrollTo(0, places.get(history.state?.place) ?? 0);
});

document.getElementById("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (!text) return;
  // Filters stay while the reader is among answers; senses belong to the question.
  const kept = here().get("q") && !here().get("paper") ? search.asked(here()) : {};
  go(view({ ...kept, senses: null, shown: null, q: text, mode: mode.value === "hybrid" ? null : mode.value }));
  question.blur();
});
mode.addEventListener("change", () => { if (here().get("q")) document.getElementById("ask").requestSubmit(); });

// Light, dark, or as the system has it.
const theme = document.getElementById("theme");
const THEMES = ["system", "light", "dark"];
function themed(value) {
  if (value === "system") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = value;
  theme.setAttribute("aria-label", `Colours: ${value}`);
  theme.title = `Colours: ${value}`;
  theme.firstElementChild.setAttribute("class", `shade ${value}`);
}
themed(document.documentElement.dataset.theme ?? "system");
theme.addEventListener("click", () => {
  const next = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme ?? "system") + 1) % THEMES.length];
  themed(next);
  try { localStorage.setItem("stroma.theme", next); } catch { /* a browser that keeps nothing */ }
  say(`Colours: ${next}.`);
});

// Dialogs. Each has a form that closes it.
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => { if (event.target === dialog || event.target.closest("[data-close]")) dialog.close(); });
}
document.getElementById("show-help").addEventListener("click", () => document.getElementById("help").showModal());

const keyDialog = document.getElementById("key-dialog");
function askForKey() {
  document.getElementById("key").value = key();
  if (!keyDialog.open) keyDialog.showModal();
}
document.getElementById("show-key").addEventListener("click", askForKey);
document.addEventListener("key-wanted", askForKey);
document.getElementById("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  setKey(document.getElementById("key").value.trim());
  keyDialog.close();
  render();
});

// Files may be dropped anywhere.
addEventListener("dragover", (event) => {
  if ([...event.dataTransfer.types].includes("Files")) { event.preventDefault(); document.body.classList.add("dropping"); }
});
addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
addEventListener("drop", (event) => {
  document.body.classList.remove("dropping");
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  upload.add(event.dataTransfer.files);
  if (here().get("view") !== "add") go(view({ view: "add" }));
});

// Another tab may collect, too.
addEventListener("storage", basket.count);

listen();
start(render);
if (!here().toString()) question.focus();
