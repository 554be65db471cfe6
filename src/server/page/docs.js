// Shows the OpenAPI document.

import { h } from "./dom.js";

const code = (text) => h("code", {}, text);

/** Words of the document, in which names stand between backticks. */
function words(text) {
  return h("span", {}, (text || "").split("`").map((part, place) => (place % 2 && part ? code(part) : part)));
}

/** The name of a schema's type; a named one links to its table. */
function type(schema) {
  if (!schema) return "";
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    return h("a", { href: `#${name}` }, name);
  }
  const several = schema.oneOf || schema.anyOf;
  if (several) return h("span", {}, several.flatMap((one, place) => (place ? [" or ", type(one)] : [type(one)])));
  if (schema.type === "array") return h("span", {}, "list of ", type(schema.items));
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(", ");
  const range = schema.minimum !== undefined && schema.maximum !== undefined ? ` ${schema.minimum}–${schema.maximum}` : "";
  return [schema.type || "any"].flat().join(" or ") + range;
}

function rows(caption, list) {
  if (!list.length) return null;
  return h("table", {}, h("caption", {}, caption), h("tbody", {}, list.map(([name, kind, about]) =>
    h("tr", {}, h("th", { scope: "row" }, code(name)), h("td", {}, kind), h("td", {}, words(about))))));
}

function content(body) {
  const [kind, media] = Object.entries(body?.content ?? {})[0] ?? [];
  return kind ? h("span", {}, type(media.schema), ` (${kind})`) : "";
}

function operation(path, method, described) {
  const parameters = (described.parameters ?? []).map((one) => [one.name, type(one.schema), (one.required ? "Needed. " : "") + (one.description ?? "")]);
  const responses = Object.entries(described.responses ?? {}).map(([status, one]) => [status, content(one), one.description]);
  return h("section", { id: described.operationId }, h("h3", {}, `${method.toUpperCase()} ${path}`),
    h("p", {}, words(described.summary)), described.description ? h("p", {}, words(described.description)) : null,
    rows("Parameters", parameters), described.requestBody ? h("p", {}, "Body: ", content(described.requestBody)) : null,
    h("details", {}, h("summary", {}, "Answers"), rows("Answers", responses)));
}

function fields(schema) {
  const all = (schema.allOf ?? [schema]).flatMap((part) => (part.$ref ? [["…", type(part), "and its fields"]]
    : Object.entries(part.properties ?? {}).map(([name, one]) => [name, type(one), one.description])));
  return all.length ? rows("Fields", all) : h("p", {}, type(schema));
}

async function show() {
  const main = document.getElementById("main");
  const status = document.getElementById("status");
  try {
    const document_ = await (await fetch("/openapi.json")).json();
    const parts = [h("p", {}, words(document_.info.description)),
      h("pre", { tabindex: 0 }, `curl '${location.origin}/v1/search?q=MSC+effect+on+RA+stiffness&limit=3'`)];
    const contents = [];
    for (const tag of document_.tags ?? []) {
      const found = Object.entries(document_.paths).flatMap(([path, methods]) => Object.entries(methods)
        .filter(([, one]) => (one.tags ?? []).includes(tag.name)).map(([method, one]) => ({ path, method, one })));
      if (!found.length) continue;
      const name = tag.description || tag.name;
      contents.push(h("li", {}, name, h("ul", {}, found.map(({ path, method, one }) => h("li", {}, h("a", { href: `#${one.operationId}` }, `${method.toUpperCase()} ${path}`))))));
      parts.push(h("h2", {}, name), ...found.map(({ path, method, one }) => operation(path, method, one)));
    }
    parts.push(h("h2", { id: "types" }, "Types"));
    for (const [name, schema] of Object.entries(document_.components?.schemas ?? {})) {
      parts.push(h("section", { id: name }, h("h3", {}, name), h("p", {}, words(schema.description)), fields(schema)));
    }
    const nav = h("nav", { class: "outline", "aria-label": "Contents" },
      h("details", { class: "filters", open: matchMedia("(min-width: 60rem)").matches }, h("summary", {}, "Contents"),
        h("ul", {}, contents, h("li", {}, h("a", { href: "#types" }, "Types")))));
    status.remove();
    main.append(h("div", { class: "columns" }, h("aside", {}, nav), h("div", { class: "body" }, parts)));
    if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  } catch (error) {
    status.replaceWith(h("p", { class: "problem", role: "alert" }, `The document cannot be shown: ${error.message}`));
  }
}

show();
