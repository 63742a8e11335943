// What a page cannot know when it is made: who reads it, when, and where. Everything here may be missing.
"use strict";
(() => {
  const language = document.documentElement.lang;
  const locale = { ar: "ar-u-nu-arab", en: "en-GB" }[language] || language;
  const all = (selector) => document.querySelectorAll(selector);
  const UNITS = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]];
  const WEEK_S = 604800;
  const YEAR_S = 31536000;
  const LINES = 8;
  const COUNT_EVERY_MS = 30000;

  const secondsSince = (moment) => (Date.now() - Date.parse(moment)) / 1000;

  // Formats are dear to make (a phone takes milliseconds for each): once, and only those that a page has a use for.
  const formats = {};
  const format = (name, Kind, options) => formats[name] ||= new Kind(locale, options);

  // An age is floored, so that nothing is older than it says; a clock that runs ahead reads as "now".
  function age(seconds) {
    const words = format("age", Intl.RelativeTimeFormat, { numeric: "auto" });
    const [unit, size] = UNITS.find(([, size]) => seconds >= size) || ["second", Infinity];
    return words.format(-Math.floor(Math.max(seconds, 0) / size) || 0, unit);
  }

  function tellAges() {
    for (const time of all("time[data-age]")) {
      const seconds = secondsSince(time.dateTime);
      if (seconds < WEEK_S || time.dataset.age === "always") time.textContent = age(seconds);
    }
  }

  // The whole date of an age, when somebody asks for it.
  function tellMoment(event) {
    const time = event.target.closest("time[data-age]:not([title])");
    if (!time) return;
    const moment = format("moment", Intl.DateTimeFormat, { dateStyle: "long", timeStyle: "short" });
    time.title = moment.format(new Date(time.dateTime));
  }

  function tellClocks() {
    const clock = format("clock", Intl.DateTimeFormat, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    for (const time of all("time[data-clock]")) time.textContent = clock.format(new Date(time.dateTime));
  }

  function tellToday() {
    const style = { weekday: "long", year: "numeric", month: "long", day: "numeric" };
    for (const place of all("[data-today]")) place.textContent = format("today", Intl.DateTimeFormat, style).format();
  }

  function warnOfAge() {
    for (const line of all("[data-old]")) if (secondsSince(line.dataset.old) > YEAR_S) line.hidden = false;
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

  // How often it was read goes into a line that is kept free for it; unseen pages and failures leave it as it is.
  async function tellViews(articleId) {
    const line = document.querySelector("[data-views]");
    if (!line || document.visibilityState !== "visible") return;
    const answer = await fetch(`/v1/articles/${encodeURIComponent(articleId)}/views`).catch(() => null);
    // A body that nobody reads keeps one of the six connections.
    if (!answer || !answer.ok) return answer?.body?.cancel();
    const { views } = await answer.json();
    line.textContent = `${line.dataset.views} ${new Intl.NumberFormat(locale).format(views.all)}`;
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
    const heading = document.createElement("p");
    heading.className = "popular-window";
    heading.textContent = page.querySelector(".popular > h2").textContent;
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

  // The comments service sends readers to #comment-<id>; while an editor has it, there is nothing there yet.
  function acknowledgeComment() {
    const id = location.hash.slice(1);
    const received = document.querySelector("[data-received]");
    if (!received || !id.startsWith("comment-") || document.getElementById(id)) return;
    received.hidden = false;
    received.scrollIntoView({ block: "center" });
  }

  // Each by itself, so that a finger on the glass never waits for all of them.
  for (const act of [tellToday, tellAges, tellClocks, warnOfAge, focusReplies, acknowledgeComment, switchWindows, offerCopying]) {
    setTimeout(act);
  }
  document.addEventListener("pointerover", tellMoment);
  setInterval(tellAges, 60000);
  // live.js has put something in.
  document.addEventListener("added", () => { tellAges(); tellClocks(); focusReplies(); });
  const article = document.querySelector("[data-article]");
  if (article) {
    const id = article.dataset.article;
    onceVisible(() => { countView(id); tellViews(id); });
    setInterval(() => tellViews(id), COUNT_EVERY_MS);
  }
})();
