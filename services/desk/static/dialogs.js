/* Dialogs of the editor: one at a time, with a heading, closed by Escape; the focus returns to where it was. */
"use strict";
window.desk = window.desk || {};

(() => {
  let number = 0;

  /* Take the page behind a dialog from screen readers as well: some still read what a modal dialog covers. */
  function cover(isCovered) {
    // A dialog of the toolbar stands inside the page: it needs the page.
    if (!isCovered && document.querySelector("body > dialog[open]")) return;
    for (const part of document.querySelectorAll("body > :is(header, main, .skip)")) {
      part.inert = isCovered;
      if (isCovered) part.setAttribute("aria-hidden", "true");
      else part.removeAttribute("aria-hidden");
    }
  }

  /* Open a modal dialog with a heading and `children`; `labelledBy` names a heading among the children instead. Gives the element; its `close`
     event tells the end. */
  desk.dialog = (title, children, { className = "", labelledBy = "" } = {}) => {
    const before = document.activeElement;
    const id = labelledBy || `dialog-${++number}`;
    const heading = title ? [desk.make("h2", { id, textContent: title })] : [];
    const shown = desk.make("dialog", { className, attributes: { "aria-labelledby": id } }, ...heading, ...children);
    shown.addEventListener("close", () => {
      shown.remove();
      cover(false);
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    });
    document.body.append(shown);
    shown.showModal();
    cover(true);
    return shown;
  };

  const live = document.getElementById("said");

  /* Tell a message to screen readers. */
  desk.say = (message) => { if (live) desk.tell(live, message); };

  /* Move the focus to the headline; where the page only reads, to the first button. */
  desk.home = () => {
    const form = document.getElementById("editor");
    const headline = form.elements.namedItem("headline");
    const target = headline && !headline.matches(":disabled") ? headline : form.querySelector(".bar button:not([hidden])");
    target?.focus({ preventScroll: true });
  };

  /* Take a part out of the page; a focus in it goes home. */
  desk.remove = (part) => {
    const hadFocus = part?.contains(document.activeElement);
    part?.remove();
    if (hadFocus) desk.home();
  };

  /* A button that acts once at a time. */
  desk.button = (label, act, properties = {}) => {
    const made = desk.make("button", { type: "button", textContent: label, ...properties });
    // A disabled button would lose the focus.
    let isBusy = false;
    made.addEventListener("click", async () => {
      if (isBusy) return;
      isBusy = true;
      try { await act(made); } finally { isBusy = false; }
    });
    return made;
  };

  /* Copy a text. Browsers give the clipboard's interface to secure pages alone. */
  desk.toClipboard = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const before = document.activeElement;
      const field = desk.make("textarea", { value: text, className: "unseen" });
      (document.querySelector("dialog[open]") || document.body).append(field);
      field.select();
      const isDone = document.execCommand("copy");
      field.remove();
      before?.focus({ preventScroll: true });
      return isDone;
    }
  };
})();
