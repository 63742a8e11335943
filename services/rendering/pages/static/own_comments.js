// The reader's own comments: shown while they wait for an editor, and changed or deleted within the time for it. The right to do so
// is a token that stays in this browser.
"use strict";
const mine = (() => {
  const KEY = "wm-comments";
  const article = document.querySelector("[data-article]")?.dataset.article;

  // By id: the comment's article, name, text, status and message, its token, and until when the token is good.
  function load() {
    try {
      const all = Object.entries(JSON.parse(localStorage.getItem(KEY)) || {});
      return Object.fromEntries(all.filter(([, { until }]) => Date.parse(until) > Date.now()));
    } catch {
      return {};
    }
  }

  function save(all) {
    try {
      localStorage.setItem(KEY, JSON.stringify(all));
    } catch {
      // Without storage, a comment cannot be changed later.
    }
  }

  function remember({ id, edit_token: token, edit_until: until, article_id, name, body, status, message }) {
    if (token) save({ ...load(), [id]: { article: article_id, token, until, name, body, status, message } });
    show();
  }

  function update(id, fields) {
    const all = load();
    if (all[id]) save({ ...all, [id]: { ...all[id], ...fields } });
    show();
  }

  function forget(id) {
    const { [id]: gone, ...all } = load();
    save(all);
    talk.byId(id)?.querySelectorAll("[data-own]").forEach((part) => part.remove());
    show();
  }

  // ---- on the page
  const waiting = Object.assign(make("div", "own"), { hidden: true });

  function show() {
    const shown = Object.entries(load()).filter(([, own]) => own.article === article);
    const onPage = ([id]) => talk.byId(id)?.querySelector(".comment-body");
    for (const [id] of shown.filter(onPage)) addActs(talk.byId(id).querySelector(".acts"), id);
    if (waiting.querySelector("form")) return;
    const held = shown.filter((one) => !onPage(one) && one[1].status !== "published");
    waiting.replaceChildren(...held.map(([id, own]) => heldComment(id, own)));
    waiting.hidden = !held.length;
  }

  function heldComment(id, own) {
    const [comment, by, body, acts] = [make("div", "comment"), make("p", "comment-by"), make("div", "comment-body"), make("div", "acts")];
    by.append(make("span", "comment-pick", talk.words.mine), make("bdi", "comment-name", own.name));
    body.dir = "auto";
    body.append(make("p", "as-typed", own.body));
    comment.append(by, body, ...(own.message ? [Object.assign(make("p", "form-note", own.message), { dir: "auto" })] : []), acts);
    addActs(acts, id);
    return comment;
  }

  function addActs(acts, id) {
    if (acts.querySelector("[data-own]")) return;
    acts.append(act(talk.words.edit, () => edit(acts, id)), act(talk.words.delete, () => askToDelete(acts, id)));
  }

  function act(text, onClick) {
    const button = Object.assign(make("button", "act", text), { type: "button" });
    button.dataset.own = "";
    button.addEventListener("click", onClick);
    return button;
  }

  function ownForm(name, ...parts) {
    const form = make("form", name);
    form.append(...parts);
    return form;
  }

  function buttons(submit, close) {
    const row = make("p", "own-acts");
    row.append(make("button", "", submit), act(talk.words.cancel, () => close()));
    return row;
  }

  const authorized = (id) => ({ Authorization: `Comment ${load()[id]?.token}` });

  function edit(acts, id) {
    const label = make("label", "field", talk.words.edit);
    const text = Object.assign(make("textarea", "", load()[id]?.body), { name: "body", rows: 5, maxLength: 5000, required: true, dir: "auto" });
    label.append(text);
    const form = ownForm("edit-form", label, buttons(talk.words.save, () => close()));
    const close = talk.open(acts, form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      talk.submit(form, async () => {
        const changed = await talk.call("PATCH", `/v1/comments/${id}`, { body: text.value }, authorized(id));
        close();
        saved(id, changed);
      });
    });
  }

  function saved(id, { body, body_html, status, message }) {
    const shown = talk.byId(id)?.querySelector(".comment-body");
    // As live.js does it: HTML that the comments service has made from plain text.
    if (shown && status === "published") shown.replaceChildren(...new DOMParser().parseFromString(body_html, "text/html").body.childNodes);
    else if (shown) shown.closest(".comment").hidden = true;
    update(id, { body, status, message });
    talk.tell(message || talk.words.saved);
  }

  function askToDelete(acts, id) {
    const form = ownForm("edit-form", make("p", "form-note", talk.words.sure), buttons(talk.words.yes, () => close()));
    const close = talk.open(acts, form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      talk.submit(form, async () => {
        await talk.call("DELETE", `/v1/comments/${id}`, null, authorized(id));
        close();
        forget(id);
        talk.tell(talk.words.deleted);
      });
    });
  }

  talk.place.querySelector("[data-received]").after(waiting);
  show();
  document.addEventListener("added", show);
  return { remember };
})();
