/* The picker: a dialog that searches the library, takes new files, and gives the picture that was chosen. */
"use strict";
window.desk = window.desk || {};

(() => {
  const SEARCH_MS = 300;
  const LIST = "/desk/media?part=choose";

  function field(label, id, properties, hint = "") {
    const input = desk.make("input", { id, autocomplete: "off", ...properties });
    const made = desk.make("div", { className: "field" }, desk.make("label", { htmlFor: id, textContent: label }), input);
    if (hint) made.append(desk.make("p", { className: "hint", textContent: hint }));
    return { input, made };
  }

  /* Choose a picture. `insert` asks for alt text and caption as well; `alt` is what they begin with; `hasGallery` offers to put it
     beside the picture before it. Resolves to {id, alt, caption, name, beside}, to {byAddress: true}, or to null when the dialog is closed. */
  desk.pick = ({ insert = false, alt = "", hasGallery = false } = {}) => {
    const search = field(desk.word("pick.search"), "pick-q", { type: "search", dir: "auto", enterKeyHint: "search" });
    const upload = field(desk.word("pick.upload"), "pick-file", { type: "file", multiple: true, accept: "image/jpeg,image/png,image/webp,image/avif,image/gif" });
    const uploads = desk.make("ul", { className: "uploads" });
    const said = desk.make("p", { className: "unseen", attributes: { role: "status" } });
    const results = desk.make("div", { className: "pick-results" });
    const words = field(desk.word("pick.alt"), "pick-alt", { dir: "auto", maxLength: 500 }, desk.word("pick.alt_hint"));
    const caption = field(desk.word("pick.caption"), "pick-caption", { dir: "auto", maxLength: 1000 }, desk.word("pick.caption_hint"));
    const beside = desk.make("input", { type: "checkbox", id: "pick-beside", checked: hasGallery });
    const gallery = desk.make("p", { className: "check", hidden: !hasGallery }, beside, desk.make("label", { htmlFor: beside.id, textContent: desk.word("pick.beside") }));
    const texts = desk.make("div", { className: "pick-texts", hidden: true }, words.made, caption.made, gallery);
    const problem = desk.make("p", { className: "problem", hidden: true, attributes: { role: "alert" } });
    const use = desk.make("button", { type: "button", textContent: desk.word(insert ? "pick.insert" : "pick.use"), attributes: { "data-use": "" } });
    const cancel = desk.make("button", { type: "button", className: "second", textContent: desk.word("pick.cancel") });
    const byAddress = desk.make("button", { type: "button", className: "plain", textContent: desk.word("pick.by_address"), hidden: !insert });
    const buttons = desk.make("p", { className: "buttons pick-buttons" }, use, cancel, byAddress);
    const top = desk.make("div", { className: "pick-top" }, search.made, upload.made);
    const shown = desk.dialog(desk.word("pick.title"), [top, uploads, said, results, texts, problem, buttons], { className: insert ? "picker inserting" : "picker" });
    const picked = () => results.querySelector("input[name=media_id]:checked");
    let turn = 0, timer = 0, taken = null, ownAlt = alt.replace(/\s+/g, " ").trim();
    words.input.value = ownAlt;

    const path = () => `${LIST}&q=${encodeURIComponent(search.input.value.trim())}`;

    /* Show a list. `more` goes on behind the present one; `chosen` is the id of a picture to choose in it. */
    async function load(address, { more = false, chosen = "" } = {}) {
      const mine = (turn += 1);
      const answer = await desk.ask("GET", address, { accept: "text/html, application/json" });
      if (mine !== turn || !shown.isConnected) return;
      if (answer.status === 401 && await desk.signIn()) { await load(address, { more, chosen }); return; }
      if (answer.status !== 200) { refuse(desk.refusal(answer)); return; }
      problem.hidden = true;
      // The desk's own page: every text in it is escaped there.
      const part = document.createRange().createContextualFragment(answer.text);
      if (more) extend(part);
      else results.replaceChildren(part);
      const target = chosen && results.querySelector(`input[value="${CSS.escape(chosen)}"]`);
      if (target) target.checked = true;
      choose();
      said.textContent = desk.count("pick.found", results.querySelectorAll("input[name=media_id]").length);
    }

    function extend(part) {
      results.querySelector("[data-more]")?.closest("p").remove();
      const first = part.querySelector("input");
      const link = part.querySelector("[data-more]")?.closest("p");
      results.querySelector(".pictures").append(...part.querySelectorAll(".pictures > li"));
      if (link) results.append(link);
      first?.focus();
    }

    function refuse(text) {
      problem.hidden = false;
      desk.tell(problem, text);
    }

    /* Show the texts of the chosen picture; a text that was typed stays. */
    function choose() {
      const { alt: own = "", caption: theirs = "" } = picked()?.dataset || {};
      texts.hidden = !insert || !picked();
      if (words.input.value === ownAlt && !alt) words.input.value = ownAlt = own;
      caption.input.placeholder = theirs;
    }

    function finish(found) {
      taken = found;
      shown.close();
    }

    function accept() {
      const one = picked();
      if (!one) { refuse(desk.word("pick.none")); results.querySelector("input")?.focus(); return; }
      const { alt: own, caption: theirs, credit, name } = one.dataset;
      const said = insert ? { alt: words.input.value, caption: caption.input.value, beside: beside.checked } : { alt: own, caption: theirs };
      finish({ id: one.value, name, credit, ...said });
    }

    search.input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => load(path()), SEARCH_MS);
    });
    upload.input.addEventListener("change", () => {
      for (const file of upload.input.files) {
        desk.upload(file, { list: uploads, onDone: (picture) => { search.input.value = ""; load(path(), { chosen: picture.id }); } });
      }
      upload.input.value = "";
    });
    results.addEventListener("change", choose);
    results.addEventListener("dblclick", (event) => { if (event.target.closest(".pick")) accept(); });
    results.addEventListener("click", (event) => {
      const link = event.target.closest("[data-more]");
      if (!link) return;
      event.preventDefault();
      load(link.getAttribute("href"), { more: true });
    });
    shown.addEventListener("keydown", (event) => {
      const isChoice = event.target.matches("input:not([type=search], [type=file])");
      if (event.key !== "Enter" || event.isComposing || !isChoice) return;
      event.preventDefault();
      accept();
    });
    use.addEventListener("click", accept);
    cancel.addEventListener("click", () => finish(null));
    byAddress.addEventListener("click", () => finish({ byAddress: true }));
    load(path());
    return new Promise((done) => { shown.addEventListener("close", () => { clearTimeout(timer); done(taken); }); });
  };
})();
