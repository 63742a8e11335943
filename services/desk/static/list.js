// Keys of the list: j and k move, / searches, n writes, ? explains. They rest while a field has the focus, and a person can turn
// them off (WCAG 2.1.4). Everything is reachable without them.
"use strict";
(() => {
  const OFF = "desk.keys.off";
  const dialog = document.getElementById("keys");
  const toggle = document.getElementById("keys-on");
  const links = [...document.querySelectorAll("#articles a.headline")];

  const move = (step) => {
    const here = links.findIndex((link) => link.closest("li").contains(document.activeElement));
    const next = here < 0 ? (step > 0 ? 0 : links.length - 1) : here + step;
    links[Math.max(0, Math.min(links.length - 1, next))]?.focus();
  };
  const actions = {
    j: () => move(1),
    k: () => move(-1),
    "/": () => document.getElementById("q").select(),
    n: () => document.getElementById("new-article")?.click(),
    "?": () => dialog.showModal(),
    "؟": () => dialog.showModal(),
  };
  // The same keys on a keyboard of another script.
  const places = { KeyJ: "j", KeyK: "k", KeyN: "n" };

  const isBusy = (target) => dialog.open || target.closest("input, textarea, select, [contenteditable]") !== null;

  document.addEventListener("keydown", (event) => {
    if (!toggle.checked || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isBusy(event.target)) return;
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
  document.getElementById("keys-open").addEventListener("click", () => dialog.showModal());
})();
