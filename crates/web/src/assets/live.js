// Live figures: one stream of blocks a page. Each block becomes an event `block` of the body, at which htmx fetches the
// parts that ask for it. A lost stream is said in place, and opened again. Without this script a reload tells the same.
"use strict";
(() => {
  const PAUSE_MS = 2000;
  // Blocks that come faster than this are told together, the last of them always.
  const TOLD_MS = 300;
  let stream = null;
  let timer = 0;
  let telling = 0;

  const tell = () => {
    telling = 0;
    document.body.dispatchEvent(new CustomEvent("block"));
  };

  const soon = () => {
    if (!telling) telling = setTimeout(tell, TOLD_MS);
  };

  const say = (lost) => {
    document.getElementById("stream").hidden = !lost;
    document.documentElement.classList.toggle("stale", lost);
  };

  const open = () => {
    clearTimeout(timer);
    if (stream) stream.close();
    stream = new EventSource("/api/v1/events?kinds=heads");
    // Also when it opens: blocks may have come since the page was drawn, and none may come for long.
    for (const kind of ["open", "head"]) {
      stream.addEventListener(kind, () => {
        say(false);
        soon();
      });
    }
    stream.addEventListener("error", () => {
      say(true);
      if (stream.readyState === EventSource.CLOSED) timer = setTimeout(open, PAUSE_MS);
    });
  };

  // Times come in UTC; whoever chose so sees those of their own clock.
  const clock = (root) => {
    const moment = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" };
    for (const it of root.querySelectorAll("time[datetime]")) {
      it.textContent = new Date(it.dateTime).toLocaleString("en-GB", moment);
      it.title = "by your own clock";
    }
  };
  if (document.documentElement.dataset.clock === "local") {
    clock(document);
    document.body.addEventListener("htmx:load", (event) => clock(event.detail.elt));
  }

  // A page that nobody sees holds no stream.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      clearTimeout(timer);
      if (stream) stream.close();
      stream = null;
    } else if (!stream) {
      open();
    }
  });
  window.addEventListener("pagehide", () => stream && stream.close());
  window.addEventListener("pageshow", (event) => event.persisted && open());

  // Parts in which somebody reads or types are left alone until the next block.
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const part = event.detail.elt;
    if (part.contains(document.activeElement) && document.activeElement !== document.body) event.preventDefault();
  });

  open();
})();
