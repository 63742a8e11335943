// Enhancements that depend on the reader: their time, their clicks, their comments. Every page works without this script.
"use strict";
// The script may arrive before the end of the page or long after it. Each part runs in its own task: input never waits for all of
// them, and a failure in one stops no other.
const whenParsed = (act) => {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => setTimeout(act));
  else setTimeout(act);
};
// Shared by all parts.
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

  // Formats of dates and numbers come with the page: the first use of `Intl` takes a phone a tenth of a second.
  const calendar = JSON.parse(document.getElementById("calendar").textContent);
  const digits = (text) => String(text).replace(/\d/g, (digit) => calendar.digits[digit]);
  const number = (value) => digits(String(value).replace(/\B(?=(\d{3})+$)/g, calendar.grouping));
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const two = (value) => String(value).padStart(2, "0");

  const secondsSince = (moment) => (Date.now() - Date.parse(moment)) / 1000;

  // Ages are rounded down. A moment in the future (a wrong clock) reads as "now".
  function age(seconds) {
    const [unit, size] = UNITS.find(([, size]) => seconds >= size) || [];
    if (!unit) return calendar.now;
    const count = Math.floor(seconds / size);
    const form = calendar.plurals[count < 100 ? count : 100 + count % 100];
    return fill(calendar.ages[unit][form], { number: number(count) });
  }

  function showAges() {
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

  // The full date of an age, as a tooltip.
  function showMoment(event) {
    const time = event.target.closest("time[data-age]:not([title])");
    if (!time) return;
    const moment = new Date(time.dateTime);
    time.title = `${day(moment)} ${clock(moment)}`;
  }

  function showClocks() {
    for (const time of all("time[data-clock]")) time.textContent = clock(new Date(time.dateTime));
  }

  function showToday() {
    for (const place of all("[data-today]")) place.textContent = day(new Date());
  }

  // Lays out the parts that the stylesheet left for later, from top to bottom, one each time the browser is idle: scrolling and
  // screenshots then find the whole page, and input never waits for more than one part.
  function layOutTheRest() {
    const whenIdle = window.requestIdleCallback || requestAnimationFrame;
    const parts = [...all(".block, .rail > section, .threads > li")];
    const next = () => {
      const part = parts.shift();
      if (!part) return;
      part.style.contentVisibility = "visible";
      requestAnimationFrame(() => whenIdle(next));
    };
    whenIdle(next);
  }

  function yearsSince(moment) {
    const [then, now] = [new Date(moment), new Date()];
    const years = now.getUTCFullYear() - then.getUTCFullYear();
    return years - (then.setUTCFullYear(now.getUTCFullYear()) > now);
  }

  // A cached page may be older than the article's last anniversary.
  function showOldNotice() {
    for (const line of all("[data-old]")) {
      if (yearsSince(line.dataset.old) <= line.dataset.years) continue;
      line.textContent = line.dataset.older;
      line.hidden = false;
    }
  }

  // Without an id the service invents one: older browsers, and pages without TLS.
  function countView(articleId) {
    const body = JSON.stringify({ article_id: articleId, event_id: crypto.randomUUID?.(), referrer: document.referrer });
    if (navigator.sendBeacon && navigator.sendBeacon("/v1/views", body)) return;
    fetch("/v1/views", { method: "POST", body, keepalive: true }).catch(() => {});
  }

  // A picture that fails to load is replaced by its alternative text.
  function replaceMissing(picture) {
    (picture.closest("picture") || picture).replaceWith(...(picture.alt ? [make("span", "missing", picture.alt)] : []));
  }

  function replaceAllMissing() {
    for (const picture of all("main img")) if (picture.complete && !picture.naturalWidth) replaceMissing(picture);
  }

  // The number of views goes into a line reserved for it. Hidden pages and failures leave the line as it is.
  async function showViews(articleId) {
    const line = document.querySelector("[data-views]");
    if (!line || document.visibilityState !== "visible") return;
    const answer = await fetch(`/v1/articles/${encodeURIComponent(articleId)}/views`).catch(() => null);
    // An unread body would keep one of the browser's six connections.
    if (!answer || !answer.ok) return answer?.body?.cancel();
    const { views } = await answer.json();
    if (views.all) line.textContent = `${line.dataset.views} ${number(views.all)}`;
  }

  // A page counts as read after a second in which it was visible, also in parts. A prerendered page is hidden until it is opened.
  function countWhenRead(articleId) {
    let ticks = 0;
    const timer = setInterval(() => {
      if (document.visibilityState !== "visible" || ++ticks < 5) return;
      clearInterval(timer);
      countView(articleId);
    }, 250);
  }

  // Shows Popular News of another window in place; on failure, follows the link to that window's page.
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
    // From now on only the reader changes it; screen readers announce the change.
    shown.setAttribute("aria-live", "polite");
    shown.replaceChildren(heading, ...fresh.childNodes);
    for (const other of block.querySelectorAll(".popular-tabs a")) other.removeAttribute("aria-current");
    tab.setAttribute("aria-current", "true");
    showClocks();
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

  // The scripts of a discussion, when the reader comes near it.
  function fetchDiscussion() {
    const place = document.querySelector("[data-script]");
    if (!place) return;
    const script = document.createElement("script");
    let sent = null;
    // A form that is sent before the scripts are here waits for them. If they fail, it is sent as a plain form.
    const wait = (event) => {
      event.preventDefault();
      sent = event;
    };
    script.onload = script.onerror = () => {
      place.removeEventListener("submit", wait);
      if (sent) sent.target.requestSubmit(sent.submitter);
    };
    place.addEventListener("submit", wait);
    new IntersectionObserver((found) => {
      if (script.src || !found.some(({ isIntersecting }) => isIntersecting)) return;
      script.src = place.dataset.script;
      document.head.append(script);
    }, { rootMargin: "100% 0px" }).observe(place);
  }

  // Each in its own task, so that input never waits for all of them.
  for (const act of [showToday, showAges, showClocks, showOldNotice, switchWindows, offerCopying, replaceAllMissing, layOutTheRest, fetchDiscussion]) {
    setTimeout(act);
  }
  document.addEventListener("pointerover", showMoment);
  document.addEventListener("error", ({ target }) => target.matches("main img") && replaceMissing(target), true);
  setInterval(showAges, 60000);
  // Sent by live.js when it has changed the page.
  document.addEventListener("added", () => { showAges(); showClocks(); });
  const article = document.querySelector("[data-article]");
  if (article) {
    const id = article.dataset.article;
    countWhenRead(id);
    document.addEventListener("visibilitychange", () => showViews(id));
    showViews(id);
    setInterval(() => showViews(id), COUNT_EVERY_MS);
  }
});
