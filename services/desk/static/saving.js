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
  const work = { known: desk.fields.read(), acknowledged: isRefused ? "" : text(desk.fields.read()), isBaseKnown: !isRefused, revised: "", unsure: [], created: null };
  let saveTimer = 0, copyTimer = 0, firstChange = 0, failures = 0, isHeld = false, isSignedOut = false, isStrict = false, hasNoCopy = false;
  let wanted = null, running = null;

  function text(fields) { return JSON.stringify(fields); }
  const isDirty = () => text(desk.fields.read()) !== work.acknowledged;

  function show(isSaved, more = "") {
    const said = desk.word(isSaved ? "saving.saved" : "saving.not_saved");
    if (state.textContent !== said) state.textContent = said;
    desk.tell(detail, hasNoCopy && !isSaved ? `${more} ${desk.word("saving.no_room")}` : more);
  }

  function heard(event) {
    if (event.target.closest?.("dialog")) return;
    firstChange ||= Date.now();
    if (state.textContent !== desk.word("saving.not_saved")) show(false, isHeld ? desk.word("saving.conflict") : isSignedOut ? desk.word("saving.signed_out") : "");
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
    if (!isHeld && !isSignedOut) saveTimer = setTimeout(save, delayMs);
  }

  /* Save the fields. Resolves to true when the service has acknowledged all that they hold; `whole` goes on until then: a person waits
     for it. `explicit` makes a revision. */
  function save({ explicit = false, whole = explicit, keepalive = false } = {}) {
    clearTimeout(saveTimer);
    if (whole) isSignedOut = false;
    else if (isHeld || isSignedOut) return pause();
    wanted = { explicit: explicit || wanted?.explicit === true, whole: whole || wanted?.whole === true, keepalive };
    running ||= drain().finally(() => { running = null; });
    return running;
  }

  async function pause() {
    keepCopy();
    return false;
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

  async function once({ explicit, whole, keepalive = false }) {
    firstChange = 0;
    const sent = work.created?.fields || desk.fields.sendable(desk.fields.read());
    if (text(sent) === work.acknowledged && (!explicit || text(sent) === work.revised)) return settle(whole);
    keepCopy();
    if (!sent.section) return unfinished("/section", desk.word("saving.needs_section"), whole);
    // A person who pressed Save waits for the answer; an automatic save need not be told.
    if (explicit) show(false, desk.word("saving.under_way"));
    const answer = await send(sent, explicit, keepalive);
    return after(answer, sent, { explicit, whole });
  }

  /* The service cannot take a part of the text yet: only this browser keeps it. */
  function unfinished(pointer, why, isAsked) {
    if (isAsked) {
      isStrict = false;
      desk.fields.mark([{ pointer, detail: why }]);
      form.querySelector("[data-wrong]")?.focus();
    }
    return fail(why, isAsked);
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

  async function after(answer, sent, asked) {
    if (answer.status === 200 || answer.status === 201) return accept(answer.json, sent, asked);
    if (answer.status === 412) return resolve(asked);
    if (answer.status === 401) return (await desk.signIn()) ? once(asked) : signedOut();
    if (answer.status === 0 || answer.status >= 500 || answer.status === 429) return retry(answer, asked);
    work.created = null;
    return refuse(answer, sent, asked);
  }

  /* The person signs in later: no automatic save asks again. */
  function signedOut() {
    isSignedOut = true;
    return fail(desk.word("saving.signed_out"));
  }

  function refuse(answer, sent, { explicit }) {
    isStrict ||= explicit;
    desk.fields.mark(answer.json?.errors || []);
    // An automatic save takes an unfinished text.
    if (explicit && answer.status === 422) plan(0);
    // A person who typed on keeps the place.
    if (explicit && text(sent) === text(desk.fields.sendable(desk.fields.read()))) form.querySelector("[data-wrong]")?.focus();
    fail(desk.refusal(answer), explicit);
    // A person pressed Save meanwhile.
    return wanted?.whole === true;
  }

  function accept(article, sent, { explicit, whole }) {
    const isNew = !form.dataset.id;
    Object.assign(work, { known: desk.fields.of(article), acknowledged: text(sent), isBaseKnown: true, unsure: [], created: null });
    if (explicit) work.revised = text(sent);
    failures = 0;
    isHeld = isSignedOut = false;
    adopt(article);
    if (isNew) moveTo(article.id);
    // An automatic save allows more than an explicit one: it does not take back what that one found.
    if (explicit || !isStrict) {
      isStrict = false;
      desk.fields.mark();
    }
    form.dispatchEvent(new CustomEvent("desk:saved", { detail: article }));
    return settle(whole);
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

  function settle(isAsked = false) {
    if (isDirty()) {
      keepCopy();
      if (wanted) return true;
      if (text(desk.fields.sendable(desk.fields.read())) === work.acknowledged) return unfinished("/lead_image/url", desk.word("saving.needs_address"), isAsked);
      plan(QUIET_MS);
      return true;
    }
    desk.copy.remove();
    clearTimeout(copyTimer);
    hasNoCopy = false;
    if (form.dataset.id) show(true, desk.time(new Date()));
    else state.textContent = detail.textContent = "";
    return true;
  }

  /* `isAsked`: a person waits for the save, and hears why it failed. */
  function fail(why, isAsked = false) {
    show(false, why);
    if (isAsked) desk.say(why);
    return false;
  }

  function retry(answer, { explicit }) {
    failures += 1;
    const waits_s = Number(answer.headers.get("Retry-After")) || Math.min(LONGEST_BACK_OFF_S, 2 ** failures);
    clearTimeout(saveTimer);
    saveTimer = setTimeout(() => save({ explicit }), waits_s * 1000 * (0.75 + Math.random() / 2));
    return fail(desk.refusal(answer), explicit && failures === 1);
  }

  /* The version is not the newest. Go on when the newest text is ours (its answer was lost) or the one that ours is based on; else a person decides. */
  async function resolve(asked) {
    const answer = await desk.ask("GET", `/v1/articles/${form.dataset.id}`);
    if (answer.status !== 200) return after(answer, desk.fields.sendable(desk.fields.read()), asked);
    const theirs = desk.fields.of(answer.json);
    const ours = work.unsure.slice(0, -1).find((sent) => desk.fields.same(sent, theirs));
    if (ours) return accept(answer.json, ours, { explicit: false, whole: asked.whole }) && once(asked);
    if (desk.fields.same(work.known, theirs)) {
      adopt(answer.json);
      return once(asked);
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

  /* The merge screen was closed without a way out; it showed this version. A text that lost a race waits for an explicit save or an act: else each
     pause would ask again. */
  function release(version) {
    isHeld = isDirty() && version !== Number(form.dataset.version);
    if (isHeld) show(false, desk.word("saving.conflict"));
    else if (isDirty()) plan(0);
  }

  /* The page shows this article's text now: nothing is unsaved. */
  function loaded(article) {
    Object.assign(work, { known: desk.fields.of(article), acknowledged: text(desk.fields.sendable(desk.fields.read())), isBaseKnown: true, revised: "", unsure: [] });
    adopt(article);
    isHeld = false;
    settle();
  }

  function leave() {
    if (!isDirty()) return;
    keepCopy();
    if (!running) save({ keepalive: true });
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
  window.addEventListener("online", () => { if (isDirty()) save(); });
  window.addEventListener("beforeunload", (event) => { if (isDirty() && hasNoCopy) event.preventDefault(); });

  desk.saving = Object.freeze({ save, isDirty, known: () => work.known, base: () => (work.isBaseKnown ? work.known : null), adopt, loaded, hold, release, isHeld: () => isHeld, isBusy: () => running !== null });
  if (isRefused) heard({ target: form });
  else if (form.dataset.id) show(true);
})();
