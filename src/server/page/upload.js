// Adding papers: files are sent one by one, and each is followed until it is indexed.

import { follow, get, post, upload } from "./api.js";
import { view } from "./address.js";
import { button, h, say } from "./dom.js";
import { plural } from "./format.js";

const AT_A_TIME = 3;
const TOLD = { waiting: "waiting", running: "indexing", succeeded: "indexed", failed: "failed" };

/** The files of this session, newest first. They go on while the reader looks at something else. */
const rows = [];
const queue = [];
let sending = 0;
let list = null;
/** The jobs that are followed, with their rows, and what ends the stream when there is one more. */
const followed = new Map();
let stream = null;

function row(name, tell) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": name });
  const state = h("span", { class: "state" }, tell);
  const made = { element: h("li", { class: "file" }, h("span", { class: "name" }, h("bdi", {}, name)), bar, state), bar, state, name };
  rows.unshift(made);
  if (rows.length > 200) rows.pop().element.remove();
  list?.prepend(made.element);
  return made;
}

function fail(made, reason) {
  made.element.classList.add("failed");
  made.bar.remove();
  // The name stands beside it.
  made.state.replaceChildren(h("b", {}, "failed: "), reason.startsWith(`${made.name}: `) ? reason.slice(made.name.length + 2) : reason);
  say(`${made.name}: ${reason}`);
}

function changed(made, task) {
  const { progress } = task;
  if (task.status === "failed") return fail(made, task.error ?? "the log of the server says more");
  if (task.status === "succeeded") {
    made.element.classList.add("done");
    made.bar.remove();
    const paper = task.duplicate_of ?? task.paper;
    const passages = task.run?.passages;
    made.state.replaceChildren(task.kind === "reindex" || !paper ? done(task) : h("a", { href: view({ paper }) }, task.duplicate_of ? "already in the library" : "indexed"),
      passages && task.kind === "reindex" ? `, ${plural(passages, "passage")}` : "");
    say(`${made.name}: indexed.`);
    return undefined;
  }
  // The first share comes with the first texts that are embedded.
  const share = progress?.embedded ? Math.min(1, progress.embedded / progress.expected) : null;
  if (share === null) made.bar.removeAttribute("value"); else made.bar.value = share;
  made.state.textContent = TOLD[task.status] + (share === null ? "" : ` ${Math.round(100 * share)} %`) + (task.error ? `, once more after: ${task.error}` : "");
  return undefined;
}

function done({ run, error }) {
  const counts = run ? ["added", "updated", "removed", "failed"].filter((name) => run[name]).map((name) => `${run[name]} ${name}`).join(", ") : "done";
  return [counts || "nothing has changed", error ? `; ${error}` : ""].join("");
}

/** Follows all jobs in one stream, since a browser has few connections. */
async function watch(task, made) {
  changed(made, task);
  if (task.status === "succeeded" || task.status === "failed") return;
  followed.set(task.id, made);
  stream?.abort();
  const mine = new AbortController();
  stream = mine;
  try {
    await follow(followed.keys(), (one) => {
      const its = followed.get(one.id);
      if (its) changed(its, one);
      if (one.status === "succeeded" || one.status === "failed") followed.delete(one.id);
    }, mine.signal);
  } catch (error) {
    if (error.name === "AbortError") return;
    for (const its of followed.values()) fail(its, `it is not known what became of it: ${error.message}`);
    followed.clear();
  }
}

function next() {
  while (sending < AT_A_TIME && queue.length) {
    const { file, made } = queue.shift();
    sending += 1;
    made.state.textContent = "sending";
    const sent = upload(file, (share) => { made.bar.value = share; });
    sent.then((task) => watch(task, made), (error) => fail(made, error.message));
    // The next file is sent when this one is taken, not when it is indexed.
    sent.catch(() => {}).then(() => { sending -= 1; next(); });
  }
}

/** Takes files that were dropped or chosen. */
export function add(files) {
  for (const file of files) queue.push({ file, made: row(file.name, "waiting to be sent") });
  next();
}

/** The view. */
export async function show(main, _, signal) {
  const input = h("input", { type: "file", multiple: true, id: "files", on: { change: () => { add(input.files); input.value = ""; } } });
  list = h("ul", { class: "files", "aria-label": "Files of this session" }, rows.map(({ element }) => element));
  const earlier = h("div", {});
  const reindex = button("Look for changes in the folders", async () => {
    try { await watch(await post("/v1/reindex"), row("Folders of papers", "waiting")); } catch (error) { say(`${error.message}.`, true); }
  });
  main.replaceChildren(
    h("h1", {}, "Add papers"),
    h("div", { class: "drop" }, h("p", {}, "Drop files here, or anywhere on this page."), h("label", { for: "files", class: "hidden" }, "Files"), input,
      h("p", { class: "place" }, "PDF, JATS or TEI XML, HTML, Markdown and text, also with gzip. A file of the same name is replaced.")),
    h("p", { class: "tools" }, reindex), list, earlier);
  const { tasks } = await get("/v1/tasks", { limit: 20 }, signal);
  const name = (task) => task.file ?? task.paper ?? { reindex: "Folders of papers", watch: "Changed files", startup: "Uploads of before the start" }[task.kind] ?? task.kind;
  if (tasks.length) {
    earlier.append(h("h2", {}, "Latest jobs of the server"), h("ul", { class: "files" }, tasks.map((task) => h("li", { class: `file ${task.status === "failed" ? "failed" : ""}` },
      h("span", { class: "name" }, h("bdi", {}, name(task))), h("span", {}, task.kind),
      h("span", { class: "state" }, task.paper && task.status === "succeeded" && task.kind !== "delete" ? h("a", { href: view({ paper: task.paper }) }, TOLD[task.status]) : TOLD[task.status],
        task.error ? `: ${task.error}` : "", task.files.filter(({ reason }) => reason).slice(0, 20).map(({ file, reason }) => h("span", { class: "source" }, h("bdi", {}, file), `: ${reason}`)))))));
  }
  return { title: "Add papers" };
}
