/* The lead picture: chosen from the library, shown as its readers will see it, and taken out again. Without this script a page of its own does it. */
"use strict";
window.desk = window.desk || {};

(() => {
  const form = document.getElementById("editor");
  const choose = document.getElementById("lead-choose");
  if (!form || !choose || !desk.pick || form.dataset.edits !== "true") return;

  const byId = (id) => document.getElementById(id);
  const chosen = byId("lead-chosen");
  const frame = chosen.querySelector("figure");
  const id = form.elements.namedItem("picture_media_id");
  const address = form.elements.namedItem("picture_url");
  const texts = ["alt", "caption", "credit"];
  const text = (name) => form.elements.namedItem(`picture_${name}`);
  let shownId = id.value;

  /* Show what the fields name: a picture of the library, or none. */
  async function show() {
    shownId = id.value;
    chosen.hidden = byId("lead-own").hidden = !shownId;
    address.closest(".field").hidden = Boolean(shownId);
    choose.textContent = shownId ? choose.dataset.again : choose.dataset.first;
    if (!shownId) { own({}); return; }
    const asked = shownId;
    byId("lead-open").href = `/desk/media/${asked}`;
    const answer = await desk.ask("GET", `/v1/media/${asked}`);
    if (asked !== shownId) return;
    const picture = answer.json || {};
    const crop = picture.crops?.["16x9"];
    frame.replaceChildren(...(crop ? [desk.make("img", { src: crop.url, width: crop.width, height: crop.height, alt: "", decoding: "async" })] : []));
    desk.tell(byId("lead-name"), answer.status === 200 ? picture.alt || picture.file_name || asked : desk.refusal(answer));
    own(picture);
  }

  function own(picture) {
    for (const name of texts) text(name).placeholder = picture[name] || "";
  }

  function set(picture) {
    const hadOne = id.value || address.value.trim();
    id.value = picture?.id || "";
    address.value = "";
    // They were about the picture before.
    if (hadOne) for (const name of texts) text(name).value = "";
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  choose.addEventListener("click", async (event) => {
    event.preventDefault();
    const picture = await desk.pick();
    if (picture && picture.id !== id.value) set(picture);
  });
  byId("lead-remove").addEventListener("click", () => {
    set(null);
    choose.focus();
  });
  address.addEventListener("input", () => { if (address.value.trim()) id.value = ""; });
  // Also after a merge, and when a kept text comes back.
  form.addEventListener("input", () => { if (id.value !== shownId) show(); });
  // A picture that was described in another tab.
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible" && shownId) show(); });
  address.closest(".field").hidden = Boolean(shownId);
})();
