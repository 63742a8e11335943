/* Who else is in the article, and what changed under the editor: by a heartbeat, and by a light poll of the version. */
"use strict";
window.desk = window.desk || {};

(() => {
  const form = document.getElementById("editor");
  const place = document.getElementById("present");
  if (!form || !place) return;

  const BEAT_MS = 30_000;
  const POLL_MS = 5_000;
  const EDITING_MS = 60_000;
  const isEditor = form.dataset.edits === "true";
  let typedAt = 0, others = [], isChecking = false, announced = Number(form.dataset.version) || 0;

  const path = (rest = "") => `/v1/articles/${form.dataset.id}${rest}`;
  const isStale = (version) => version > Number(form.dataset.version) && !desk.saving?.isBusy();

  async function beat(state) {
    if (!form.dataset.id) return;
    const said = state || (isEditor && Date.now() - typedAt < EDITING_MS ? "editing" : "viewing");
    const answer = await desk.ask("POST", path("/presence"), { json: { state: said }, keepalive: said === "gone" });
    if (answer.status !== 200 || said === "gone") return;
    showPeople(answer.json.people.filter((person) => !person.is_you));
    if (isStale(answer.json.version)) check();
  }

  function showPeople(people) {
    others = people;
    const line = people.map((person) => desk.word(`presence.${person.state}`, { name: person.name })).join(" ");
    if (place.textContent !== line) place.textContent = line;
  }

  /* Ask for the article when its version may have changed. */
  async function check() {
    if (isChecking || !form.dataset.id || desk.saving?.isBusy() || document.querySelector("dialog[open]")) return;
    isChecking = true;
    try {
      const answer = await desk.ask("GET", path(), { etag: form.dataset.version });
      if (answer.status === 200 && isStale(answer.json.version)) await changed(answer.json);
    } finally {
      isChecking = false;
    }
  }

  async function changed(article) {
    if (article.version <= announced) return;
    // The same text, with a picture's new facts: nothing to tell.
    if (article.text_version <= Number(form.dataset.version)) {
      announced = article.version;
      desk.saving?.adopt(article);
      return;
    }
    const who = await author(article);
    if (!isStale(article.version)) return;
    announced = article.version;
    const isSame = desk.saving && desk.fields.same(desk.saving.known(), desk.fields.of(article));
    const values = { name: who.name, time: desk.time(article.updated_at) };
    if (isSame) {
      desk.saving.adopt(article);
      desk.notice(desk.word(who.action ? `changed.${who.action}` : "changed.other", values), [], { name: "changed" });
    } else {
      const message = who.action && who.action !== "autosave" ? desk.word(`changed.${who.action}_text`, values) : desk.word("changed.text", values);
      offer(article, message);
    }
  }

  /* Who made the newest version. Automatic saves in between have no revision: then someone who edits. */
  async function author(article) {
    const newest = (await desk.ask("GET", path("/revisions?limit=1"))).json?.items?.[0];
    if (newest?.version === article.version) {
      return { name: newest.by_id === form.dataset.person ? desk.word("changed.you") : newest.by, action: newest.action };
    }
    const editing = others.filter((person) => person.state === "editing");
    return { name: editing.length === 1 ? editing[0].name : desk.word("changed.someone"), action: "" };
  }

  function offer(article, message) {
    const difference = desk.make("div", { className: "difference" });
    const buttons = desk.make("p", { className: "buttons" },
      desk.button(desk.word("changed.see"), () => desk.compare(desk.fields.of(article), difference)),
      desk.button(desk.word("changed.load"), () => load(shown), { className: "second" }));
    const shown = desk.notice(message, [difference, buttons], { name: "changed" });
  }

  /* Show the newest text: at once when nothing of mine is unsaved, else beside mine. */
  async function load(shown) {
    const answer = await desk.ask("GET", path());
    if (answer.status !== 200) return desk.say(desk.refusal(answer));
    // A dialog gives the focus back to where it was.
    desk.remove(shown);
    announced = answer.json.version;
    if (!desk.saving) return location.reload();
    if (desk.saving.isDirty()) return desk.merge(answer.json);
    desk.fields.write(desk.fields.of(answer.json));
    desk.saving.loaded(answer.json);
    return desk.home();
  }

  /* The page shows the newest version: a notice of an older one is void. */
  function current(event) {
    announced = Math.max(announced, event.detail.version);
    desk.remove(document.querySelector("[data-notice=changed] .difference")?.closest("[data-notice]"));
  }

  form.addEventListener("input", () => {
    const isNew = Date.now() - typedAt > EDITING_MS;
    typedAt = Date.now();
    if (isNew) beat();
  });
  form.addEventListener("desk:article", current);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") beat("gone");
    else { beat(); check(); }
  });
  window.addEventListener("pagehide", () => beat("gone"));
  window.addEventListener("pageshow", () => beat());
  setInterval(() => { if (document.visibilityState === "visible") beat(); }, BEAT_MS);
  setInterval(() => { if (document.visibilityState === "visible") check(); }, POLL_MS);
})();
