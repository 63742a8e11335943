// What happens while a page is being read: new comments, Popular News, a newer version, new stories. Without this script,
// and wherever it fails, the page stays as it is and shows the same when it is loaded again. It never moves the focus.
"use strict";
whenParsed(() => {
  // Loaded by follow, at no part of it. Until all is loaded, a browser that may would put it back where it was.
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
  const talk = document.querySelector("[data-live-comments]");
  // A browser holds six connections to a site: a page that nobody looks at gives its own back.
  const HIDDEN_MS = 10000;
  const FIRST_PAUSE_MS = 5000;
  const LONGEST_PAUSE_MS = 300000;

  // ---- what is said in the corner of the page; the place is a live region, so that it is also read out, politely
  function say(text, part = "") {
    const pill = make("a", "pill", text);
    pill.href = location.pathname + location.search + part;
    pill.addEventListener("click", follow);
    if (place.textContent !== text) place.replaceChildren(pill);
  }

  // A link to a part of the page that is shown loads nothing. What somebody has half written stays beside the fresh page.
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

  function hearArticle(now) {
    if (now.withdrawn) return say(words.withdrawn);
    if (now.version > seen.version) {
      if (now.corrections > seen.corrections) say(words.corrected, "#correction");
      else say(words.updated);
    }
    if (talk && now.comments !== seen.comments) {
      seen.comments = now.comments;
      catchUp();
    }
  }

  function hearFront({ ids }) {
    const known = place.dataset.newest.split(" ").map((id) => ids.indexOf(id)).filter((at) => at >= 0);
    const count = known.length ? Math.min(...known) : ids.length;
    if (count) say(counted("stories", count));
    else place.replaceChildren();
  }

  // ---- comments
  const byId = (id) => document.getElementById(`comment-${id}`);
  const said = (html) => new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
  const none = talk && talk.querySelector("[data-none]");
  const waiting = [];

  function hearComments(change) {
    if (!talk) return;
    seen.comments = change.version;
    waiting.push(change);
    // Whoever is writing sees nothing move; what has come is put in as soon as they have left the discussion.
    if (!talk.contains(document.activeElement)) showComments();
  }

  function showComments() {
    for (const { title, put, gone } of waiting.splice(0)) {
      put.forEach(putComment);
      gone.forEach(takeComment);
      talk.querySelector("[data-comments-title]").textContent = title;
    }
    none.hidden = talk.querySelector(".threads");
    document.dispatchEvent(new Event("added"));
  }

  function putComment(comment) {
    const known = byId(comment.id);
    const fresh = said(comment.html);
    if (known) return comment.removed && emptyComment(known, fresh.firstElementChild);
    const item = document.createElement("li");
    fresh.querySelectorAll("noscript").forEach((part) => part.remove());
    item.append(fresh);
    if (comment.id === comment.thread) putThread(item, comment);
    else putReply(item, comment);
  }

  function putThread(item, { after }) {
    const before = after && byId(after);
    if (before) before.closest(".threads > li").after(item);
    else if (after) threads().append(item);
    else threads().prepend(item);
  }

  function threads() {
    const list = talk.querySelector(".threads") || make("ol", "threads");
    if (!list.parentElement) none.before(list);
    return list;
  }

  function putReply(item, { thread, after, depth }) {
    const opener = byId(thread);
    if (!opener) return;
    item.className = `depth-${depth}`;
    const before = after !== thread && byId(after);
    if (before) before.closest("li").after(item);
    else replies(opener.closest(".threads > li")).prepend(item);
  }

  function replies(thread) {
    const list = thread.querySelector(".replies") || make("ol", "replies");
    if (!list.parentElement) thread.append(list);
    return list;
  }

  // It may have been removed, or stand on an older page by now. Nobody's half-written reply goes with it.
  function takeComment(id) {
    const known = byId(id);
    if (!known) return;
    const item = known.closest("li");
    if (!isWritten(item)) return removeItem(item);
    emptyComment(known, make("p", "empty", words.gone));
  }

  function removeItem(item) {
    const list = item.parentElement;
    item.remove();
    if (!list.firstElementChild) list.remove();
  }

  const isWritten = (place) => [...place.querySelectorAll(".reply-form [name]:not([type=hidden])")].some((field) => field.value.trim());

  function emptyComment(comment, notice) {
    comment.querySelectorAll(isWritten(comment) ? ":scope > :not(.reply)" : ":scope > *").forEach((part) => part.remove());
    comment.prepend(notice);
  }

  // What was missed is taken from the page as it is now: it has the same comments in the same order.
  async function catchUp() {
    const answer = await fetch(location.pathname).catch(() => null);
    if (!answer || !answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const title = page.querySelector("[data-comments-title]").textContent;
    hearComments({ version: seen.comments, title, put: commentsOf(page), gone: [] });
  }

  function commentsOf(page) {
    const found = [];
    let before = "";
    for (const thread of page.querySelectorAll(".threads > li")) {
      let after = before;
      let opener = "";
      for (const comment of thread.querySelectorAll(".comment")) {
        const id = comment.id.replace("comment-", "");
        opener = opener || id;
        const depth = comment.parentElement.className.replace("depth-", "");
        const removed = !comment.querySelector(".comment-body");
        found.push({ id, thread: opener, after, depth, removed, html: comment.outerHTML });
        after = id;
      }
      before = opener;
    }
    return found;
  }

  // ---- Popular News: what a reader looks at keeps its place, and only its numbers change
  const block = document.querySelector(".popular");
  let popular = null;
  let blockIsSeen = true;

  function hearPopular({ html }) {
    popular = said(html);
    showPopular();
  }

  function showPopular() {
    // Whoever has chosen a window, or stands on a link of the block, keeps it.
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

  // ---- the stream: open while the page is seen
  const HEARD = { article: hearArticle, comments: hearComments, front: hearFront, popular: hearPopular };
  let source = null;
  let last = "";
  let pause = FIRST_PAUSE_MS;
  let later = 0;

  function open() {
    if (source || document.visibilityState !== "visible") return;
    source = new EventSource(place.dataset.live + (last && `&last=${encodeURIComponent(last)}`));
    source.onopen = () => { pause = FIRST_PAUSE_MS; };
    source.onerror = () => source.readyState === EventSource.CLOSED && again();
    for (const kind of Object.keys(HEARD)) {
      source.addEventListener(kind, (event) => {
        last = event.lastEventId;
        HEARD[kind](JSON.parse(event.data));
      });
    }
  }

  // The browser comes back by itself when a stream breaks; where there was no room (503) it does not.
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
  if (talk) talk.addEventListener("focusout", (event) => talk.contains(event.relatedTarget) || showComments());
  open();
});
