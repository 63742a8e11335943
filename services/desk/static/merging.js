/* The merge screen: a save lost the race against a colleague's. Both texts, their differences, and four ways out. */
"use strict";
window.desk = window.desk || {};

(() => {
  const form = document.getElementById("editor");
  if (!form || form.dataset.edits !== "true") return;

  // By dialog: whether a way out was taken, and the texts that wait for a picture's address.
  const taken = new WeakSet();
  const picture = new WeakMap();
  const PICTURE = ["media_id", "url", "alt", "caption", "credit"];

  /* A text as the fields of a form. */
  function values(fields, prefix = "") {
    const found = new URLSearchParams();
    for (const [name, value] of Object.entries(fields)) {
      if (name === "lead_image") for (const part of PICTURE) found.set(`${prefix}picture_${part}`, value?.[part] ?? "");
      else found.set(prefix + name, Array.isArray(value) ? desk.fields.together(value) : value ?? "");
    }
    return found;
  }

  async function fill(shown, part, sent) {
    const answer = await desk.ask("POST", `/desk/articles/${form.dataset.id}/merge?part=dialog`, { form: sent, accept: "text/html, application/json" });
    if (answer.json?.version) return finish(shown, answer.json);
    if (answer.status === 401 && await desk.signIn()) return fill(shown, part, sent);
    if ((answer.headers.get("Content-Type") || "").startsWith("text/html")) replace(part, answer.text);
    else part.prepend(desk.make("p", { className: "problem", textContent: desk.refusal(answer), attributes: { role: "alert" } }));
    for (const button of part.querySelectorAll("[data-copies]")) button.hidden = false;
    return undefined;
  }

  function replace(part, html) {
    const hadFocus = part.contains(document.activeElement);
    // The desk's own page: every text in it is escaped there.
    part.innerHTML = html;
    if (hadFocus) (part.querySelector(".sides:not(:has(:checked)) input") || part.querySelector("input:not([type=hidden]), button")).focus();
  }

  function finish(shown, article) {
    desk.fields.write({ ...picture.get(shown), ...desk.fields.of(article) });
    desk.saving.loaded(article);
    taken.add(shown);
    shown.close();
  }

  let isBusy = false;

  async function pressed(event, shown, part) {
    event.preventDefault();
    const button = event.submitter;
    if (!button || isBusy) return;
    const sent = new URLSearchParams(new FormData(event.target));
    sent.set("way", button.value);
    isBusy = true;
    try { await fill(shown, part, sent); } finally { isBusy = false; }
  }

  async function copy(button) {
    const isDone = await desk.toClipboard(document.getElementById(button.dataset.copies).value);
    button.textContent = desk.word(isDone ? "copied" : "not_copied");
  }

  /* The fields of a text as the merge screen takes them, and where it comes from: `baseVersion`, or the text that the page knows. */
  function asked(mine, baseVersion) {
    const sent = values(mine);
    const base = baseVersion === null ? desk.saving.base() : null;
    if (base) for (const [name, value] of values(base, "base_")) sent.set(name, value);
    else sent.set("version", baseVersion ?? form.dataset.version);
    return sent;
  }

  /* Show an article as it is stored beside my text, which a person made from version `baseVersion` (null: from what the page knows). Automatic saves
     wait meanwhile. Resolves to whether a way out was taken, once the screen is closed. */
  desk.merge = (article, mine = desk.fields.read(), baseVersion = null) => {
    desk.saving.hold();
    const part = desk.make("div", { className: "part" });
    const shown = desk.dialog(desk.word("merge.title"), [part], { className: "wide" });
    part.addEventListener("submit", (event) => pressed(event, shown, part));
    part.addEventListener("click", (event) => { if (event.target.dataset.copies) copy(event.target); });
    // An answer on its way decides.
    shown.addEventListener("cancel", (event) => { if (isBusy) event.preventDefault(); });
    // Texts about a picture without an address: no save takes them, and the page keeps them.
    const isLeft = !article.lead_image && mine.lead_image && !mine.lead_image.media_id && !mine.lead_image.url?.trim();
    if (isLeft) picture.set(shown, { lead_image: mine.lead_image });
    fill(shown, part, asked(isLeft ? desk.fields.sendable(mine) : mine, baseVersion));
    return new Promise((done) => {
      shown.addEventListener("close", () => {
        if (!taken.has(shown)) desk.saving.release(article.version);
        done(taken.has(shown));
      });
    });
  };
})();
