/* The way of a publication to its readers: saved, sent, projected, visible, each with its milliseconds. */
"use strict";
window.desk = window.desk || {};

(() => {
  const form = document.getElementById("editor");
  const place = document.getElementById("notices");
  if (!form || !place) return;

  const EVERY_MS = 500;
  const LONGEST_MS = 60_000;
  const STEPS = ["committed_at", "sent_at", "projected_at", "visible_at"];

  // The way of a withdrawal ends when readers see the article no more.
  const isWithdrawn = () => form.dataset.status === "withdrawn";
  const word = (name) => desk.word(isWithdrawn() ? `trace.withdrawn_${name}` : `trace.${name}`);

  function line(trace, name) {
    const at = trace[name];
    const after_ms = at ? Math.max(0, Math.round(new Date(at) - new Date(trace.committed_at))) : 0;
    const time = at && name !== "committed_at" ? desk.word("trace.after", { ms: desk.number(after_ms) }) : at ? desk.time(at) : desk.word("trace.waiting");
    return `${desk.word(name === "visible_at" && isWithdrawn() ? "trace.withdrawn_at" : `trace.${name}`)} ${time}`;
  }

  function update(list, trace) {
    STEPS.forEach((name, index) => {
      const item = list.children[index];
      const text = line(trace, name);
      if (item.textContent !== text) item.textContent = text;
      item.classList.toggle("reached", Boolean(trace[name]));
    });
  }

  const pause = () => new Promise((done) => { setTimeout(done, EVERY_MS); });
  let shown = null;

  /* Show the way of the newest public version until readers see it. */
  desk.trace = async (message = "") => {
    desk.remove(shown);
    desk.remove(place.querySelector("[data-notice=act]"));
    if (message) desk.say(message);
    const list = desk.make("ol", { className: "trace", attributes: { "aria-live": "polite" } }, ...STEPS.map(() => desk.make("li")));
    const title = desk.make("h2", { id: "trace-title", textContent: word("title") });
    const mine = desk.make("section", { className: "notice", attributes: { "aria-labelledby": title.id } }, desk.make("p", { textContent: message, hidden: !message }), title, list,
      desk.make("p", { className: "buttons" }, desk.button(desk.word("dismiss"), () => { mine.remove(); desk.home(); }, { className: "second" })));
    shown = mine;
    place.append(mine);
    const end = Date.now() + LONGEST_MS;
    while (mine.isConnected && Date.now() < end) {
      const answer = await desk.ask("GET", `/v1/articles/${form.dataset.id}/trace`);
      if (answer.status === 200) update(list, answer.json);
      if (answer.status === 404 || answer.json?.visible_at) return;
      await pause();
    }
    if (mine.isConnected) mine.append(desk.make("p", { textContent: word("slow"), attributes: { role: "alert" } }));
  };

})();
