/* The pictures of the library that the article's text shows, below it: an id says nothing to a person. */
"use strict";
window.desk = window.desk || {};

(() => {
  const inText = document.getElementById("body-pictures");
  if (!desk.text || !inText || !desk.ask) return;

  const REST_MS = 600;
  const known = new Map();
  let shownIds = "", restTimer = 0;

  async function describe(id) {
    const answer = await desk.ask("GET", `/v1/media/${id}`);
    if (answer.status !== 200 && answer.status !== 404) return null;
    known.set(id, answer.status === 200 ? answer.json : { isGone: true });
    return known.get(id);
  }

  function lineOf(id, picture) {
    if (picture.isGone) return desk.make("li", { className: "refused" }, desk.make("span", { className: "upload-state", textContent: desk.word("in_text.gone", { id }) }));
    const file = picture.variants?.find((one) => /\/3x2-.*\.webp$/.test(one.url)) || picture;
    const image = desk.make("img", { src: file.url, width: file.width, height: file.height, alt: "", loading: "lazy", decoding: "async" });
    const link = desk.make("a", { href: `/desk/media/${id}`, target: "_blank", dir: "auto", textContent: picture.alt || picture.file_name });
    const flag = picture.alt || picture.decorative ? [] : [desk.make("span", { className: "flag urgent", textContent: desk.word("in_text.no_alt") })];
    return desk.make("li", { className: "upload" }, desk.make("span", { className: "tile" }, image), link, ...flag);
  }

  async function showInText() {
    const ids = [...new Set([...desk.text.getText().matchAll(/\]\(media:([0-9a-z]{1,40})[\s)]/g)].map((found) => found[1]))];
    if (ids.join() === shownIds) return;
    shownIds = ids.join();
    const asked = shownIds;
    const pictures = await Promise.all(ids.map((id) => known.get(id) || describe(id)));
    if (asked !== shownIds) return;
    if (pictures.includes(null)) shownIds = "";
    inText.replaceChildren(...ids.flatMap((id, index) => (pictures[index] ? [lineOf(id, pictures[index])] : [])));
    document.getElementById("body-pictures-title").hidden = !inText.children.length;
  }

  desk.text.onChange(() => {
    clearTimeout(restTimer);
    restTimer = setTimeout(showInText, REST_MS);
  });
  // A picture may have been described in another tab.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    known.clear();
    shownIds = "";
    showInText();
  });
  showInText();
})();
