/* Picture files that are pasted or dropped into the article's text: each uploads below it, and its Markdown comes into the text when it is there. */
"use strict";
window.desk = window.desk || {};

(() => {
  const field = desk.text?.element;
  const list = document.getElementById("body-uploads");
  if (!field || !list || !desk.upload) return;

  /* Where a place of an older text is in a newer one, when one passage was changed in between. Pure. */
  desk.movedPlace = (older, newer, place) => {
    let before = 0;
    const shorter = Math.min(older.length, newer.length);
    while (before < shorter && older[before] === newer[before]) before += 1;
    let behind = 0;
    while (behind < shorter - before && older.at(-1 - behind) === newer.at(-1 - behind)) behind += 1;
    if (place <= before) return place;
    if (place >= older.length - behind) return place + newer.length - older.length;
    return newer.length - behind;
  };

  /* Whether the paste is a picture and no more: Word and web pages put a picture of their text beside it. */
  function isPicture(data) {
    const html = data.getData("text/html");
    if (!html) return !data.getData("text/plain").trim();
    return !new DOMParser().parseFromString(html.replace(/<style\b[^]*?<\/style\s*>/gi, "").replace(/\sstyle\s*=/gi, " data-style="), "text/html").body.textContent.trim();
  }

  function take(files) {
    const older = desk.text.getText();
    const place = field.selectionEnd;
    for (const file of files) desk.upload(file, { list, onDone: (picture, row) => insert(picture, row, older, place) });
  }

  /* Put the picture where its file came in. A person who types on elsewhere keeps caret and focus. */
  async function insert(picture, row, older, place) {
    await composed();
    const text = desk.text.getText();
    const change = desk.marks.picture(text, ...[0, 0].map(() => desk.movedPlace(older, text, place)), { alt: picture.alt || "", address: `media:${picture.id}` });
    const focused = document.activeElement;
    const caret = [field.selectionStart, field.selectionEnd].map((at) => (at > change.start ? at + change.text.length : at));
    const wasAt = field.selectionStart === change.start && field.selectionEnd === change.start;
    desk.text.replaceRange(change.start, change.end, change.text);
    field.setSelectionRange(...(wasAt ? change.select : caret));
    if (focused instanceof HTMLElement && focused !== field) focused.focus({ preventScroll: true });
    row.querySelector("a")?.setAttribute("target", "_blank");
    if (picture.alt || picture.decorative) row.remove();
  }

  // A change of the text would break a word that an input method is making.
  let isComposing = false;
  field.addEventListener("compositionstart", () => { isComposing = true; });
  field.addEventListener("compositionend", () => { isComposing = false; });
  const composed = () => (isComposing ? new Promise((done) => { field.addEventListener("compositionend", () => setTimeout(done), { once: true }); }) : null);

  field.addEventListener("paste", (event) => {
    const files = desk.pictureFiles(event.clipboardData);
    if (event.defaultPrevented || field.readOnly || !files.length || !isPicture(event.clipboardData)) return;
    event.preventDefault();
    take(files);
  });

  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  field.addEventListener("dragover", (event) => {
    if (!hasFiles(event) || field.readOnly) return;
    event.preventDefault();
    field.classList.add("over");
  });
  field.addEventListener("dragleave", () => field.classList.remove("over"));
  field.addEventListener("drop", (event) => {
    field.classList.remove("over");
    if (!hasFiles(event) || field.readOnly) return;
    event.preventDefault();
    field.focus({ preventScroll: true });
    take([...event.dataTransfer.files]);
  });
})();
