// Drag an article onto a day: the desk then asks for the time. Nothing is scheduled by the drop itself.
"use strict";
(() => {
  const USUAL_TIME = "09:00";
  const TYPE = "application/x-desk-article";
  let dragged = null;

  const dayOf = (target) => target.closest?.("[data-day]") ?? null;
  const mark = (cell) => {
    for (const marked of document.querySelectorAll(".drop")) marked.classList.remove("drop");
    cell?.classList.add("drop");
  };

  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.("[data-id]") ?? null;
    if (!dragged) return;
    event.dataTransfer.setData(TYPE, dragged.dataset.id);
    event.dataTransfer.effectAllowed = "move";
  });
  document.addEventListener("dragover", (event) => {
    if (!dragged) return;
    const cell = dayOf(event.target);
    mark(cell);
    if (cell) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    const cell = dayOf(event.target);
    if (!dragged || !cell) return;
    event.preventDefault();
    const at = `${cell.dataset.day}T${dragged.dataset.time || USUAL_TIME}`;
    location.assign(`/desk/articles/${dragged.dataset.id}/schedule?at=${encodeURIComponent(at)}`);
  });
  document.addEventListener("dragend", () => {
    dragged = null;
    mark(null);
  });
  // A hint for people with a pointer that can drag.
  document.getElementById("drag-hint").hidden = !matchMedia("(pointer: fine)").matches || !document.querySelector("[data-day]");
})();
