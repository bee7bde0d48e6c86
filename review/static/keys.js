// Keyboard shortcuts. Every one of them clicks or focuses what stands on the page and can be clicked without it:
// [data-row] is a line, [data-open] and [data-original] its links, [data-pick] its check box, [data-key="e"] what the
// key e does. A key acts on one thing alone: on the selected row; when none is, on what is open. [data-event="7"] are
// the parts of event 7. What it has no button for is said (data-void), and never done to another event.
"use strict";
(() => {
  const help = document.getElementById("keys");
  const LETTERS = /^[a-z]$/;
  //: what acts on an event, and which of it needs a field of the reading pane
  const OF_EVENTS = "exsmftna";
  const IN_FIELDS = "tna";
  let going = false;
  // A field that somebody writes in may be taken out under their hands: what they type on is no shortcut.
  let writing = false;
  // What is done to an event once it is open: { key, event, typed }.
  let waiting = null;

  const isField = (target) =>
    target instanceof Element && target.closest("input:not([type=checkbox]), select, textarea, [contenteditable]");
  const isOff = () => document.body.dataset.keys === "off";
  const say = (text) => document.dispatchEvent(new CustomEvent("vigie:say", { detail: text }));
  const none = () => (say(document.body.dataset.unchosen), true);

  const rows = () => {
    const listed = document.querySelectorAll(".list [data-row]");
    return [...(listed.length ? listed : document.querySelectorAll("main [data-row]"))];
  };
  const selected = () => document.querySelector("[data-selected]");
  // The event that is open: in the reading pane, or as the page itself.
  const opened = () => document.querySelector(".tbar[data-event]")?.dataset.event;
  const chosen = () => selected()?.dataset.event ?? opened();
  // What is open goes before the row of the same event: it has the reason of a verdict, and the fields.
  const why = (event) => parts(event).map((part) => part.dataset.void).find(Boolean);
  const parts = (event) => [...document.querySelectorAll(`[data-event="${CSS.escape(event)}"]`)].reverse();

  const mark = (row) => {
    if (row === selected()) return;
    selected()?.removeAttribute("data-selected");
    row?.setAttribute("data-selected", "");
  };

  const select = (row) => {
    if (!row) return;
    mark(row);
    row.querySelector("[data-open]")?.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };

  const step = (by) => {
    const all = rows();
    const at = all.indexOf(selected() ?? document.querySelector(".list [data-opened]"));
    select(all[Math.max(0, Math.min(all.length - 1, at + by))]);
    return all.length > 0;
  };

  const use = (element) => {
    if (!element) return false;
    element.closest("details:not([open])")?.setAttribute("open", "");
    if (element.matches("input, select, textarea")) element.focus();
    else element.click();
    return true;
  };

  const openRow = () => {
    const row = selected();
    if (!row) return none();
    return use(row.querySelector("[data-open]")) || (say(document.body.dataset.nothing), true);
  };

  const original = () => {
    const row = selected();
    const open = opened() && (document.getElementById("pane") ?? document.getElementById("content"));
    if (!row && !open) return none();
    // A row that is no event of its own is a part of what is open.
    const link = row?.querySelector("[data-original]") ?? (row?.dataset.event ? null : open?.querySelector("[data-original]"));
    if (link) window.open(link.href, "_blank", "noopener,noreferrer");
    else say(document.body.dataset.nothing);
    return true;
  };

  const act = (key) => {
    const event = chosen();
    const places = event ? parts(event) : [selected()].filter(Boolean);
    if (!places.length) return rows().length > 0 && none();
    for (const place of places) {
      const found = place.querySelector(`[data-key="${key}"]`);
      if (found) return use(found);
    }
    const link = IN_FIELDS.includes(key) && event && event !== opened() && selected().querySelector("[data-open]");
    if (link) {
      waiting = { key, event, typed: "" };
      link.click();
    } else say((event && why(event)) ?? document.body.dataset.nothing);
    return true;
  };

  // What was asked for is open now: the field takes the focus and what was typed meanwhile.
  document.addEventListener("vigie:opened", () => {
    if (!waiting) return;
    const { key, event, typed } = waiting;
    waiting = null;
    if (event !== opened()) return;
    const field = parts(event).map((place) => place.querySelector(`[data-key="${key}"]`)).find(Boolean);
    if (!use(field)) return say(why(event));
    if (!typed) return;
    field.value += typed;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });

  const wait = (event) => {
    if (event.key === "Escape") waiting = null;
    else if (event.key === "Backspace") waiting.typed = waiting.typed.slice(0, -1);
    else if (event.key.length === 1) waiting.typed += event.key;
    event.preventDefault();
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

  const search = () => {
    const field = document.getElementById("search");
    field?.closest("details:not([open])")?.setAttribute("open", "");
    field?.focus();
    field?.select();
    return Boolean(field);
  };

  const keys = {
    j: () => step(1),
    k: () => step(-1),
    o: openRow,
    v: original,
    g: () => (going = true),
    "/": search,
    "?": () => (help.showModal(), true),
    A: pickAll,
  };

  const press = (key) => {
    if (Object.hasOwn(keys, key)) return keys[key]();
    if (OF_EVENTS.includes(key)) return act(key);
    return (LETTERS.test(key) || key === "Escape") && use(document.querySelector(`[data-key="${key}"]`));
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || help.open) return;
    if (isField(event.target)) {
      writing = event.key !== "Escape" && event.key !== "Tab";
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (isOff()) return;
    if (waiting) return wait(event);
    if (writing) {
      if (event.key === "Escape" || event.key === "Tab") writing = false;
      return;
    }
    // A key held down moves on, and decides nothing twice.
    if (event.repeat && !"jk".includes(event.key)) return;
    if (going) {
      going = false;
      const link = LETTERS.test(event.key) && document.querySelector(`[data-go="${event.key}"]`);
      if (link) link.click();
      return;
    }
    // Whatever has the focus answers Enter itself.
    if (event.key === "Enter" && event.target !== document.body) return;
    if (press(event.key === "Enter" ? "o" : event.key)) event.preventDefault();
  });

  // Whoever points at something, or steps into a row, has chosen it.
  document.addEventListener("pointerdown", () => { writing = false; });
  document.addEventListener("focusin", (event) => {
    if (isField(event.target)) return;
    writing = false;
    const row = event.target.closest("[data-row]");
    if (row && !isOff() && rows().includes(row)) mark(row);
  });
  // What is opened from the reading pane has its row in the list, if any, no longer the selected one.
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target.id === "pane" && event.detail.elt.closest("#pane")) mark(null);
  });

  for (const link of document.querySelectorAll("[data-help]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      help.showModal();
    });
  }
})();
