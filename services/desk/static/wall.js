// A wall screen loads itself again. When nobody answers, the last numbers stay, with the time of their last answer.
(() => {
  "use strict";
  const seconds = Number(document.querySelector("#wall").dataset.refresh);
  // The screen says so after this many answers that did not come.
  const MOST_SILENT = 2;
  let silent = 0;

  async function load() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(20_000) });
    // Signed out, the answer is the page of the sign-in.
    const found = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#wall");
    if (!found) throw new Error(String(answer.status));
    document.querySelector("#wall").replaceWith(found);
  }

  async function again() {
    try {
      await load();
      silent = 0;
    } catch {
      silent += 1;
    }
    document.querySelector("#wall-silent").hidden = silent < MOST_SILENT;
    setTimeout(again, seconds * 1000);
  }

  setTimeout(again, seconds * 1000);
})();
