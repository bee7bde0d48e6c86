// Keyboard shortcuts. Every one of them clicks or focuses what stands on the page and can be clicked without it:
// [data-row] is a line, [data-open] and [data-original] its links, [data-pick] its check box, [data-key="e"] what the
// key e does. A key is looked for in the selected row, then in the reading pane, then on the whole page.
"use strict";
(() => {
  const help = document.getElementById("keys");
  let going = false;

  const typing = (target) =>
    target instanceof Element && target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]");

  const rows = () => {
    const listed = document.querySelectorAll(".list [data-row]");
    return [...(listed.length ? listed : document.querySelectorAll("main [data-row]"))];
  };
  const selected = () => document.querySelector("[data-selected]");

  const select = (row) => {
    if (!row) return;
    selected()?.removeAttribute("data-selected");
    row.setAttribute("data-selected", "");
    row.querySelector("[data-open]")?.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };

  const step = (by) => {
    const all = rows();
    const at = all.indexOf(selected() ?? document.querySelector(".list [data-opened]"));
    select(all[Math.max(0, Math.min(all.length - 1, at + by))]);
  };

  const find = (selector) => {
    for (const place of [selected(), document.getElementById("pane"), document.body]) {
      const found = place?.querySelector(selector);
      if (found) return found;
    }
    return null;
  };

  const use = (element) => {
    if (!element) return false;
    element.closest("details:not([open])")?.setAttribute("open", "");
    if (element.matches("input, select, textarea")) element.focus();
    else element.click();
    return true;
  };

  const pickAll = () => {
    const boxes = [...document.querySelectorAll("[data-pick]")];
    const wanted = !boxes.every((box) => box.checked);
    for (const box of boxes) {
      if (box.checked === wanted) continue;
      box.checked = wanted;
      box.dispatchEvent(new Event("change", { bubbles: true }));
    }
    return boxes.length > 0;
  };

  const visit = (link) => {
    if (link) window.open(link.href, "_blank", "noopener,noreferrer");
    return Boolean(link);
  };

  const search = () => {
    const field = document.getElementById("search");
    field?.closest("details:not([open])")?.setAttribute("open", "");
    field?.focus();
    field?.select();
    return Boolean(field);
  };

  const keys = {
    j: () => (step(1), true),
    k: () => (step(-1), true),
    o: () => use(find("[data-open]")),
    v: () => visit(find("[data-original]")),
    g: () => (going = true),
    "/": search,
    "?": () => (help.showModal(), true),
    A: pickAll,
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || help.open) return;
    if (event.key === "Escape" && typing(event.target)) return event.target.blur();
    if (typing(event.target) || document.body.dataset.keys === "off") return;
    if (going) {
      going = false;
      const link = /^[a-z]$/.test(event.key) && document.querySelector(`[data-go="${event.key}"]`);
      if (link) link.click();
      return;
    }
    const own = Object.hasOwn(keys, event.key) ? keys[event.key] : null;
    const done = own ? own() : /^([a-z]|Escape)$/.test(event.key) && use(find(`[data-key="${event.key}"]`));
    if (done) event.preventDefault();
  });

  for (const link of document.querySelectorAll("[data-help]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      help.showModal();
    });
  }
})();
