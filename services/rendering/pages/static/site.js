// What a page cannot know when it is made: who reads it, when, and where. Everything here may be missing.
"use strict";
// The script may come before the page's end or long after it. Each part has a turn of its own: a finger on the glass never waits
// for all of them, and none is lost when another fails.
const whenParsed = (act) => {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => setTimeout(act));
  else setTimeout(act);
};
// What each of the parts makes and writes.
const make = (tag, name, text = "") => Object.assign(document.createElement(tag), { className: name, textContent: text });
const numeral = (value) => {
  const { lang } = document.documentElement;
  return new Intl.NumberFormat({ ar: "ar-u-nu-arab" }[lang] || lang).format(value);
};
whenParsed(() => {
  const all = (selector) => document.querySelectorAll(selector);
  const UNITS = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]];
  const WEEK_S = 604800;
  const LINES = 8;
  const COUNT_EVERY_MS = 30000;

  // How the page's language writes dates and numbers comes with the page: a browser's own first format (Intl) takes it a tenth
  // of a second on a phone, just as the page is first touched.
  const calendar = JSON.parse(document.getElementById("calendar").textContent);
  const digits = (text) => String(text).replace(/\d/g, (digit) => calendar.digits[digit]);
  const number = (value) => digits(String(value).replace(/\B(?=(\d{3})+$)/g, calendar.grouping));
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const two = (value) => String(value).padStart(2, "0");

  const secondsSince = (moment) => (Date.now() - Date.parse(moment)) / 1000;

  // An age is floored, so that nothing is older than it says; a clock that runs ahead reads as "now".
  function age(seconds) {
    const [unit, size] = UNITS.find(([, size]) => seconds >= size) || [];
    if (!unit) return calendar.now;
    const count = Math.floor(seconds / size);
    const form = calendar.plurals[count < 100 ? count : 100 + count % 100];
    return fill(calendar.ages[unit][form], { number: number(count) });
  }

  function tellAges() {
    for (const time of all("time[data-age]")) {
      const seconds = secondsSince(time.dateTime);
      if (seconds < WEEK_S || time.dataset.age === "always") time.textContent = age(seconds);
    }
  }

  const day = (date) => fill(calendar.today, {
    weekday: calendar.weekdays[date.getDay()], day: digits(date.getDate()),
    month: calendar.months[date.getMonth()], year: digits(date.getFullYear()),
  });
  const clock = (date) => digits(`${two(date.getHours())}:${two(date.getMinutes())}`);

  // The whole date of an age, when somebody asks for it.
  function tellMoment(event) {
    const time = event.target.closest("time[data-age]:not([title])");
    if (!time) return;
    const moment = new Date(time.dateTime);
    time.title = `${day(moment)} ${clock(moment)}`;
  }

  function tellClocks() {
    for (const time of all("time[data-clock]")) time.textContent = clock(new Date(time.dateTime));
  }

  function tellToday() {
    for (const place of all("[data-today]")) place.textContent = day(new Date());
  }

  // What the style leaves for later, from above to below: by then it is there for whoever scrolls, searches or takes a picture.
  function layOutTheRest() {
    const parts = [...all(".block, .rail > section, .threads")];
    const next = () => {
      const part = parts.shift();
      if (!part) return;
      part.style.contentVisibility = "visible";
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  }

  function yearsSince(moment) {
    const [then, now] = [new Date(moment), new Date()];
    const years = now.getUTCFullYear() - then.getUTCFullYear();
    return years - (then.setUTCFullYear(now.getUTCFullYear()) > now);
  }

  // A page may have been made before an article's birthday.
  function warnOfAge() {
    for (const line of all("[data-old]")) {
      if (yearsSince(line.dataset.old) <= line.dataset.years) continue;
      line.textContent = line.dataset.older;
      line.hidden = false;
    }
  }

  function uuid() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  function countView(articleId) {
    const body = JSON.stringify({ article_id: articleId, event_id: uuid() });
    if (navigator.sendBeacon && navigator.sendBeacon("/v1/views", body)) return;
    fetch("/v1/views", { method: "POST", body, keepalive: true }).catch(() => {});
  }

  // A picture that does not come leaves its words, in a box of their size.
  function tellMissing(picture) {
    (picture.closest("picture") || picture).replaceWith(...(picture.alt ? [make("span", "missing", picture.alt)] : []));
  }

  function tellAllMissing() {
    for (const picture of all("main img")) if (picture.complete && !picture.naturalWidth) tellMissing(picture);
  }

  // How often it was read goes into a line that is kept free for it; unseen pages and failures leave it as it is.
  async function tellViews(articleId) {
    const line = document.querySelector("[data-views]");
    if (!line || document.visibilityState !== "visible") return;
    const answer = await fetch(`/v1/articles/${encodeURIComponent(articleId)}/views`).catch(() => null);
    // A body that nobody reads keeps one of the six connections.
    if (!answer || !answer.ok) return answer?.body?.cancel();
    const { views } = await answer.json();
    if (views.all) line.textContent = `${line.dataset.views} ${number(views.all)}`;
  }

  // A page that was only prefetched or opened in the background has not been read yet.
  function onceVisible(act) {
    if (document.visibilityState === "visible") return act();
    document.addEventListener("visibilitychange", () => onceVisible(act), { once: true });
  }

  // Reply opens its form with the cursor in it, and closing it gives the focus back to where it was.
  function focusReplies() {
    for (const reply of all("details.reply:not([data-ready])")) {
      reply.dataset.ready = "";
      reply.addEventListener("toggle", () => reply.open && reply.querySelector("textarea").focus());
    }
  }

  // Popular News over another time, in its place; where that fails the link leads to the page of it.
  function switchWindows() {
    const block = document.querySelector(".popular:not([data-whole])");
    if (block) block.addEventListener("click", (event) => {
      const tab = event.target.closest(".popular-tabs a");
      if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      block.dataset.chosen = tab.href;
      showWindow(block, tab).catch(() => { location = tab.href; });
    });
  }

  async function showWindow(block, tab) {
    const answer = await fetch(tab.href);
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (block.dataset.chosen !== tab.href) return;
    const shown = block.querySelector(".popular-shown");
    const fresh = page.querySelector(".popular-shown");
    fresh.querySelectorAll(`li:nth-child(n + ${LINES + 1})`).forEach((line) => line.remove());
    const heading = make("p", "popular-window", page.querySelector(".popular > h2").textContent);
    // From now on it changes at the reader's word alone, and says so to those who listen.
    shown.setAttribute("aria-live", "polite");
    shown.replaceChildren(heading, ...fresh.childNodes);
    for (const other of block.querySelectorAll(".popular-tabs a")) other.removeAttribute("aria-current");
    tab.setAttribute("aria-current", "true");
    tellClocks();
  }

  function offerCopying() {
    for (const button of navigator.clipboard ? all("[data-copy]") : []) {
      const words = button.querySelector("span");
      const before = words.textContent;
      button.disabled = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(button.dataset.copy);
        words.textContent = button.dataset.done;
        setTimeout(() => { words.textContent = before; }, 3000);
      });
    }
  }

  // The comments service sends who has written to #comment-<id>; while an editor has it, there is nothing there yet.
  function acknowledgeComment() {
    const id = location.hash.slice(1);
    const received = document.querySelector("[data-received]");
    const wasSent = performance.getEntriesByType("navigation")[0]?.redirectCount && document.referrer.startsWith(location.origin);
    if (!received || !wasSent || !id.startsWith("comment-") || document.getElementById(id)) return;
    received.hidden = false;
    received.scrollIntoView({ block: "center" });
    document.addEventListener("added", () => leadToComment(id, received));
  }

  // It has come: who was thanked for it is led to it, as they would have been had it been there.
  function leadToComment(id, received) {
    if (received.hidden || location.hash !== `#${id}` || !document.getElementById(id)) return;
    received.hidden = true;
    location.replace(location.hash);
  }

  // Each by itself, so that a finger on the glass never waits for all of them.
  for (const act of [tellToday, tellAges, tellClocks, warnOfAge, focusReplies, acknowledgeComment, switchWindows, offerCopying, tellAllMissing, layOutTheRest]) {
    setTimeout(act);
  }
  document.addEventListener("pointerover", tellMoment);
  document.addEventListener("error", ({ target }) => target.matches("main img") && tellMissing(target), true);
  setInterval(tellAges, 60000);
  // live.js has put something in.
  document.addEventListener("added", () => { tellAges(); tellClocks(); focusReplies(); });
  const article = document.querySelector("[data-article]");
  if (article) {
    const id = article.dataset.article;
    onceVisible(() => { countView(id); tellViews(id); });
    setInterval(() => tellViews(id), COUNT_EVERY_MS);
  }
});
