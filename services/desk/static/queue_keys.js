// Keys of the queue. They rest while a field has the focus, and a person can turn them off (WCAG 2.1.4). Everything is reachable without them.
"use strict";

(() => {
  const OFF = "desk.keys.off";
  const dialog = document.getElementById("keys");
  const toggle = document.getElementById("keys-on");
  const queue = desk.queue;
  if (!queue) return;

  const here = () => queue.rowOf(document.activeElement);

  function move(step) {
    const all = queue.rows();
    const at = all.indexOf(here());
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step;
    focus(all[Math.max(0, Math.min(all.length - 1, next))]);
  }

  function focus(row) {
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  }

  /* Decide about the row with the focus, and go on to the next open one. Without such a row a key only shows where it would act. */
  function act(action) {
    const row = here();
    if (!row) {
      move(1);
      return;
    }
    if (!queue.isOpen(row) || !queue.allows(row, action)) {
      desk.say(desk.word("queue.none_able"));
      return;
    }
    const all = queue.rows();
    const at = all.indexOf(row);
    const next = [...all.slice(at + 1), ...all.slice(0, at).reverse()].find(queue.isOpen);
    queue.decide([row], action);
    focus(next || row);
  }

  function select() {
    const pick = here()?.querySelector(".pick:not(:disabled)");
    if (!pick) return;
    pick.checked = !pick.checked;
    queue.showSelected?.();
  }

  function undo() {
    const last = queue.made.at(-1);
    if (last) queue.undo(last);
    else desk.say(desk.word("queue.nothing_to_undo"));
  }

  const open = () => here()?.querySelector(".about a")?.click();
  const help = () => dialog.showModal();
  const actions = {
    j: () => move(1),
    k: () => move(-1),
    a: () => act("approve"),
    r: () => act("reject"),
    s: () => act("spam"),
    d: () => act("remove"),
    u: undo,
    x: select,
    o: open,
    "/": () => document.getElementById("q").select(),
    "?": help,
    "؟": help,
  };
  // The same keys on a keyboard of another script.
  const places = { KeyJ: "j", KeyK: "k", KeyA: "a", KeyR: "r", KeyS: "s", KeyD: "d", KeyU: "u", KeyX: "x", KeyO: "o" };

  const isBusy = (target) => dialog.open || target.closest("input:not([type='checkbox']), textarea, select, [contenteditable]") !== null;

  document.addEventListener("keydown", (event) => {
    if (!toggle.checked || event.isComposing || event.repeat && !"jk".includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isBusy(event.target)) return;
    if (event.key === "Enter" && event.target.matches("#queue > .comment")) {
      open();
      return;
    }
    const isLatin = /^[ -~]$/.test(event.key);
    const action = actions[event.key] ?? (isLatin ? undefined : actions[places[event.code]]);
    if (!action) return;
    event.preventDefault();
    action();
  });

  toggle.checked = localStorage.getItem(OFF) === null;
  toggle.addEventListener("change", () => {
    if (toggle.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
  document.getElementById("keys-offer").hidden = false;
  document.getElementById("keys-open").addEventListener("click", help);
})();
