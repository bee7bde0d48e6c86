// Forms that act in place: <form method="post" data-inplace="row-7 triage-7"> is sent without leaving the page, and the
// elements it names are exchanged for those of the page that the form leads back to. A button's data-effect shows as
// data-state on the first of them at once; when the server refuses, the reason is said and they are exchanged for how it
// stands now, with what was typed.
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

  const FIELDS = "input:not([type=hidden], [type=checkbox]), textarea, select";
  const untouched = (field) => field.matches("select")
    ? (field.querySelector("option[selected]") ?? field.options[0])?.value ?? ""
    : field.defaultValue;

  // The element of a new part that stands where one stood in the old part.
  const twin = (element, fresh) => {
    const { key } = element.dataset;
    const same = key ? `[data-key="${CSS.escape(key)}"]`
      : element.name && `${element.localName}[name="${CSS.escape(element.name)}"]:not([type=hidden])`;
    if (!same) return null;
    const found = [...fresh.querySelectorAll(same)];
    return element.localName === "button" && !key ? found.find((one) => one.value === element.value) : found[0];
  };

  // What was ticked or typed and not sent yet goes on into the new part.
  const carry = (old, fresh, form, sent) => {
    for (const box of old.querySelectorAll("[data-pick]:checked")) {
      const again = twin(box, fresh);
      if (again) again.checked = true;
    }
    for (const field of old.querySelectorAll(FIELDS)) {
      const done = field.form === form && sent?.get(field.name) === field.value;
      const again = !done && field.value !== untouched(field) && twin(field, fresh);
      if (again) again.value = field.value;
    }
  };

  const focusAgain = (focused, fresh) => {
    const again = twin(focused, fresh);
    (again || fresh.querySelector("[data-open]") || fresh).focus({ preventScroll: true });
    if (again?.matches("textarea, input[type=text], input:not([type])")) {
      again.setSelectionRange(focused.selectionStart, focused.selectionEnd);
    }
  };

  // A row that the filters hide now stays where it is until the list is asked for anew. Its buttons speak of a standing
  // that is over, so they go; an undo brings all of it back.
  const leave = (part) => {
    part.removeAttribute("aria-busy");
    if (!part.matches("[data-row][data-event]")) return;
    part.dataset.left = "";
    part.dataset.void = document.body.dataset.left;
    for (const old of part.querySelectorAll(".tquick, .pickrow")) old.remove();
  };

  // `sent` is what the form led to; null when it was refused, and all that was typed is kept.
  const exchange = (ids, page, form, sent) => {
    for (const id of ids) {
      const old = document.getElementById(id);
      const fresh = page.getElementById(id);
      if (!old) continue;
      if (!fresh) { leave(old); continue; }
      const focused = old.contains(document.activeElement) ? document.activeElement : null;
      for (const name of ["data-selected", "data-opened", "aria-current"]) {
        if (old.hasAttribute(name)) fresh.setAttribute(name, old.getAttribute(name));
      }
      carry(old, fresh, form, sent);
      old.replaceWith(fresh);
      window.htmx?.process(fresh);
      if (focused) focusAgain(focused, fresh);
    }
    document.dispatchEvent(new CustomEvent("vigie:fresh"));
  };

  const read = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");

  // What is open now, not what was when a form was made: the answer brings the parts of both panes.
  const here = () => location.pathname + location.search;

  const follow = (ids, page, answer, form, sent, from) => {
    form.dispatchEvent(new CustomEvent("vigie:done", { bubbles: true, detail: sent }));
    const { pathname, href } = new URL(answer.url);
    if (from !== here()) return exchange(ids, page, form, sent);
    if (pathname !== location.pathname) return location.assign(href);
    exchange(ids, page, form, sent);
    // What was done leads to the list with nothing open.
    const opens = (one) => one.getElementById("desk")?.hasAttribute("data-opened");
    if (opens(document) && page.getElementById("desk") && !opens(page)) {
      document.dispatchEvent(new CustomEvent("vigie:close"));
    }
  };

  // Somebody was quicker: their change is shown, or the next try would be refused like this one.
  const renew = async (ids, form) => {
    const answer = await fetch(here(), { signal: AbortSignal.timeout(20000) });
    if (answer.ok) exchange(ids, await read(answer), form, null);
  };

  const send = async (form, button) => {
    const ids = form.dataset.inplace.trim().split(/\s+/);
    const restore = show(ids, button?.dataset.effect);
    const address = button?.getAttribute("formaction") || form.getAttribute("action") || location.href;
    const from = here();
    try {
      const body = new URLSearchParams(new FormData(form, button));
      if (body.has("back")) body.set("back", from);
      const answer = await fetch(address, { method: "POST", body, signal: AbortSignal.timeout(20000) });
      const page = await read(answer);
      if (answer.ok) return follow(ids, page, answer, form, body, from);
      restore();
      say(page.getElementById("fault")?.textContent.trim().replace(/\s+/g, " ") || document.body.dataset.refused);
      if (answer.status === 409 || answer.status === 403) await renew(ids, form);
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
