// Where the reader is. All of it is in the address, so that it can be sent to a colleague, and so that back and forward work.

let show = () => {};

/** The parameters of the address. */
export function here() {
  return new URLSearchParams(location.search);
}

/** The address of a view: `view({ view: "library", q: "knee" })`. Values that are empty are left out; lists are repeated. */
export function view(values) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const one of [value].flat()) if (one !== null && one !== undefined && one !== "") parameters.append(name, one);
  }
  return address(parameters);
}

export function address(parameters) {
  const query = parameters.toString();
  return query ? `/?${query}` : "/";
}

/** Goes to an address of this page. */
export function go(target) {
  if (target !== location.pathname + location.search) history.pushState(null, "", target);
  show();
}

/** Notes something in the address without a step for "back". */
export function note(name, value) {
  const parameters = here();
  if (value) parameters.set(name, value); else parameters.delete(name);
  history.replaceState(history.state, "", address(parameters) + location.hash);
}

/** Calls `render` for this address and each that follows. */
export function start(render) {
  let shown = location.pathname + location.search;
  show = () => { shown = location.pathname + location.search; render(); };
  // A step between fragments of one address shows nothing else.
  addEventListener("popstate", () => { if (location.pathname + location.search !== shown) show(); });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const target = new URL(link.href, location.href);
    if (target.origin !== location.origin || target.pathname !== "/" || link.target) return;
    if (target.search === location.search && target.hash) return;
    event.preventDefault();
    go(target.pathname + target.search + target.hash);
  });
  show();
}
