// Says how many events came or grew since the list was made. The list itself moves only when the reader asks for it.
"use strict";
(() => {
  const bar = document.getElementById("news");
  if (!bar) return;
  const PAUSE = 30000;
  let timer = 0;
  let mark = "";

  const retitle = () => {
    const plain = document.title.replace(/^\(\d+\+?\) /, "");
    const wanted = mark ? `(${mark}) ${plain}` : plain;
    if (document.title !== wanted) document.title = wanted;
  };

  const ask = async () => {
    clearTimeout(timer);
    if (document.hidden) return;
    try {
      const answer = await fetch(bar.dataset.poll, { cache: "no-cache", signal: AbortSignal.timeout(15000) });
      if (answer.ok) {
        const news = await answer.json();
        mark = news.mark;
        bar.hidden = !news.count;
        if (bar.textContent !== news.label) bar.textContent = news.label;
        retitle();
      }
    } catch {
      // The next time may go better; the strip tells when the service is gone.
    }
    timer = setTimeout(ask, PAUSE);
  };

  document.addEventListener("visibilitychange", ask);
  document.body.addEventListener("htmx:afterSettle", retitle);
  timer = setTimeout(ask, PAUSE);
})();
