/* The toolbar of the article's text, its shortcuts, its dialogs for links and pictures, and pasting. */
"use strict";
window.desk = window.desk || {};

(() => {
  const toolbar = document.getElementById("toolbar");
  if (!desk.text || !toolbar) return;
  const field = desk.text.element;
  const buttons = [...toolbar.querySelectorAll("button")];
  const ASKING = new Set(["link", "picture"]);
  const SHORTCUTS = { KeyB: "bold", KeyI: "italic", KeyK: "link" };

  const apply = (change) => {
    if (!change) return;
    desk.text.replaceRange(change.start, change.end, change.text);
    field.setSelectionRange(...change.select);
  };

  function run(name, details) {
    field.focus({ preventScroll: true });
    apply(desk.marks[name](desk.text.getText(), field.selectionStart, field.selectionEnd, details));
  }

  const start = (name) => {
    if (field.readOnly) return;
    if (name === "picture" && desk.pick) choose();
    else (ASKING.has(name) ? ask : run)(name);
  };

  /* A picture of the library, or of an address. Undo takes it back in one step. */
  async function choose() {
    const [from, to] = [field.selectionStart, field.selectionEnd];
    const text = desk.text.getText();
    const found = await desk.pick({ insert: true, alt: text.slice(from, to), hasGallery: desk.marks.isBehindPicture(text, from) });
    field.focus({ preventScroll: true });
    field.setSelectionRange(from, to);
    if (found?.byAddress) ask("picture");
    else if (found) run("picture", { alt: found.alt, caption: found.caption, address: `media:${found.id}`, beside: found.beside });
  }

  // Dialogs
  function ask(name) {
    const dialog = document.getElementById(`${name}-dialog`);
    const [from, to] = [field.selectionStart, field.selectionEnd];
    const selected = desk.text.getText().slice(from, to);
    const isAddress = /^https?:\/\/\S+$/.test(selected);
    const target = dialog.querySelector(isAddress ? "[name='address']" : "[name='words'], [name='alt']");
    target.value = selected.replace(/\s+/g, " ");
    dialog.returnValue = "";
    dialog.onclose = () => {
      const details = Object.fromEntries(new FormData(dialog.querySelector("form")));
      // Undo is one history for the page: new fields take what was typed in the dialog out of it.
      dialog.querySelectorAll("input").forEach(renew);
      field.focus({ preventScroll: true });
      field.setSelectionRange(from, to);
      if (dialog.returnValue === "insert") run(name, details);
    };
    dialog.showModal();
  }

  function renew(input) {
    const fresh = input.cloneNode();
    fresh.value = "";
    input.replaceWith(fresh);
  }

  document.querySelectorAll("dialog [data-cancel]").forEach((button) => button.addEventListener("click", () => button.closest("dialog").close("")));

  // Roving tabindex: the toolbar is one stop of the Tab key.
  function move(target) {
    buttons.forEach((button) => { button.tabIndex = button === target ? 0 : -1; });
    target.focus();
    target.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  toolbar.addEventListener("keydown", (event) => {
    const forward = document.documentElement.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
    const backward = forward === "ArrowLeft" ? "ArrowRight" : "ArrowLeft";
    const now = buttons.indexOf(document.activeElement);
    const next = { [forward]: now + 1, [backward]: now - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (event.key === "Escape") field.focus();
    if (next === undefined) return;
    event.preventDefault();
    move(buttons[(next + buttons.length) % buttons.length]);
  });

  // The text keeps focus and selection, and a phone its keyboard.
  toolbar.addEventListener("pointerdown", (event) => event.preventDefault());
  toolbar.addEventListener("mousedown", (event) => event.preventDefault());
  toolbar.addEventListener("click", (event) => {
    const button = event.target.closest("[data-mark]");
    if (button) start(button.dataset.mark);
  });

  // Shortcuts go by the place of the key, so they work on an Arabic keyboard too.
  let isPlainPaste = false;
  field.addEventListener("keydown", (event) => {
    isPlainPaste = event.code === "KeyV" && event.shiftKey && (event.ctrlKey || event.metaKey);
    const name = SHORTCUTS[codeOf(event)];
    if (!name || event.altKey || event.shiftKey || event.ctrlKey === event.metaKey || event.isComposing) return;
    event.preventDefault();
    start(name);
  });

  const codeOf = (event) => (/^[a-z]$/i.test(event.key) ? `Key${event.key.toUpperCase()}` : event.code);

  field.addEventListener("beforeinput", (event) => {
    if (event.inputType !== "insertLineBreak" || field.readOnly || event.isComposing || field.selectionStart !== field.selectionEnd) return;
    const change = desk.marks.newLine(desk.text.getText(), field.selectionStart);
    if (!change) return;
    event.preventDefault();
    apply(change);
  });

  field.addEventListener("paste", (event) => {
    const data = event.clipboardData;
    if (!data || isPlainPaste || field.readOnly) return;
    const change = pasted(data, desk.text.getText(), field.selectionStart, field.selectionEnd);
    if (!change) return;
    event.preventDefault();
    apply(change);
  });

  /* Null: the browser pastes the plain text itself. */
  function pasted(data, text, from, to) {
    const plain = data.getData("text/plain").trim();
    const selected = text.slice(from, to);
    if (selected.trim() && !selected.includes("\n") && /^https?:\/\/\S+$/.test(plain)) return desk.marks.link(text, from, to, { address: plain });
    const html = data.getData("text/html");
    const markdown = html && desk.isStructured(html) ? desk.markdownOf(html) : "";
    return markdown && desk.marks.paste(text, from, to, markdown);
  }

  // The toolbar sticks below the bar of acts, whose height depends on the screen.
  const bar = document.querySelector("#editor > .bar");
  if (bar) new ResizeObserver(() => document.documentElement.style.setProperty("--bar", `${bar.offsetHeight}px`)).observe(bar);

  // A phone's keyboard can cover the page without resizing it: the toolbar then follows the part that is visible.
  const view = window.visualViewport;
  const follow = () => document.documentElement.style.setProperty("--hidden-above", `${Math.max(0, Math.round(view.offsetTop))}px`);
  if (view) ["resize", "scroll"].forEach((name) => view.addEventListener(name, follow, { passive: true }));
})();
