// Votes: counted at once on the page, taken back when the site refuses them. The server knows a visitor for a day, so does this browser.
"use strict";
(() => {
  const KEY = "wm-votes";
  const today = new Date().toISOString().slice(0, 10);

  function load() {
    try {
      const { day, of } = JSON.parse(localStorage.getItem(KEY));
      return day === today ? of : {};
    } catch {
      return {};
    }
  }

  function keep(id, value) {
    try {
      localStorage.setItem(KEY, JSON.stringify({ day: today, of: { ...load(), [id]: value } }));
    } catch {
      // Without storage, a vote is forgotten with the page.
    }
  }

  const idOf = (button) => button.closest(".comment").id.replace("comment-", "");

  function show(comment, value) {
    for (const button of comment.querySelectorAll(":scope > .acts > button.act[value]")) {
      button.setAttribute("aria-pressed", String(Number(button.value) === value));
    }
  }

  function showAll() {
    const votes = load();
    for (const comment of talk.place.querySelectorAll(".comment")) show(comment, votes[comment.id.replace("comment-", "")] || 0);
  }

  function count(comment, value, by) {
    const shown = comment.querySelector(`:scope > .acts > [value="${value}"] > [data-votes]`);
    if (!shown) return;
    shown.dataset.votes = Math.max(0, Number(shown.dataset.votes) + by);
    shown.textContent = Number(shown.dataset.votes) ? numeral(shown.dataset.votes) : "";
  }

  function change(comment, from, to) {
    count(comment, from, -1);
    count(comment, to, 1);
    show(comment, to);
  }

  async function vote(button) {
    const [comment, id] = [button.closest(".comment"), idOf(button)];
    if (comment.dataset.voting) return;
    comment.dataset.voting = "1";
    const before = load()[id] || 0;
    const after = before === Number(button.value) ? 0 : Number(button.value);
    change(comment, before, after);
    try {
      await talk.call("POST", `/v1/comments/${id}/vote`, { value: after });
      keep(id, after);
      comment.querySelector(":scope > .acts > .error")?.remove();
    } catch (error) {
      change(comment, after, before);
      refuse(comment, error);
    } finally {
      delete comment.dataset.voting;
    }
  }

  function refuse(comment, error) {
    const acts = comment.querySelector(":scope > .acts");
    const line = acts.querySelector(":scope > .error") || make("p", "error");
    Object.assign(line, { role: "alert", textContent: error.message, lang: error.language || "", dir: "auto" });
    acts.append(line);
  }

  talk.place.addEventListener("submit", (event) => {
    if (event.target.id !== "act" || !event.submitter) return;
    event.preventDefault();
    vote(event.submitter);
  });
  showAll();
  document.addEventListener("added", showAll);
})();
