// Forms of a discussion: replies, posting in place, reports. Fetched when a reader comes near the comments (site.js); until then,
// and without scripts, they are plain forms.
"use strict";
const talk = (() => {
  const place = document.querySelector(".comments");
  const received = place.querySelector("[data-received]");
  const thanks = received.firstChild.data.trim();
  const words = JSON.parse(place.dataset.words);
  const TIMEOUT_MS = 20000;
  let errors = 0;

  const byId = (id) => document.getElementById(`comment-${id}`);

  // A sentence for the reader, above the comments, with the focus on it.
  function tell(text, ...more) {
    received.replaceChildren(text, ...more);
    received.hidden = false;
    received.focus({ preventScroll: true });
    received.scrollIntoView({ block: "center" });
  }

  // Sends JSON and returns the answer's content. Throws an Error with a sentence for the reader, and with `fields`: those for each field.
  async function call(method, path, content, headers = {}) {
    const answer = await fetch(path, {
      method,
      headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang, ...headers },
      body: content && JSON.stringify(content),
      signal: AbortSignal.timeout && AbortSignal.timeout(TIMEOUT_MS),
    }).catch(() => { throw Object.assign(new Error(words.failed), { fields: [] }); });
    const found = await answer.json().catch(() => ({}));
    if (answer.ok) return found;
    throw Object.assign(new Error(found.detail || words.failed), {
      fields: found.errors || [],
      language: found.detail ? answer.headers.get("Content-Language") || "en" : "",
    });
  }

  // ---- reply forms: opening one puts it in place, and the cursor into it
  function prepare() {
    for (const reply of place.querySelectorAll("details.reply:not([data-ready])")) {
      reply.dataset.ready = "";
      // In what live.js has parsed, a <noscript> has elements: a form never says that there are no scripts.
      reply.querySelector("[name=without_script]")?.remove();
      reply.addEventListener("toggle", () => {
        if (!reply.open) return;
        placeForm(reply);
        reply.querySelector("textarea").focus();
      });
      if (reply.open) placeForm(reply);
    }
  }

  // The form is in a <noscript>: as text in a page, as elements in what live.js has parsed.
  function placeForm(reply) {
    const hidden = reply.querySelector("noscript");
    if (!hidden) return;
    const form = hidden.querySelector("form") || new DOMParser().parseFromString(hidden.textContent, "text/html").querySelector("form");
    form.querySelector("[name=without_script]")?.remove();
    hidden.replaceWith(form);
  }

  // ---- errors: beside their fields, the focus on the first
  function clearErrors(form) {
    form.querySelectorAll(".error").forEach((line) => line.remove());
    form.querySelectorAll("[aria-invalid]").forEach((field) => {
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    });
  }

  function showErrors(form, error) {
    if (!error.fields) throw error;
    clearErrors(form);
    const beside = error.fields.filter(({ pointer }) => visible(form, pointer));
    for (const { pointer, detail } of beside) showError(visible(form, pointer), detail, error.language);
    const rest = error.fields.filter((one) => !beside.includes(one)).map(({ detail }) => detail);
    const line = beside.length && !rest.length ? null : errorLine(rest.join(" ") || error.message, error.language);
    if (line) form.append(line);
    (form.querySelector("[aria-invalid]") || line).focus();
  }

  function visible(form, pointer) {
    const field = form.elements[pointer.slice(1)];
    return field && field.type !== "hidden" ? field : null;
  }

  function errorLine(text, language) {
    return Object.assign(make("p", "error", text), { id: `error-${++errors}`, tabIndex: -1, lang: language, dir: "auto" });
  }

  function showError(field, text, language) {
    const line = errorLine(text, language);
    field.closest("label").after(line);
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", line.id);
  }

  // One request at a time for each form; a second click does nothing.
  async function submit(form, send) {
    if (form.dataset.busy) return;
    const button = form.querySelector("button:not([type=button])");
    const label = button.textContent;
    form.dataset.busy = "1";
    button.textContent = words.sending;
    try {
      await send();
      clearErrors(form);
    } catch (error) {
      showErrors(form, error);
    } finally {
      delete form.dataset.busy;
      button.textContent = label;
    }
  }

  // ---- posting
  function fieldsOf(form) {
    const { body, name, email, website, parent_id, contact_me, notify } = Object.fromEntries(new FormData(form));
    // Since the page was opened: a program is faster than a person.
    const fields = { body, name, email, seconds: Math.round(performance.now() / 100) / 10 };
    return Object.assign(fields, website && { website }, parent_id && { parent_id }, contact_me && { contact_me }, notify && { notify: true });
  }

  async function post(form) {
    const comment = await call("POST", new URL(form.action).pathname, fieldsOf(form));
    form.querySelector("textarea").value = "";
    form.closest("details")?.removeAttribute("open");
    mine.remember(comment);
    if (comment.status !== "published") {
      tell(comment.message || thanks);
      return goToWhenAdded(comment.id);
    }
    if (byId(comment.id)) return goTo(comment.id);
    // The newest page of the usual order shows it by itself.
    const link = Object.assign(make("a", "", words.show), { href: `?comment=${comment.id}` });
    tell(`${words.published} `, ...(place.matches("[data-live-comments]") ? [] : [link]));
    goToWhenAdded(comment.id);
  }

  // Once live.js has put a comment into the page: takes the sentence about it back, and goes to the comment unless the reader has
  // moved the focus since.
  function goToWhenAdded(id) {
    const told = received.textContent;
    document.addEventListener("added", function look() {
      if (!byId(id)) return;
      document.removeEventListener("added", look);
      if ([received, document.body].includes(document.activeElement)) goTo(id);
      else if (received.textContent === told) received.hidden = true;
    });
  }

  function goTo(id) {
    received.hidden = true;
    location.replace(`#comment-${id}`);
  }

  // Puts a form in the place of a comment's buttons, and returns a function that brings them back.
  function open(acts, form) {
    const opener = document.activeElement;
    acts.hidden = true;
    acts.after(form);
    form.querySelector("textarea, select, button").focus();
    return () => {
      form.remove();
      acts.hidden = false;
      if (acts.contains(opener)) opener.focus();
    };
  }

  // ---- reports
  function report(link) {
    const acts = link.closest(".acts");
    const form = place.querySelector("[data-report]").content.firstElementChild.cloneNode(true);
    const close = open(acts, form);
    form.querySelector("[type=button]").addEventListener("click", close);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit(form, async () => {
        const { reason, note } = Object.fromEntries(new FormData(form));
        await call("POST", new URL(link.href).pathname, Object.assign({ reason }, note && { note }));
        close();
        const thanks = Object.assign(make("p", "act-note", words.reported), { tabIndex: -1 });
        link.replaceWith(thanks);
        thanks.focus();
      });
    });
  }

  // The comments service redirects a plain form to #comment-<id>. Before moderation, there is no such element.
  function acknowledgeComment() {
    const id = location.hash.slice(1).replace("comment-", "");
    const wasSent = performance.getEntriesByType("navigation")[0]?.redirectCount && document.referrer.startsWith(location.origin);
    if (!wasSent || !location.hash.startsWith("#comment-") || byId(id)) return;
    tell(thanks);
    goToWhenAdded(id);
  }

  place.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches(".reply-form")) return;
    event.preventDefault();
    submit(form, () => post(form));
  });
  place.addEventListener("click", (event) => {
    const link = event.target.closest("a.report");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    report(link);
  });
  prepare();
  setTimeout(acknowledgeComment);
  // Sent by live.js when it has changed the page.
  document.addEventListener("added", prepare);
  return { place, words, byId, tell, call, submit, open };
})();
