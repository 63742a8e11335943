/* Saves the working copy two seconds after the last key. One save is in flight; later keys make the next one. An answer changes the version and
   an untouched slug, never the text. */
"use strict";
window.desk = window.desk || {};

(() => {
  const form = document.getElementById("editor");
  if (!form || form.dataset.edits !== "true") return;

  const QUIET_MS = 2_000;
  const LONGEST_MS = 20_000;
  const COPY_MS = 400;
  const LONGEST_BACK_OFF_S = 60;
  // Browsers refuse larger requests that outlive their page.
  const KEEPALIVE_BYTES = 60_000;
  // Sent texts without an answer: any of them may be the service's newest.
  const MOST_UNSURE = 30;

  const state = document.getElementById("save-state");
  const detail = document.getElementById("save-detail");
  const isRefused = form.dataset.refused === "true";
  const work = { known: desk.fields.read(), acknowledged: isRefused ? "" : text(desk.fields.read()), revised: "", unsure: [], created: null };
  let saveTimer = 0, copyTimer = 0, firstChange = 0, failures = 0, isHeld = false, hasNoCopy = false;
  let wanted = null, running = null;

  function text(fields) { return JSON.stringify(fields); }
  const isDirty = () => text(desk.fields.read()) !== work.acknowledged;

  function show(isSaved, more = "", said = desk.word(isSaved ? "saving.saved" : "saving.not_saved")) {
    if (state.textContent !== said) state.textContent = said;
    detail.textContent = hasNoCopy && !isSaved ? `${more} ${desk.word("saving.no_room")}` : more;
  }

  function heard(event) {
    if (event.target.closest?.("dialog")) return;
    firstChange ||= Date.now();
    if (state.textContent !== desk.word("saving.not_saved")) show(false, isHeld ? desk.word("saving.conflict") : "");
    clearTimeout(copyTimer);
    copyTimer = setTimeout(keepCopy, COPY_MS);
    plan(Math.max(0, Math.min(QUIET_MS, firstChange + LONGEST_MS - Date.now())));
  }

  function keepCopy() {
    clearTimeout(copyTimer);
    if (!isDirty()) return;
    hasNoCopy = !desk.copy.write(desk.fields.read());
  }

  function plan(delayMs) {
    clearTimeout(saveTimer);
    if (!isHeld) saveTimer = setTimeout(save, delayMs);
  }

  /* Save the fields. Resolves to true when the service has acknowledged all that they hold; `whole` goes on until then. `explicit` makes a revision. */
  function save({ explicit = false, whole = explicit, keepalive = false } = {}) {
    clearTimeout(saveTimer);
    wanted = { explicit: explicit || wanted?.explicit === true, whole: whole || wanted?.whole === true, keepalive };
    running ||= drain().finally(() => { running = null; });
    return running;
  }

  async function drain() {
    let isDone = true;
    while (wanted && isDone) {
      const asked = wanted;
      wanted = null;
      isDone = await once(asked);
      if (isDone && asked.whole && isDirty()) wanted ||= asked;
    }
    return isDone && !isDirty();
  }

  async function once({ explicit, keepalive }) {
    firstChange = 0;
    const sent = work.created?.fields || desk.fields.read();
    if (text(sent) === work.acknowledged && (!explicit || text(sent) === work.revised)) return settle();
    if (!sent.section) {
      keepCopy();
      show(false, desk.word("saving.needs_section"));
      if (explicit) desk.fields.mark([{ pointer: "/section", detail: desk.word("saving.needs_section") }]);
      return false;
    }
    keepCopy();
    // A person who pressed Save waits for the answer; an automatic save need not be told.
    if (explicit) show(false, "", desk.word("saving.under_way"));
    const answer = await send(sent, explicit, keepalive);
    return after(answer, sent, explicit);
  }

  function send(sent, explicit, keepalive) {
    const isSmall = keepalive && new Blob([text(sent)]).size < KEEPALIVE_BYTES;
    const query = explicit ? "" : "?autosave=true";
    if (form.dataset.id) {
      work.unsure = [...work.unsure.slice(-MOST_UNSURE), sent];
      return desk.ask("PUT", `/v1/articles/${form.dataset.id}${query}`, { json: sent, version: form.dataset.version, keepalive: isSmall });
    }
    // A repeated creation must be the same request, or there would be two articles.
    work.created ||= { fields: sent, query };
    return desk.ask("POST", `/v1/articles${work.created.query}`, { json: sent, key: form.elements.namedItem("key").value, keepalive: isSmall });
  }

  async function after(answer, sent, explicit) {
    if (answer.status === 200 || answer.status === 201) return accept(answer.json, sent, explicit);
    if (answer.status === 412) return resolve(explicit);
    if (answer.status === 401) return (await desk.signIn()) ? once({ explicit }) : fail(desk.word("saving.signed_out"));
    if (answer.status === 0 || answer.status >= 500 || answer.status === 429) return retry(answer, explicit);
    work.created = null;
    const errors = answer.json?.errors || [];
    desk.fields.mark(errors);
    if (explicit && answer.status === 422) save();
    return fail(desk.refusal(answer));
  }

  function accept(article, sent, explicit) {
    const isNew = !form.dataset.id;
    Object.assign(work, { known: desk.fields.of(article), acknowledged: text(sent), unsure: [], created: null });
    if (explicit) work.revised = text(sent);
    failures = 0;
    adopt(article);
    if (isNew) moveTo(article.id);
    desk.fields.mark();
    form.dispatchEvent(new CustomEvent("desk:saved", { detail: article }));
    return settle();
  }

  /* Take over the version and state of an article whose text the fields are based on. */
  function adopt(article) {
    form.dataset.id = article.id;
    form.dataset.version = article.version;
    form.elements.namedItem("version").value = article.version;
    desk.fields.showSlug(article.slug);
    form.dispatchEvent(new CustomEvent("desk:article", { detail: article }));
  }

  function moveTo(id) {
    form.action = `/desk/articles/${id}`;
    history.replaceState(history.state, "", form.action);
    for (const link of form.querySelectorAll("[data-new-href]")) link.href = link.dataset.newHref.replace("{id}", id);
  }

  function settle() {
    if (isDirty()) {
      keepCopy();
      if (!wanted) plan(QUIET_MS);
      return true;
    }
    desk.copy.remove();
    clearTimeout(copyTimer);
    hasNoCopy = false;
    if (form.dataset.id) show(true, desk.time(new Date()));
    else state.textContent = detail.textContent = "";
    return true;
  }

  function fail(why) {
    show(false, why);
    return false;
  }

  function retry(answer, explicit) {
    const waits_s = Number(answer.headers.get("Retry-After")) || Math.min(LONGEST_BACK_OFF_S, 2 ** ++failures);
    clearTimeout(saveTimer);
    saveTimer = setTimeout(() => save({ explicit }), waits_s * 1000 * (0.75 + Math.random() / 2));
    return fail(desk.refusal(answer));
  }

  /* The version is not the newest. Go on when the newest text is ours (its answer was lost) or the one that ours is based on; else a person decides. */
  async function resolve(explicit) {
    const answer = await desk.ask("GET", `/v1/articles/${form.dataset.id}`);
    if (answer.status !== 200) return after(answer, desk.fields.read(), explicit);
    const theirs = desk.fields.of(answer.json);
    const ours = work.unsure.slice(0, -1).find((sent) => desk.fields.same(sent, theirs));
    if (ours) return accept(answer.json, ours, false) && once({ explicit });
    if (desk.fields.same(work.known, theirs)) {
      adopt(answer.json);
      return once({ explicit });
    }
    work.unsure = [];
    hold();
    show(false, desk.word("saving.conflict"));
    desk.merge(answer.json);
    return false;
  }

  /* Stop automatic saves until `release`. */
  function hold() {
    isHeld = true;
    wanted = null;
    clearTimeout(saveTimer);
    keepCopy();
  }

  function release() {
    isHeld = false;
    if (isDirty()) plan(0);
  }

  /* The page shows this article's text now: nothing is unsaved. */
  function loaded(article) {
    Object.assign(work, { known: desk.fields.of(article), acknowledged: text(desk.fields.read()), revised: "", unsure: [] });
    adopt(article);
    isHeld = false;
    settle();
  }

  function leave() {
    if (!isDirty()) return;
    keepCopy();
    if (!running && !isHeld) save({ keepalive: true });
  }

  form.noValidate = true;
  form.addEventListener("input", heard);
  form.addEventListener("change", heard);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const act = event.submitter?.value || "save";
    if (act === "save") save({ explicit: true });
    else desk.act(act, event.submitter);
  });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") leave(); });
  window.addEventListener("pagehide", leave);
  window.addEventListener("online", () => { if (isDirty() && !isHeld) save(); });
  window.addEventListener("beforeunload", (event) => { if (isDirty() && hasNoCopy) event.preventDefault(); });

  desk.saving = Object.freeze({ save, isDirty, known: () => work.known, adopt, loaded, hold, release, isHeld: () => isHeld, isBusy: () => running !== null });
  if (isRefused) heard({ target: form });
  else if (form.dataset.id) show(true);
})();
