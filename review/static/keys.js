// Keyboard shortcuts. Every one of them does what a link or a field on the page does without it.
"use strict";
(() => {
  const rows = [...document.querySelectorAll("[data-row]")];
  const help = document.getElementById("keys");
  let at = -1;
  let going = false;

  const typing = (target) => target instanceof Element && target.closest("input, select, textarea, [contenteditable]");

  const select = (next) => {
    if (!rows.length) return;
    if (at >= 0) rows[at].removeAttribute("data-selected");
    at = Math.max(0, Math.min(rows.length - 1, next));
    rows[at].setAttribute("data-selected", "");
    const link = rows[at].querySelector("[data-open]");
    if (link) link.focus({ preventScroll: true });
    rows[at].scrollIntoView({ block: "nearest" });
  };

  const follow = (selector) => {
    const link = at >= 0 && rows[at].querySelector(selector);
    if (link) link.click();
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || help.open) return;
    if (going) {
      going = false;
      const link = /^[a-z]$/.test(event.key) && document.querySelector(`[data-go="${event.key}"]`);
      if (link) link.click();
      return;
    }
    const search = document.getElementById("search");
    switch (event.key) {
      case "j": select(at + 1); break;
      case "k": select(at - 1); break;
      case "o": follow("[data-open]"); break;
      case "v": follow("[data-original]"); break;
      case "g": going = true; break;
      case "?": help.showModal(); break;
      case "/": if (!search) return; search.focus(); search.select(); break;
      default: return;
    }
    event.preventDefault();
  });
})();
