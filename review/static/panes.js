// The reading pane: what htmx puts there is shown, announced and closed again. Without scripts links do it all.
"use strict";
(() => {
  const desk = document.getElementById("desk");
  const pane = document.getElementById("pane");
  if (!desk || !pane) return;
  const listAddress = () => desk.querySelector("[data-close]")?.getAttribute("href");

  const mark = (row) => {
    for (const other of desk.querySelectorAll(".row[data-opened]")) {
      other.removeAttribute("data-opened");
      other.removeAttribute("aria-current");
    }
    row?.setAttribute("data-opened", "");
    row?.setAttribute("aria-current", "true");
  };

  const opened = () => {
    desk.setAttribute("data-opened", "");
    // What arrived last is what is open, whatever was clicked before or since.
    const event = pane.querySelector(".tbar[data-event]")?.dataset.event;
    mark(event ? desk.querySelector(`.row[data-event="${CSS.escape(event)}"]`) : null);
    const heading = pane.querySelector("h1");
    pane.scrollTop = 0;
    // What was opened is seen; the server knows it too.
    desk.querySelector(".row[data-opened] .unread")?.remove();
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target) target.scrollIntoView();
    if (heading && !writing) {
      heading.tabIndex = -1;
      heading.focus({ preventScroll: true });
    }
    document.dispatchEvent(new CustomEvent("vigie:opened"));
  };

  // What the pane shows while nothing is open: as it came with the page, or asked for once.
  let resting = pane.querySelector(".resting");
  const rest = async (address) => {
    pane.replaceChildren(document.getElementById("nothing-open").content.cloneNode(true));
    if (resting === null) {
      const answer = await fetch(address, { headers: { "HX-Request": "true", "HX-Target": "pane" } }).catch(() => null);
      if (!answer?.ok) return;
      resting = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".resting");
    }
    if (resting && pane.querySelector(".pane-empty")) pane.append(resting);
  };

  const close = () => {
    const address = listAddress();
    if (!address) return;
    desk.removeAttribute("data-opened");
    history.pushState({ htmx: true }, "", address);
    const row = desk.querySelector(".row[data-opened]");
    mark(null);
    rest(address);
    document.title = desk.dataset.title;
    row?.querySelector("[data-open]")?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  };

  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const row = event.detail.elt.closest?.(".list .row");
    if (event.detail.target === pane && row) mark(row);
  });
  // Somebody may have begun to write while it was on its way: their letters must not become shortcuts.
  let writing = false;
  document.body.addEventListener("htmx:beforeSwap", () => {
    writing = Boolean(document.activeElement?.matches("input:not([type=checkbox]), select, textarea"));
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === pane) opened();
  });
  // What could not be loaded into the pane is shown as a page, which says why.
  for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    document.body.addEventListener(failure, (event) => {
      if (event.detail.target !== pane) return;
      location.assign(event.detail.elt.getAttribute("href") || location.href);
    });
  }
  document.addEventListener("vigie:close", close);
  document.body.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target instanceof Element && event.target.closest("[data-close]");
    if (!link) return;
    event.preventDefault();
    close();
  });
})();
