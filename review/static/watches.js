// Checks a definition or a rule while it is written, beside its form; without this script a button does the same.
"use strict";

(() => {
  const WAIT = 500;

  for (const form of document.querySelectorAll("form[data-check]")) {
    let waiting = null;
    let asked = 0;

    const check = async () => {
      const number = ++asked;
      const answer = await fetch(form.dataset.check, {
        method: "POST",
        headers: { "X-Vigie-Fragment": "1" },
        body: new URLSearchParams(new FormData(form)),
        credentials: "same-origin",
      }).catch(() => null);
      if (!answer || !answer.ok || number !== asked) return;
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = parsed.getElementById("check");
      const shown = document.getElementById("check");
      if (fresh && shown) shown.replaceChildren(...fresh.childNodes);
    };

    form.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(check, WAIT);
    });
  }

  // A backtest that runs shows how far it is; without this script the page is loaded anew by itself.
  const poll = async () => {
    const shown = document.querySelector("[data-running]");
    if (!shown) return;
    const answer = await fetch(window.location.href, { credentials: "same-origin" }).catch(() => null);
    if (answer && answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#content");
      const content = document.getElementById("content");
      if (fresh && content) content.replaceChildren(...fresh.childNodes);
    }
    setTimeout(poll, 2000);
  };
  setTimeout(poll, 1500);

  // A sentence that is marked in an article fills the field of the form that makes a rule of it.
  document.addEventListener("selectionchange", () => {
    const field = document.querySelector("[data-selection]");
    const chosen = field ? document.getSelection() : null;
    if (!chosen || !chosen.anchorNode) return;
    const around = chosen.anchorNode.parentElement;
    const text = chosen.toString().trim().replace(/\s+/g, " ");
    if (text && text.length <= 300 && around && around.closest(".body, .head")) field.value = text;
  });
})();
