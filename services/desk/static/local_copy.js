/* The browser's own copy of an unsaved text, for each article, person and page. It goes only when the service has acknowledged the same text,
   or when the person discards it. */
"use strict";
window.desk = window.desk || {};

(() => {
  const form = document.getElementById("editor");
  if (!form || form.dataset.edits !== "true") return;

  const ROOT = "desk.copy";
  const ALIVE_MS = 250;
  const page = form.elements.namedItem("key").value;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("desk.copies") : null;
  const address = (article) => [ROOT, form.dataset.person, article || "new", page].join("|");
  let written = "";

  /* Keep a text. Gives false when the browser has no room, or forbids it. */
  function write(fields) {
    const key = address(form.dataset.id);
    try {
      localStorage.setItem(key, JSON.stringify({ fields, version: Number(form.dataset.version) || 0, at: new Date().toISOString() }));
    } catch {
      return false;
    }
    if (written && written !== key) localStorage.removeItem(written);
    written = key;
    return true;
  }

  /* Forget this page's copy. */
  function remove() {
    if (written) discard(written);
    written = "";
  }

  function discard(key) {
    try { localStorage.removeItem(key); } catch { /* Storage that cannot be read has no copy. */ }
  }

  function stored() {
    const prefix = [ROOT, form.dataset.person, form.dataset.id || "new", ""].join("|");
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(prefix)).map((key) => ({ key, ...JSON.parse(localStorage.getItem(key)) }));
    } catch {
      return [];
    }
  }

  /* Copies that other pages left, newest first; without those of pages that are still open. */
  async function left() {
    const alive = new Set([address(form.dataset.id)]);
    if (channel) {
      const heard = ({ data }) => data.alive && alive.add(data.alive);
      channel.addEventListener("message", heard);
      channel.postMessage({ asks: true });
      await new Promise((done) => { setTimeout(done, ALIVE_MS); });
      channel.removeEventListener("message", heard);
    }
    return stored().filter(({ key, fields }) => fields && !alive.has(key)).sort((one, other) => (one.at < other.at ? 1 : -1));
  }

  channel?.addEventListener("message", ({ data }) => { if (data.asks && written) channel.postMessage({ alive: written }); });

  desk.copy = Object.freeze({ write, remove, discard, left });
})();
