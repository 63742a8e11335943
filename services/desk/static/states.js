/* The article's states with their times, and the note of return, as templates/articles/bar.html shows them; and what the act before this page has done. */
"use strict";
window.desk = window.desk || {};

(() => {
  const form = document.getElementById("editor");
  const place = document.getElementById("states");
  if (!form || !place) return;

  // As OVERDUE_AFTER in articles/states.py.
  const OVERDUE_MS = 2_000;
  const SHOWN_TO_READERS = ["publish", "correct", "withdraw"];
  const words = JSON.parse(place.dataset.words);

  /* The states of an article, its status first: as `states_of` in articles/states.py. */
  function statesOf(article, now) {
    const found = [{ name: article.status }];
    if (article.changed) found.push({ name: "changed" });
    if (article.scheduled_for) {
      const isLate = now - new Date(article.scheduled_for) > OVERDUE_MS;
      found.push({ name: isLate ? "overdue" : "scheduled", at: article.scheduled_for, isUrgent: isLate });
    }
    if (article.embargo_until && new Date(article.embargo_until) > now) found.push({ name: "embargo", at: article.embargo_until });
    if (article.submitted_at) found.push({ name: "submitted", at: article.submitted_at, by: article.submitted_by });
    if (article.note_back) found.push({ name: "returned" });
    return found;
  }

  function time(at) {
    const { zone, yours } = place.dataset;
    return desk.make("time", { className: "both", dateTime: at, textContent: desk.moment(new Date(at), zone), attributes: { "data-zone": zone, "data-yours": yours } });
  }

  function element(state) {
    const made = desk.make("span", { className: `story-state ${state.name}`, textContent: words[state.name] });
    if (state.isUrgent) made.classList.add("urgent");
    if (state.by) made.append(" ", desk.make("bdi", { textContent: state.by }));
    if (state.at) made.append(" ", time(state.at));
    return made;
  }

  function show(article) {
    place.replaceChildren(...statesOf(article, Date.now()).flatMap((state, index) => index ? [" ", element(state)] : [element(state)]));
    desk.showTimes(place);
    const note = document.getElementById("note-back");
    note.hidden = !article.note_back;
    note.querySelector("q").textContent = article.note_back || "";
  }

  form.addEventListener("desk:article", (event) => show(event.detail));

  /* The page of an act led here: its sentence becomes a notice that can be dismissed. A reload after a further change does not tell it again. */
  const outcome = document.getElementById("outcome")?.textContent;
  if (!outcome) return;
  const act = new URLSearchParams(location.search).get("done");
  if (SHOWN_TO_READERS.includes(act)) desk.trace(outcome);
  else desk.notice(outcome, [], { name: "act" });
  form.addEventListener("desk:article", () => history.replaceState(history.state, "", location.pathname), { once: true });
})();
