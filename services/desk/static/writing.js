/* Hints beside the editor's fields: lengths, words and reading time, address, direction, and the lead picture. */
"use strict";
window.desk = window.desk || {};

(() => {
  const LONG_HEADLINE = 70;
  const LONGEST_HEADLINE = 110;
  const WORDS_A_MINUTE = 220;
  const REST_MS = 500;
  const SLICE = 20000;
  const byId = (id) => document.getElementById(id);
  // A page that is never at rest is not idle either: the work then waits for a second at most.
  const idle = window.requestIdleCallback ? (work) => requestIdleCallback(work, { timeout: 1000 }) : (work) => setTimeout(work, 1);

  // A word is a run of letters and digits; scripts without spaces count two characters as one word.
  const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/gu;
  const WORD = /[\p{L}\p{N}][\p{L}\p{M}\p{N}'’\-.,]*/gu;
  const TARGETS = /\]\([^)]*\)|<?https?:\/\/[^\s>]+>?/g;

  /* The number of words in Markdown, without the addresses of its links. */
  desk.countWords = (markdown) => {
    const text = markdown.replace(TARGETS, "] ");
    const unspaced = (text.match(UNSPACED) || []).length;
    return Math.ceil(unspaced / 2) + (text.replace(UNSPACED, " ").match(WORD) || []).length;
  };

  /* Counts in slices between other work, so that a key never waits for it. `isOld` says when to give up. */
  function countSlowly(text, isOld, done) {
    let [place, total] = [0, 0];
    const step = () => {
      if (isOld()) return;
      const end = sliceEnd(text, place);
      total += desk.countWords(text.slice(place, end));
      place = end;
      if (place < text.length) idle(step);
      else done(total);
    };
    idle(step);
  }

  function sliceEnd(text, place) {
    const end = text.indexOf(" ", place + SLICE);
    return end < 0 ? text.length : end;
  }

  const afterRest = (work) => {
    let timer = 0;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(work, REST_MS);
    };
  };

  function watchWords(text, output) {
    let turn = 0;
    const count = () => {
      const mine = (turn += 1);
      countSlowly(text.getText(), () => mine !== turn, (words) => {
        const minutes = Math.max(1, Math.round(words / WORDS_A_MINUTE));
        output.textContent = words ? `${desk.count("words", words)} · ${desk.count("minutes", minutes)}` : "";
      });
    };
    text.onChange(afterRest(count));
    count();
  }

  function watchHeadline(field, output, hint) {
    const show = () => {
      const length = [...field.value.trim()].length;
      output.textContent = length ? `${desk.count("characters", length)}.` : "";
      const text = length > LONGEST_HEADLINE ? desk.word("headline_too_long") : length > LONG_HEADLINE ? desk.word("headline_long") : "";
      // A live region speaks when its text changes, not at each key.
      if (hint.textContent !== text) hint.textContent = text;
    };
    field.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.isComposing) event.preventDefault(); });
    desk.adapt(field).onChange(show);
    desk.adapt(field).onChange(afterRest(() => entitle(field.value.trim())));
    show();
  }

  /* The page's title and heading are the headline. */
  function entitle(headline) {
    const heading = byId("title");
    const text = headline || heading.dataset.untitled;
    if (heading.textContent === text) return;
    heading.textContent = text;
    document.title = [text, document.title.split(" · ").at(-1)].join(" · ");
  }

  // An address inside a right-to-left sentence keeps its order.
  const isolated = (address) => `\u2066${address}\u2069`;

  /* The address that the slug will give, and where the old one leads. */
  function watchSlug(field, output) {
    const show = () => {
      const { url, slug } = output.dataset;
      const typed = field.value.trim();
      const isNew = url && typed && typed !== slug;
      output.textContent = isNew ? desk.word("new_address", { new: isolated(url.replace(/[^/]*$/, typed)), old: isolated(url) }) : "";
    };
    desk.adapt(field).onChange(show);
    // The first publication gives the article an address while the page is open.
    field.form.addEventListener("desk:article", ({ detail: { url } }) => {
      if (!url) return;
      Object.assign(output.dataset, { url, slug: url.split("/").at(-1) });
      const hint = byId("slug-more");
      if (hint && !hint.querySelector(".error")) hint.textContent = output.dataset.moves;
      show();
    });
    show();
  }

  /* Text fields take the direction of the article's language while they are empty; afterwards of what is written. */
  function watchLanguage(select) {
    const texts = ["headline", "standfirst", "body_markdown"].map(byId).filter(Boolean);
    const show = () => {
      const { dir } = select.selectedOptions[0].dataset;
      texts.forEach((field) => {
        field.dir = field.value === "" && dir ? dir : "auto";
        field.lang = select.value;
      });
    };
    select.addEventListener("change", show);
    texts.forEach((field) => desk.adapt(field).onChange(() => { if (field.dir !== "auto") field.dir = "auto"; }));
    show();
  }

  function watchPicture(field, figure, problem) {
    const picture = figure.appendChild(Object.assign(document.createElement("img"), { alt: "", referrerPolicy: "no-referrer", decoding: "async" }));
    const show = () => {
      const address = field.value.trim();
      const isShown = /^(?:https?:\/\/.|\/[^/\\])/.test(address);
      figure.hidden = !isShown;
      problem.textContent = "";
      if (isShown && picture.getAttribute("src") !== address) picture.src = address;
    };
    picture.addEventListener("error", () => {
      figure.hidden = true;
      problem.textContent = desk.word("picture_missing");
    });
    desk.adapt(field).onChange(afterRest(show));
    field.addEventListener("change", show);
    show();
  }

  if (desk.text) watchWords(desk.text, byId("body-count"));
  if (byId("headline-count")) watchHeadline(byId("headline"), byId("headline-count"), byId("headline-length"));
  if (byId("slug-address")) watchSlug(byId("slug"), byId("slug-address"));
  if (byId("language") && byId("language").options) watchLanguage(byId("language"));
  if (byId("picture-preview")) watchPicture(byId("picture_url"), byId("picture-preview"), byId("picture-problem"));
})();
