/* The checklist inside a dialog that asks before publishing: `desk.showChecks(root)` fills each `data-checks` element of `root`. */
"use strict";
window.desk = window.desk || {};

(() => {
  const TIMEOUT_MS = 12000;

  desk.showChecks = (root) => Promise.all([...root.querySelectorAll("[data-checks]")].map(fill));

  async function fill(place) {
    try {
      const answer = await fetch(place.dataset.checks, { headers: { Accept: "text/html" }, cache: "no-store", redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      // The desk's own part of a page, made by the same templates as this one.
      place.replaceChildren(document.createRange().createContextualFragment(await answer.text()));
    } catch {
      place.textContent = desk.word("checks_missing");
    }
  }
})();
