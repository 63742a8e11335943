/* The library: several files at once, dropped and pasted ones, a phone's camera. Each uploads by itself, and its tile comes first. */
"use strict";

(() => {
  const form = document.getElementById("upload");
  const list = document.getElementById("uploads");
  if (!form || !list) return;
  const field = document.getElementById("file");
  const camera = document.getElementById("camera");

  const take = (files) => { for (const file of files) desk.upload(file, { list, onDone: link }); };

  /* The new picture beside its name. */
  function link(picture, row) {
    const shown = desk.make("img", { src: picture.url, alt: "", width: picture.width, height: picture.height, decoding: "async" });
    row.prepend(desk.make("span", { className: "tile" }, shown));
  }

  field.multiple = true;
  field.dataset.uploadHome = "";
  form.querySelector(".go").hidden = true;
  form.querySelector(".camera").hidden = !matchMedia("(pointer: coarse)").matches;
  for (const input of [field, camera]) {
    input.addEventListener("change", () => {
      take([...input.files]);
      input.value = "";
    });
  }

  // The whole page takes files: a file that misses the form would replace the page.
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    form.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    form.classList.remove("over");
    // Also other files: the row then says why they are refused.
    take([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const files = desk.pictureFiles(event.clipboardData);
    if (!files.length) return;
    event.preventDefault();
    take(files);
  });
})();
