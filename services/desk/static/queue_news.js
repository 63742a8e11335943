/* What comes while the page is open: counts, and new comments behind a button. Nothing enters the list by itself. */
"use strict";

(() => {
  if (!desk.queue) return;
  const { list, filters, address, row, parse } = desk.queue;
  const EVERY_MS = 5_000;
  const button = document.getElementById("show-new");
  const largest = () => [...list.querySelectorAll(".comment")].map((one) => one.dataset.id).sort().pop() || "";
  let since = list.dataset.newest || largest();
  let known = since;
  let waiting = [];
  let last = Infinity;
  // Reports make old comments new: identifiers do not tell, but their number does.
  let hasReports = false;

  async function look() {
    const sent = new URLSearchParams(filters);
    sent.set("since", since);
    sent.set("known", known);
    const answer = await desk.ask("GET", `/desk/comments/news?${sent}`);
    if (answer.status !== 200) return;
    for (const [name, number] of Object.entries(answer.json.counts)) {
      const shown = document.querySelector(`[data-count="${name}"]`);
      if (shown) shown.textContent = desk.number(number);
    }
    if (list.dataset.queue === "reported") {
      hasReports ||= answer.json.counts.reported > last;
      last = answer.json.counts.reported;
    } else if (answer.json.ids !== null) {
      known = answer.json.newest;
      waiting = answer.json.ids.filter((id) => !row(id));
    }
    button.hidden = !waiting.length && !hasReports;
    button.textContent = waiting.length ? desk.count("queue.new", waiting.length) : desk.word("queue.new_reports");
  }

  async function show() {
    const sent = new URLSearchParams(filters);
    sent.set("since", since);
    const isEmpty = !list.matches("ol");
    if (isEmpty || !waiting.length) {
      location.assign(address);
      return;
    }
    const answer = await desk.ask("GET", `/desk/comments/new-rows?${sent}`, { accept: "text/html" });
    if (answer.status !== 200) {
      desk.say(desk.refusal(answer));
      return;
    }
    const fresh = parse(answer.text).filter((one) => !row(one.dataset.id));
    if (list.dataset.order === "oldest") list.append(...fresh);
    else list.prepend(...fresh);
    since = [since, ...fresh.map((one) => one.dataset.id)].sort().pop();
    known = since;
    waiting = [];
    button.hidden = true;
    fresh[0]?.focus();
    desk.queue.showSelected?.();
  }

  button.addEventListener("click", show);
  const tick = async () => {
    if (document.visibilityState === "visible") await look();
    setTimeout(tick, EVERY_MS);
  };
  setTimeout(tick, EVERY_MS);
})();
