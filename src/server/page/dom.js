// Builds elements. Texts go in as texts, so nothing in a paper can act as markup; the server's policy refuses any other way.

/**
 * An element with attributes and children. `on` holds listeners; an attribute that is `null` or `false` is left out, `true` has no
 * value. Children are elements, texts, or lists of them; `null`, `false` and empty texts are left out.
 */
export function h(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for drawings. */
export function svg(name, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return element;
}

/** A button. Its name is what a screen reader says where the label alone does not tell. */
export function button(label, listener, attributes) {
  return h("button", { type: "button", on: { click: listener }, ...attributes }, label);
}

/** Text that is only for screen readers. */
export function hidden(text) {
  return h("span", { class: "hidden" }, text);
}

/** Says something to screen readers, and for a moment on the screen where `shown`. */
export function say(text, shown = false) {
  const live = document.getElementById("live");
  live.textContent = "";
  // A text that stays the same would not be read again.
  requestAnimationFrame(() => { live.textContent = text; });
  if (!shown) return;
  const toast = document.getElementById("toast");
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { toast.hidden = true; }, 2500);
}

/** Sets the width of a bar, in per cent. */
export function wide(element, percent) {
  element.style.width = `${Math.max(0, Math.min(100, percent))}%`;
  return element;
}
