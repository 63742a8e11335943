/* Publish, correct, withdraw and the other acts: each saves first, then asks in a dialog, then acts once on the version that was shown. */
"use strict";
window.desk = window.desk || {};

(() => {
  const form = document.getElementById("editor");
  const place = document.getElementById("notices");
  if (!form || !place) return;

  const SHOWN_TO_READERS = ["publish", "correct", "withdraw"];

  /* The states that decide which buttons are there: as `states_of` in articles/act_buttons.py. */
  function statesOf(article) {
    return new Set(["stored", article.status, article.scheduled_for ? "scheduled" : "unscheduled", article.submitted_at ? "submitted" : "unsubmitted",
      article.embargo_until ? "embargoed" : "free"]);
  }

  function show(article) {
    const states = statesOf(article);
    form.dataset.status = article.status;
    for (const element of form.querySelectorAll("[data-when]")) {
      element.hidden = !element.dataset.when.split(" ").filter(Boolean).every((state) => states.has(state));
    }
  }

  /* A message that stays until the person dismisses it. Gives the element. */
  desk.notice = (message, children = [], { name = "" } = {}) => {
    if (name) desk.remove(place.querySelector(`[data-notice="${name}"]`));
    const line = desk.tell(desk.make("p"), message);
    const shown = desk.make("div", { className: "notice", attributes: { "data-notice": name, role: "group", "aria-label": message } }, line, ...children);
    const dismiss = desk.button(desk.word("dismiss"), () => { shown.remove(); desk.home(); }, { className: "second" });
    const buttons = shown.querySelector(".buttons") || shown.appendChild(desk.make("p", { className: "buttons" }));
    buttons.append(dismiss);
    place.append(shown);
    desk.say(message);
    return shown;
  };

  // A disabled button would lose the focus.
  let isActing = false;

  /* Save, then ask. */
  desk.act = async (act, button) => {
    if (isActing) return;
    isActing = true;
    try {
      // A picture on its way is part of the text.
      if (desk.isUploading?.()) desk.notice(desk.word("act.uploading"), [], { name: "act" });
      await desk.uploaded?.();
      desk.remove(place.querySelector("[data-notice=act]"));
      const isSaved = !desk.saving || await desk.saving.save({ whole: true });
      if (isSaved && form.dataset.id) await (act === "preview" ? desk.preview() : ask(act, button));
      else desk.notice(desk.word("act.not_saved"), [], { name: "act" });
    } finally {
      isActing = false;
    }
  };

  async function ask(act, button) {
    const answer = await desk.ask("GET", `/desk/articles/${form.dataset.id}/${act}?part=dialog&version=${form.dataset.version}`, { accept: "application/json" });
    if (answer.status === 401) return signedOut();
    if (!isPage(answer)) return desk.notice(desk.refusal(answer), [], { name: "act" });
    return open(act, answer.text, button);
  }

  const isPage = (answer) => (answer.headers.get("Content-Type") || "").startsWith("text/html");

  /* A change of state needs a new click after signing in. */
  async function signedOut() {
    if (await desk.signIn()) desk.notice(desk.word("act.again"), [], { name: "act" });
  }

  function open(act, html, button) {
    const part = desk.make("div", { className: "part" });
    const shown = desk.dialog("", [part], { labelledBy: "ask-title" });
    const fill = (text) => {
      // The desk's own page: every text in it is escaped there.
      part.innerHTML = text;
      desk.showTimes?.(part);
      desk.showChecks?.(part);
      (part.querySelector("[autofocus], input:not([type=hidden]), textarea, button, a") || part).focus();
    };
    let isBusy = false;
    part.addEventListener("click", (event) => {
      if (!event.target.closest("a.cancel")) return;
      event.preventDefault();
      shown.close();
    });
    part.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (isBusy) return;
      isBusy = true;
      const answer = await desk.ask("POST", event.target.action, { form: new URLSearchParams(new FormData(event.target)) });
      if (answer.json?.location) await done(act, shown);
      else if (answer.status === 401 && await desk.signIn()) problem(part, desk.word("act.again"));
      else if (isPage(answer)) fill(answer.text);
      else problem(part, desk.refusal(answer));
      isBusy = false;
    });
    shown.addEventListener("close", () => {
      const save = form.querySelector("button[value=save]");
      if (button?.hidden) save ? save.focus() : desk.home();
    });
    fill(html);
  }

  function problem(part, message) {
    part.querySelector("[data-problem]")?.remove();
    part.prepend(desk.tell(desk.make("p", { className: "problem", attributes: { role: "alert", "data-problem": "" } }), message));
  }

  async function done(act, shown) {
    const answer = await desk.ask("GET", `/v1/articles/${form.dataset.id}`);
    if (answer.status === 200) taken(answer.json);
    shown.close();
    const message = desk.word(`act.done_${act}`);
    if (SHOWN_TO_READERS.includes(act)) desk.trace(message);
    else desk.notice(message, [], { name: "act" });
  }

  /* Another text was acted on, as the dialog said: show it. Nothing here is unsaved. */
  function taken(article) {
    const isSame = !desk.saving || desk.fields.same(desk.saving.known(), desk.fields.of(article));
    if (!isSame) desk.fields.write(desk.fields.of(article));
    if (isSame) desk.saving?.adopt(article);
    else desk.saving.loaded(article);
    show(article);
  }

  form.addEventListener("desk:article", (event) => show(event.detail));
  if (form.dataset.edits !== "true") {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      desk.act(event.submitter?.value || "", event.submitter);
    });
  }
})();
