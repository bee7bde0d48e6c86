// Forms that act in place: <form method="post" data-inplace="row-7 triage-7"> is sent without leaving the page, and the
// elements it names are exchanged for those of the page that the form leads back to. A button's data-effect shows as
// data-state on the first of them at once; when the server refuses, what stood there comes back and the reason is said.
"use strict";
(() => {
  const said = document.getElementById("said");
  let quiet = 0;

  const say = (text) => {
    said.textContent = text;
    clearTimeout(quiet);
    quiet = setTimeout(() => { said.textContent = ""; }, 9000);
  };
  document.addEventListener("vigie:say", (event) => say(event.detail));

  const show = (ids, effect) => {
    const before = ids.map((id) => document.getElementById(id)).filter(Boolean)
      .map((element) => [element, element.getAttribute("data-state")]);
    for (const [element] of before) {
      element.setAttribute("aria-busy", "true");
      if (effect) element.setAttribute("data-state", effect);
    }
    return () => {
      for (const [element, state] of before) {
        element.removeAttribute("aria-busy");
        if (state === null) element.removeAttribute("data-state");
        else element.setAttribute("data-state", state);
      }
    };
  };

  const exchange = (ids, page) => {
    for (const id of ids) {
      const old = document.getElementById(id);
      const fresh = page.getElementById(id);
      if (!old) continue;
      // A row that the filters hide now stays where it is until the list is asked for anew.
      if (!fresh) { old.removeAttribute("aria-busy"); continue; }
      const focused = old.contains(document.activeElement) ? document.activeElement : null;
      for (const name of ["data-selected", "data-opened", "aria-current"]) {
        if (old.hasAttribute(name)) fresh.setAttribute(name, old.getAttribute(name));
      }
      old.replaceWith(fresh);
      window.htmx?.process(fresh);
      if (!focused) continue;
      const again = focused.dataset.key && fresh.querySelector(`[data-key="${CSS.escape(focused.dataset.key)}"]`);
      (again || fresh.querySelector("[data-open]") || fresh).focus({ preventScroll: true });
    }
  };

  const send = async (form, button) => {
    const ids = form.dataset.inplace.split(/\s+/);
    const restore = show(ids, button?.dataset.effect);
    const address = button?.getAttribute("formaction") || form.getAttribute("action") || location.href;
    try {
      const body = new URLSearchParams(new FormData(form, button));
      // What is open now, not what was when the form was made: the answer brings the parts of both panes.
      if (body.has("back")) body.set("back", location.pathname + location.search);
      const answer = await fetch(address, { method: "POST", body, signal: AbortSignal.timeout(20000) });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (answer.ok) return exchange(ids, page);
      restore();
      say(page.getElementById("fault")?.textContent.trim() || document.body.dataset.refused);
    } catch {
      restore();
      say(document.body.dataset.refused);
    }
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !form.dataset.inplace) return;
    event.preventDefault();
    if (!form.hasAttribute("aria-busy")) {
      form.setAttribute("aria-busy", "true");
      send(form, event.submitter).finally(() => form.removeAttribute("aria-busy"));
    }
  });
})();
