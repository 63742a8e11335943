/* The merge screen: a save lost the race against a colleague's. Both texts, their differences, and four ways out. */
"use strict";
window.desk = window.desk || {};

(() => {
  const form = document.getElementById("editor");
  if (!form || form.dataset.edits !== "true") return;

  const PICTURE = ["url", "alt", "caption", "credit"];

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
    const answer = await desk.ask("POST", `/desk/articles/${form.dataset.id}/merge?part=dialog`, { form: sent, accept: sent.has("way") ? "application/json" : "text/html" });
    if (answer.json?.version) return finish(shown, answer.json);
    if (answer.status === 401 && await desk.signIn()) return fill(shown, part, sent);
    // The desk's own page: every text in it is escaped there.
    if ((answer.headers.get("Content-Type") || "").startsWith("text/html")) part.innerHTML = answer.text;
    else part.prepend(desk.make("p", { className: "problem", textContent: desk.refusal(answer), attributes: { role: "alert" } }));
    for (const button of part.querySelectorAll("[data-copies]")) button.hidden = false;
    return undefined;
  }

  function finish(shown, article) {
    desk.fields.write(desk.fields.of(article));
    desk.saving.loaded(article);
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
    await fill(shown, part, sent);
    isBusy = false;
  }

  async function copy(button) {
    const isDone = await desk.toClipboard(document.getElementById(button.dataset.copies).value);
    button.textContent = desk.word(isDone ? "copied" : "not_copied");
  }

  /* Show an article as it is stored beside my text. Automatic saves wait until a way out is taken. */
  desk.merge = (article, mine = desk.fields.read()) => {
    desk.saving.hold();
    const part = desk.make("div", { className: "part" });
    const shown = desk.dialog(desk.word("merge.title"), [part], { className: "wide" });
    part.addEventListener("submit", (event) => pressed(event, shown, part));
    part.addEventListener("click", (event) => { if (event.target.dataset.copies) copy(event.target); });
    const sent = values(mine);
    for (const [name, value] of values(desk.saving.known(), "base_")) sent.set(name, value);
    return fill(shown, part, sent);
  };
})();
