// The keyboard: everything can be reached without a mouse.

const TYPED_IN = "input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]";

/** Items of the view: hits, papers, passages. */
function items() {
  return [...document.querySelectorAll("main [data-item]")].map((item) => item.querySelector("article") ?? (item.matches("tr") ? item.querySelector("a") : item));
}

function move(by) {
  const all = items();
  if (!all.length) return;
  const now = all.findIndex((item) => item === document.activeElement || item.contains(document.activeElement));
  const next = all[now < 0 ? (by > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, now + by))];
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

/** Presses what the focused item has for a key. */
function press(selector) {
  const item = document.activeElement?.closest("[data-item]");
  const target = item?.querySelector(selector);
  target?.click();
  return Boolean(target);
}

const ACTIONS = { o: "[data-do=open]", a: "[data-do=show]", s: "[data-do=similar]", c: "[data-collect]", x: "[data-do=select]", w: ".why > summary" };

export function listen() {
  const question = document.getElementById("q");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const typing = event.target.matches(TYPED_IN);
    if (event.key === "Escape" && typing) { event.target.blur(); return; }
    if (event.key === "ArrowDown" && event.target === question) { move(1); event.preventDefault(); return; }
    if (typing || event.target.matches("input[type=range]")) return;
    const arrows = document.activeElement?.closest("[data-item]");
    const handled = () => event.preventDefault();
    if (event.key === "/") { question.focus(); question.select(); handled(); }
    else if (event.key === "?") { document.getElementById("help").showModal(); handled(); }
    else if (event.key === "j" || (event.key === "ArrowDown" && arrows)) { move(1); handled(); }
    else if (event.key === "k" || (event.key === "ArrowUp" && arrows)) { move(-1); handled(); }
    else if (event.key === "Enter" && document.activeElement?.matches("article.hit")) { press(".title a"); handled(); }
    else if (event.key === "Escape") {
      for (const open of document.querySelectorAll("main [data-do][aria-expanded=true]")) open.click();
      for (const open of document.querySelectorAll(".why[open]")) open.open = false;
    }
    else if (ACTIONS[event.key] && press(ACTIONS[event.key])) handled();
  });
}
