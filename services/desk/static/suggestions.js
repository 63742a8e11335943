/* Suggestions below "Tags" and "Bylines": the ARIA combobox with a list, for the name at the caret of a comma-separated field.
   Without suggestions the field stays a plain field. */
"use strict";
window.desk = window.desk || {};

(() => {
  const REST_MS = 150;
  const TIMEOUT_MS = 4000;
  const COMMA = /[,،]/;

  /* The name at the caret: its range without the spaces around it, and the other names of the field. Pure. */
  desk.nameAt = (text, caret) => {
    let start = caret;
    let end = caret;
    while (start > 0 && !COMMA.test(text[start - 1])) start -= 1;
    while (end < text.length && !COMMA.test(text[end])) end += 1;
    const others = [text.slice(0, start), text.slice(end)].flatMap((part) => part.split(COMMA)).map((name) => name.trim()).filter(Boolean);
    const whole = text.slice(start, end);
    const from = start + whole.length - whole.trimStart().length;
    return { start: Math.min(from, start + whole.length), end: start + whole.trimEnd().length || start, name: whole.trim(), others };
  };

  document.querySelectorAll("input[data-suggest]").forEach(suggest);

  function suggest(field) {
    const list = document.getElementById(`${field.id}-list`);
    const said = document.getElementById(`${field.id}-said`);
    let [options, chosen, turn, timer] = [[], -1, 0, 0];

    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) field.setAttribute(name, value);

    function close() {
      turn += 1;
      clearTimeout(timer);
      [options, chosen] = [[], -1];
      list.hidden = true;
      list.replaceChildren();
      field.setAttribute("aria-expanded", "false");
      field.removeAttribute("aria-activedescendant");
    }

    async function look() {
      const mine = (turn += 1);
      const { name, others } = desk.nameAt(field.value, field.selectionStart);
      if (name === "") return close();
      const found = await ask(field.dataset.suggest, name);
      // Only the newest question counts.
      if (mine !== turn || document.activeElement !== field) return undefined;
      const taken = new Set(others.map((other) => other.toLowerCase()));
      return show(found.filter((item) => item !== name && !taken.has(item.toLowerCase())));
    }

    function show(items) {
      if (items.length === 0) return close();
      // A late answer does not take the choice away.
      const kept = items.indexOf(options[chosen]);
      [options, chosen] = [items, -1];
      list.replaceChildren(...items.map(option));
      list.hidden = false;
      field.setAttribute("aria-expanded", "true");
      field.removeAttribute("aria-activedescendant");
      said.textContent = desk.count("suggestions", items.length);
      if (kept >= 0) mark(kept);
      return undefined;
    }

    function option(text, index) {
      const item = document.createElement("li");
      Object.assign(item, { id: `${field.id}-option-${index}`, textContent: text, dir: "auto" });
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.addEventListener("pointerdown", (event) => event.preventDefault());
      item.addEventListener("click", () => take(index));
      return item;
    }

    function mark(index) {
      chosen = (index + options.length) % options.length;
      [...list.children].forEach((item, number) => item.setAttribute("aria-selected", String(number === chosen)));
      field.setAttribute("aria-activedescendant", list.children[chosen].id);
      list.children[chosen].scrollIntoView({ block: "nearest" });
    }

    function take(index) {
      const { start, end } = desk.nameAt(field.value, field.selectionStart);
      const isLast = field.value.slice(end).trim() === "";
      desk.adapt(field).replaceRange(start, isLast ? field.value.length : end, options[index] + (isLast ? ", " : ""));
      close();
    }

    const KEYS = {
      ArrowDown: () => mark(chosen + 1),
      ArrowUp: () => mark(chosen < 0 ? -1 : chosen - 1),
      Enter: () => (chosen < 0 ? close() : take(chosen)),
      Escape: close,
    };

    field.addEventListener("keydown", (event) => {
      if (event.isComposing || list.hidden || !KEYS[event.key] || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      KEYS[event.key]();
    });
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(look, REST_MS);
    });
    field.addEventListener("blur", close);
  }

  async function ask(kind, beginning) {
    try {
      const query = new URLSearchParams({ kind, q: beginning });
      const answer = await fetch(`/desk/suggestions?${query}`, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(TIMEOUT_MS) });
      return answer.ok ? (await answer.json()).items : [];
    } catch {
      return []; // A name can always be typed.
    }
  }
})();
