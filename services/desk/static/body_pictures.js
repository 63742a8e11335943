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

  /* The picture of the first try; null where it was refused. `onLate` gets the one of a retry. */
  async function upload(file, onLate) {
    let isFirst = true;
    const onDone = (picture, row) => {
      row.querySelector("a").target = "_blank";
      if (picture.alt || picture.decorative) row.remove();
      if (!isFirst) onLate(picture);
    };
    const picture = await desk.upload(file, { list, onDone });
    isFirst = false;
    return picture;
  }

  // Where pictures that are on their way belong: {text, place}, kept true while a person types.
  const marks = new Set();
  desk.text.onChange(() => {
    if (!marks.size) return;
    const text = desk.text.getText();
    for (const mark of marks) follow(mark, text);
  });

  function follow(mark, text) {
    mark.place = desk.movedPlace(mark.text, text, mark.place);
    mark.text = text;
  }

  /* Files that come together make one gallery, in their order. One that is refused at first comes in by itself when a retry succeeds. */
  function take(files) {
    const mark = { text: desk.text.getText(), place: field.selectionEnd };
    marks.add(mark);
    return desk.whileUploading(async () => {
      const tries = files.map((file) => upload(file, (picture) => desk.whileUploading(() => insert([picture], mark))));
      const pictures = (await Promise.all(tries)).filter(Boolean);
      if (pictures.length) await insert(pictures, mark);
      if (pictures.length === files.length) marks.delete(mark);
    });
  }

  /* Put pictures where their files came in. A person who types on elsewhere keeps caret and focus. */
  async function insert(pictures, mark) {
    await free();
    const text = desk.text.getText();
    follow(mark, text);
    const at = mark.place;
    const change = desk.marks.gallery(text, at, at, pictures.map(({ id, alt = "" }) => ({ alt, address: `media:${id}` })));
    const focused = document.activeElement;
    const caret = [field.selectionStart, field.selectionEnd].map((spot) => (spot > at ? spot + change.text.length : spot));
    const isThere = field.selectionStart === at && field.selectionEnd === at;
    desk.text.replaceRange(change.start, change.end, change.text);
    field.setSelectionRange(...(isThere ? change.select : caret));
    if (focused instanceof HTMLElement && focused !== field) focused.focus({ preventScroll: true });
  }

  // A change of the text would break a word that an input method is making.
  let isComposing = false;
  field.addEventListener("compositionstart", () => { isComposing = true; });
  field.addEventListener("compositionend", () => { isComposing = false; });
  const once = (target, name) => new Promise((done) => { target.addEventListener(name, () => setTimeout(done), { once: true }); });

  /* Wait until the text can take focus: behind a dialog it cannot, and the command would type into the dialog. */
  async function free() {
    for (;;) {
      const dialog = document.querySelector("dialog[open]");
      if (isComposing) await once(field, "compositionend");
      else if (dialog) await once(dialog, "close");
      else return;
    }
  }

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
