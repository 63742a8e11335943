// Live updates of an open page: new comments, Popular News, a newer version, new stories. Without this script, or when it fails,
// a reload shows the same. It never moves the focus.
"use strict";
whenParsed(() => {
  // After a reload by `follow`: go to the fragment, and restore scrolling only after loading, or the browser would undo it.
  if (history.scrollRestoration === "manual") {
    const free = () => setTimeout(() => { history.scrollRestoration = "auto"; });
    location.replace(location.hash);
    if (document.readyState === "complete") free();
    else addEventListener("load", free);
  }
  const place = document.querySelector("[data-live]");
  if (!place || !window.EventSource) return;
  const words = JSON.parse(place.dataset.words);
  const language = document.documentElement.lang;
  const seen = { version: Number(place.dataset.version), corrections: Number(place.dataset.corrections), comments: Number(place.dataset.comments) };
  const section = document.querySelector("[data-live-comments]");
  const comments = section && liveComments(section, words, counted, seen);
  // A browser opens six connections to a site at most, so a hidden page closes its stream.
  const HIDDEN_MS = 10000;
  const FIRST_PAUSE_MS = 5000;
  const LONGEST_PAUSE_MS = 300000;

  // ---- notices in the corner of the page, in a polite live region for screen readers
  function notify(text, part = "") {
    const pill = make("a", "pill", text);
    pill.href = location.pathname + location.search + part;
    pill.addEventListener("click", follow);
    if (place.textContent !== text) place.replaceChildren(pill);
  }

  // A link to a fragment of this page would load nothing, so reload. While a form holds text, open the fresh page in a new tab.
  function follow(event) {
    const link = event.currentTarget;
    link.target = isWritten(document) ? "_blank" : "";
    if (link.target || !link.hash || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.replaceState(null, "", link.href);
    history.scrollRestoration = "manual";
    location.reload();
  }

  function counted(key, count) {
    const form = `${key}.${new Intl.PluralRules(language).select(count)}`;
    return (words[form] || words[`${key}.other`]).replace("{number}", numeral(count));
  }

  function onArticle(now) {
    if (now.withdrawn) return notify(words.withdrawn);
    if (now.version > seen.version) {
      if (now.corrections > seen.corrections) notify(words.corrected, "#correction");
      else notify(words.updated);
    }
    if (comments && now.comments !== seen.comments) {
      seen.comments = now.comments;
      comments.catchUp();
    }
  }

  function onFront({ ids }) {
    const known = place.dataset.newest.split(" ").map((id) => ids.indexOf(id)).filter((at) => at >= 0);
    const count = known.length ? Math.min(...known) : ids.length;
    if (count) notify(counted("stories", count));
    else place.replaceChildren();
  }

  // ---- Popular News: while it is visible, its lines keep their places and only numbers change
  const block = document.querySelector(".popular");
  let popular = null;
  let blockIsSeen = true;

  function onPopular({ html }) {
    popular = parsed(html);
    showPopular();
  }

  function showPopular() {
    // A window that the reader has chosen stays, and so does a block with the focus.
    if (!popular || !block || block.dataset.chosen || block.contains(document.activeElement)) return;
    if (!blockIsSeen) {
      block.replaceChildren(...popular.childNodes);
      popular = null;
    } else if (!showCounts()) return;
    document.dispatchEvent(new Event("added"));
  }

  function showCounts() {
    const links = (root) => Array.from(root.querySelectorAll("ol > li > a"), (link) => link.href + link.textContent).join();
    if (links(block) !== links(popular)) return false;
    const fresh = popular.querySelectorAll(".popular-views, .popular-as-of");
    block.querySelectorAll(".popular-views, .popular-as-of").forEach((old, at) => old.replaceChildren(...fresh[at].cloneNode(true).childNodes));
    return true;
  }

  if (block && window.IntersectionObserver) {
    new IntersectionObserver((found) => {
      blockIsSeen = found[found.length - 1].isIntersecting;
      if (!blockIsSeen) showPopular();
    }).observe(block);
  }

  // ---- the stream: open while the page is visible
  const HANDLERS = { article: onArticle, comments: (change) => comments && comments.onComments(change), front: onFront, popular: onPopular };
  let source = null;
  let last = "";
  let pause = FIRST_PAUSE_MS;
  let later = 0;

  function open() {
    if (source || document.visibilityState !== "visible") return;
    source = new EventSource(place.dataset.live + (last && `&last=${encodeURIComponent(last)}`));
    source.onopen = () => { pause = FIRST_PAUSE_MS; };
    source.onerror = () => source.readyState === EventSource.CLOSED && again();
    for (const kind of Object.keys(HANDLERS)) {
      source.addEventListener(kind, (event) => {
        last = event.lastEventId;
        HANDLERS[kind](JSON.parse(event.data));
      });
    }
  }

  // The browser reconnects by itself after a broken stream, but not after an error status (503: too many readers).
  function again() {
    close();
    later = setTimeout(open, pause * (0.5 + Math.random()));
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }

  function close() {
    clearTimeout(later);
    if (source) source.close();
    source = null;
  }

  let hiding = 0;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.visibilityState === "visible") open();
    else hiding = setTimeout(close, HIDDEN_MS);
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
});
