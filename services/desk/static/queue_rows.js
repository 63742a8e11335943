/* Rows of the moderators' queue: a decision leaves its row where it is, so nothing moves under the pointer. A row that a colleague decided, or
   whose author edited it meanwhile, is shown again and not decided. */
"use strict";
window.desk = window.desk || {};

(() => {
  const list = document.getElementById("queue");
  if (!list) return;
  const address = list.dataset.address;
  const filters = new URL(address, location.href).searchParams;
  // Decisions of this page, the last one at the end.
  const made = [];

  const rows = () => [...list.querySelectorAll(":scope > .comment")];
  const row = (id) => document.getElementById(`c-${id}`);
  const rowOf = (element) => element?.closest?.("#queue > .comment") || null;
  const version = (one) => one.querySelector(".decide input[name^='pick-']").value;
  const isOpen = (one) => !one.dataset.decision && !one.dataset.busy && one.querySelector(".choices button") !== null;
  const allows = (one, action) => one.querySelector(`.choices button[value="${action}"]`) !== null;

  const form = (fields) => {
    const sent = new URLSearchParams(filters);
    for (const [name, value] of Object.entries(fields)) sent.set(name, value);
    return sent;
  };

  /* The part of a row below its text. It keeps its height while its content changes. */
  const outcome = (one, ...children) => {
    const place = one.querySelector(".decide");
    place.style.minBlockSize = `${place.offsetHeight}px`;
    one.querySelector(".outcome").replaceChildren(...children);
  };

  /* Decide about rows. Gives the number that changed; -1 when the request failed. */
  async function decide(chosen, action, reason = "") {
    for (const one of chosen) {
      one.dataset.busy = "true";
      one.classList.remove("failed");
      const hadFocus = one.querySelector(".decide").contains(document.activeElement);
      outcome(one, desk.word("queue.busy"));
      one.querySelector(".choices").hidden = true;
      // A hidden button would lose the focus.
      if (hadFocus) one.focus({ preventScroll: true });
    }
    const picks = Object.fromEntries(chosen.map((one) => [`pick-${one.dataset.id}`, version(one)]));
    const answer = await desk.ask("POST", "/desk/comments/decide", { form: form({ ...picks, action, ...(reason ? { reason } : {}) }) });
    for (const one of chosen) delete one.dataset.busy;
    if (answer.status !== 200) {
      fail(chosen, answer);
      return -1;
    }
    const stale = new Set(answer.json.conflicts);
    const decided = chosen.filter((one) => !stale.has(one.dataset.id));
    for (const one of decided) settle(one, action, answer.json.decision);
    if (decided.length) made.push(answer.json.decision);
    desk.say(desk.count(`queue.did.${action}`, answer.json.changed));
    await Promise.all(chosen.filter((one) => stale.has(one.dataset.id)).map((one) => refresh(one.dataset.id, "queue.conflict")));
    list.dispatchEvent(new CustomEvent("decided", { detail: { count: decided.length } }));
    return answer.json.changed;
  }

  function fail(chosen, answer) {
    const text = answer.status === 401 ? desk.word("queue.signed_out") : desk.refusal(answer);
    for (const one of chosen) {
      one.classList.add("failed");
      one.querySelector(".choices").hidden = false;
      outcome(one, desk.tell(desk.make("span", { className: "error" }), text));
    }
    desk.say(text);
  }

  function settle(one, action, decision) {
    one.dataset.decision = decision;
    one.classList.add("done");
    const pick = one.querySelector(".pick");
    pick.checked = false;
    pick.disabled = true;
    const back = desk.button(desk.word("queue.undo"), () => undo(decision), { className: "second undo" });
    back.setAttribute("aria-describedby", `n-${one.dataset.id}`);
    outcome(one, desk.make("b", { textContent: desk.word(`queue.state.${action}`) }), " ", back);
    if (document.activeElement === one) back.focus({ preventScroll: true });
  }

  /* Take a decision back: its rows are shown as they are now. */
  async function undo(decision) {
    const answer = await desk.ask("POST", "/desk/comments/undo", { form: form({ decision }) });
    const mine = rows().filter((one) => one.dataset.decision === decision);
    if (answer.status !== 200) {
      desk.say(answer.status === 401 ? desk.word("queue.signed_out") : desk.refusal(answer));
      for (const one of mine) one.querySelector(".outcome").append(" ", desk.tell(desk.make("span", { className: "error" }), desk.refusal(answer)));
      return;
    }
    const at = made.lastIndexOf(decision);
    if (at >= 0) made.splice(at, 1);
    const stale = new Set(answer.json.conflicts);
    await Promise.all(mine.map((one) => refresh(one.dataset.id, stale.has(one.dataset.id) ? "queue.not_undone" : "")));
    desk.say(desk.count("queue.did.undo", answer.json.changed));
    if (mine.length) row(mine[0].dataset.id)?.focus();
    list.dispatchEvent(new CustomEvent("decided", { detail: { count: -answer.json.changed } }));
  }

  /* Show a row as it is now; `note` says why. */
  async function refresh(id, note) {
    const before = row(id);
    const answer = await desk.ask("GET", `/desk/comments/${id}/row?${filters}`, { accept: "text/html" });
    const fresh = answer.status === 200 ? parse(answer.text)[0] : null;
    if (!fresh) {
      delete before.dataset.decision;
      fail([before], answer);
      return;
    }
    const hadFocus = before.contains(document.activeElement);
    before.replaceWith(fresh);
    if (note) {
      fresh.classList.add("conflict");
      fresh.querySelector(".decide").before(desk.make("p", { className: "problem", textContent: desk.word(note) }));
      desk.say(desk.word(note));
    }
    if (hadFocus) fresh.focus({ preventScroll: true });
  }

  /* Rows from the HTML of the desk. A parsed document runs nothing. */
  function parse(html) {
    return [...new DOMParser().parseFromString(html, "text/html").querySelectorAll("li.comment")].map((one) => document.adoptNode(one));
  }

  list.addEventListener("submit", (event) => {
    const one = rowOf(event.target);
    const action = event.submitter?.value;
    if (!one || !event.target.matches(".decide") || !action) return;
    event.preventDefault();
    if (isOpen(one)) decide([one], action);
  });

  desk.queue = { list, filters, address, rows, row, rowOf, isOpen, allows, decide, undo, refresh, parse, made };
})();
