/* The real page of the working copy, in a frame at the width of a phone or a desktop, and a link for someone without an account. */
"use strict";
window.desk = window.desk || {};

(() => {
  const form = document.getElementById("editor");
  if (!form) return;

  const WIDTHS = { phone: 390, desktop: 1280 };
  const HEIGHT = 1000;

  /* Show the frame at a width; a page wider than the dialog is shown smaller. */
  function fit(box, frame, width) {
    const scale = Math.min(1, box.clientWidth / width);
    Object.assign(frame.style, { width: `${width}px`, height: `${HEIGHT / scale}px`, transform: `scale(${scale})` });
    box.style.height = `${HEIGHT}px`;
  }

  function choices(box, frame) {
    const labels = Object.keys(WIDTHS).map((name, index) => {
      const input = desk.make("input", { type: "radio", name: "preview-width", value: name, checked: index === 0 });
      input.addEventListener("change", () => fit(box, frame, WIDTHS[name]));
      return desk.make("label", {}, input, ` ${desk.word(`preview.${name}`)}`);
    });
    return desk.make("fieldset", { className: "sides" }, desk.make("legend", { className: "unseen", textContent: desk.word("preview.width") }), ...labels);
  }

  async function link(place) {
    const answer = await desk.ask("POST", `/v1/articles/${form.dataset.id}/preview`, { json: {} });
    if (answer.status === 401 && await desk.signIn()) return link(place);
    if (answer.status !== 200) { place.textContent = desk.refusal(answer); return undefined; }
    const field = desk.make("input", { id: "preview-link", readOnly: true, value: answer.json.url });
    const until = desk.time(answer.json.expires_at, { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
    place.replaceChildren(
      desk.make("label", { htmlFor: field.id, textContent: desk.word("preview.link", { time: until }) }), field,
      desk.button(desk.word("preview.copy"), async (button) => { button.textContent = desk.word(await desk.toClipboard(field.value) ? "copied" : "not_copied"); }, { className: "second" }));
    field.focus();
    field.select();
    return undefined;
  }

  /* Open the preview of the saved text. */
  desk.preview = () => {
    const frame = desk.make("iframe", { title: desk.word("preview.frame"), src: `/desk/articles/${form.dataset.id}/preview?version=${form.dataset.version}` });
    const box = desk.make("div", { className: "frame" }, frame);
    const place = desk.make("div", { className: "field", attributes: { "aria-live": "polite" } });
    const close = desk.button(desk.word("close"), () => shown.close(), { className: "second" });
    const buttons = desk.make("p", { className: "buttons" }, desk.button(desk.word("preview.make_link"), () => link(place)), close);
    const shown = desk.dialog(desk.word("preview.title"), [choices(box, frame), buttons, place, box], { className: "whole" });
    const again = () => fit(box, frame, WIDTHS[shown.querySelector("[name=preview-width]:checked").value]);
    const watch = new ResizeObserver(again);
    watch.observe(box);
    const refresh = (event) => { frame.src = `/desk/articles/${event.detail.id}/preview?version=${event.detail.version}`; };
    form.addEventListener("desk:saved", refresh);
    shown.addEventListener("close", () => { watch.disconnect(); form.removeEventListener("desk:saved", refresh); });
  };
})();
