// Notes that are being written: <textarea data-draft="note-7"> is remembered by this tab until it was sent, and comes back
// when what it belongs to is opened again. Nothing of it leaves the browser, and it goes with the tab.
"use strict";
(() => {
  const PREFIX = "vigie-draft-";
  const name = (field) => PREFIX + field.dataset.draft;

  // A browser that keeps nothing remembers no drafts.
  const storage = (() => {
    try {
      return window.sessionStorage;
    } catch {
      return null;
    }
  })();
  if (!storage) return;

  const keep = (field) => {
    try {
      if (field.value) storage.setItem(name(field), field.value);
      else storage.removeItem(name(field));
    } catch {
      // It is full: what is typed is still in its field.
    }
  };

  const restore = () => {
    for (const field of document.querySelectorAll("[data-draft]")) {
      const kept = storage.getItem(name(field));
      if (kept && field.value === field.defaultValue) field.value = kept;
    }
  };

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-draft]")) keep(event.target);
  });
  document.addEventListener("vigie:done", (event) => {
    for (const field of event.target.querySelectorAll("[data-draft]")) {
      if (event.detail.get(field.name) === field.value) storage.removeItem(name(field));
    }
  });
  document.addEventListener("vigie:opened", restore);
  document.addEventListener("vigie:fresh", restore);
  restore();
})();
