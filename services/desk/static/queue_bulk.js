/* Several comments at once: what is selected, all of the page, and one decision about them. */
"use strict";

(() => {
  const form = document.getElementById("bulk");
  if (!form || !desk.queue) return;
  const { list, rows, isOpen, allows, decide } = desk.queue;
  const all = document.getElementById("all");
  const told = document.getElementById("how-many");
  const tools = form.querySelector(".with-selected");
  const picks = () => [...list.querySelectorAll(".pick:not(:disabled)")];
  const chosen = () => rows().filter((one) => one.querySelector(".pick").checked && isOpen(one));

  function show() {
    const count = picks().filter((pick) => pick.checked).length;
    const open = picks().length;
    told.textContent = count ? desk.count("queue.selected", count) : "";
    tools.hidden = count === 0;
    all.checked = open > 0 && count === open;
    all.indeterminate = count > 0 && count < open;
    all.disabled = open === 0;
  }

  all.addEventListener("change", () => {
    for (const pick of picks()) pick.checked = all.checked;
    show();
  });
  list.addEventListener("change", show);
  list.addEventListener("decided", show);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const action = event.submitter?.value;
    const wanted = chosen();
    const able = wanted.filter((one) => allows(one, action));
    // The others stay selected, and say nothing untrue.
    if (!able.length) {
      desk.say(desk.word("queue.none_able"));
      return;
    }
    if (await decide(able, action, form.elements.namedItem("reason").value.trim()) >= 0) form.elements.namedItem("reason").value = "";
    show();
    // The tools may be gone by now.
    if (tools.hidden && (document.activeElement === document.body || tools.contains(document.activeElement))) all.focus({ preventScroll: true });
  });

  document.getElementById("all-row").hidden = false;
  desk.queue.showSelected = show;
  show();
})();
