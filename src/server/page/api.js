// Requests to the server.

const KEY = "stroma.key";

/** A refusal of the server, or that it cannot be reached. */
export class Problem extends Error {
  constructor(message, status, code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The key for servers that want one. It stays in this tab. */
export function key() {
  return sessionStorage.getItem(KEY) ?? "";
}

export function setKey(value) {
  if (value) sessionStorage.setItem(KEY, value); else sessionStorage.removeItem(KEY);
}

export function headers() {
  return key() ? { authorization: `Bearer ${key()}` } : {};
}

async function send(path, parameters, options = {}) {
  const query = parameters ? `?${new URLSearchParams(parameters)}` : "";
  let response;
  try {
    response = await fetch(path + query, { ...options, headers: { ...headers(), ...options.headers } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("the server cannot be reached", 0, "unreachable");
  }
  if (response.ok) return response;
  let body = {};
  try { body = await response.json(); } catch { /* not a problem in JSON */ }
  throw problem(response.status, body);
}

/** A refusal as an error. Where a key is missing or wrong, the page asks for it. */
export function problem(status, body) {
  if (status === 401) document.dispatchEvent(new CustomEvent("key-wanted"));
  return new Problem(body.detail ?? body.title ?? `the server answers ${status}`, status, body.code);
}

/** A value of a list in a query string, where commas separate values. */
export function listed(value) {
  return String(value).replaceAll(",", "\\,");
}

/** Gets JSON. */
export async function get(path, parameters, signal) {
  return (await send(path, parameters, { signal })).json();
}

/** Gets text, such as references in a format. */
export async function text(path, parameters) {
  return (await send(path, parameters)).text();
}

/** Posts without a body, and gets JSON. */
export async function post(path, parameters) {
  return (await send(path, parameters, { method: "POST" })).json();
}

/** The path of a paper or passage. */
export function path(kind, id, rest = "") {
  return `/v1/${kind}/${encodeURIComponent(id)}${rest}`;
}

/** Follows jobs until all are finished, and calls `changed` with each that changes. An EventSource could not send a key. */
export async function follow(ids, changed, signal) {
  const left = new Set(ids);
  while (left.size) {
    const response = await send("/v1/tasks/events", [["ids", [...left].slice(0, 100).join(",")]], { signal });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      const events = (rest + value).split("\n\n");
      rest = events.pop();
      for (const event of events) {
        const data = event.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5)).join("\n");
        if (!data) continue;
        const task = JSON.parse(data);
        if (task.status === "succeeded" || task.status === "failed") left.delete(task.id);
        changed(task);
      }
    }
    // The server ends a long stream; the pause keeps a failing one from a storm of requests.
    if (left.size) await new Promise((resolve) => { setTimeout(resolve, 1000); });
  }
}

/** Sends one file. `sent` is called with the share that is sent, from 0 to 1; `fetch` cannot tell. */
export function upload(file, sent) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/papers");
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) sent(event.loaded / event.total); });
    request.addEventListener("load", () => {
      const body = request.response ?? {};
      const refused = body.files?.[0]?.problem;
      if (request.status >= 400) reject(problem(request.status, body));
      else if (refused) reject(problem(refused.status, refused));
      else resolve(body.files[0].task);
    });
    request.addEventListener("error", () => reject(new Problem("the server cannot be reached", 0, "unreachable")));
    const form = new FormData();
    form.append("files", file, file.name);
    request.send(form);
  });
}
