/* The adapter between the desk's scripts and a text field. Scripts change a text only through it, so the browser's undo keeps every step.
   `desk` is the only global name of the desk's scripts. */
"use strict";
window.desk = window.desk || {};

(() => {
  const adapters = new WeakMap();

  // Assigning to `value` or calling setRangeText would empty the undo history; typing by command does not.
  function type(element, text) {
    return document.execCommand(text === "" ? "delete" : "insertText", false, text);
  }

  function replaceRange(element, start, end, text) {
    if (element.readOnly || element.disabled || (start === end && text === "")) return;
    if (document.activeElement !== element) element.focus({ preventScroll: true });
    element.setSelectionRange(start, end);
    if (!type(element, text)) {
      element.setRangeText(text, start, end, "end");
      element.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText" }));
    }
  }

  /* The adapter of an <input> or <textarea>; always the same one for the same element.
     getText() gives the whole text. replaceRange(start, end, text) replaces a range and leaves the caret behind the new text.
     onChange(callback) calls back after each change, without the text: ask for it later, not at a keystroke. It returns a function that stops it. */
  desk.adapt = (element) => {
    if (!adapters.has(element)) {
      adapters.set(element, Object.freeze({
        element,
        getText: () => element.value,
        replaceRange: (start, end, text) => replaceRange(element, start, end, text),
        onChange: (callback) => {
          const heard = () => callback();
          element.addEventListener("input", heard);
          return () => element.removeEventListener("input", heard);
        },
      }));
    }
    return adapters.get(element);
  };

  /* The article's text, where the page has one. */
  const body = document.getElementById("body_markdown");
  desk.text = body && desk.adapt(body);

  /* Texts of the interface for scripts, from the page's <script type="application/json" id="desk-words">. */
  const found = document.getElementById("desk-words");
  const words = found ? JSON.parse(found.textContent) : {};
  desk.word = (key, values = {}) =>
    Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`{${name}}`, value), words[key] || key);

  /* A whole number in the interface's digits, and a counted noun in the right plural form. */
  desk.number = (value) => {
    const grouped = String(value).replace(/\B(?=(?:\d{3})+$)/g, words.grouping || ",");
    return grouped.replace(/\d/g, (digit) => [...(words.digits || "0123456789")][digit]);
  };
  const plurals = new Intl.PluralRules(document.documentElement.lang || "en");
  desk.count = (key, value) => desk.word(words[`${key}.${plurals.select(value)}`] ? `${key}.${plurals.select(value)}` : `${key}.other`, { number: desk.number(value) });
})();
