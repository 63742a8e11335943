// Times in two zones. The pages show the newsroom's time; where the reader's clock differs, the reader's time stands beneath.
// A form with data-zone tells what a typed time means while it is typed: on its button, and in the reader's own time.
"use strict";
globalThis.desk ??= {};
(() => {
  const MINUTE_MS = 60_000;
  const DAY_MS = 86_400_000;
  const language = document.documentElement.lang;
  // The pages use these digits and the Gregorian calendar in every language.
  const locale = language.startsWith("ar") ? "ar-u-nu-arab-ca-gregory" : language === "en" ? "en-GB" : language;

  const comma = language.startsWith("ar") ? "، " : ", ";

  const parts = (date, zone, name, more) =>
    Object.fromEntries(new Intl.DateTimeFormat(name, { timeZone: zone, hourCycle: "h23", ...more }).formatToParts(date).map((part) => [part.type, part.value]));

  /** The moment as `8 Feb 2026, 14:05` in a zone (without one: the reader's). */
  const text = (date, zone) => {
    const found = parts(date, zone, locale, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
    return `${found.day} ${found.month} ${found.year}${comma}${found.hour}:${found.minute}`;
  };

  /** The zone's distance from UTC at a moment, in milliseconds. */
  const offset = (date, zone) => {
    const found = parts(date, zone, "en-GB", { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" });
    const local = Date.UTC(found.year, found.month - 1, found.day, found.hour, found.minute, found.second);
    return local - Math.floor(date.getTime() / 1000) * 1000;
  };

  /** The moments that a local time such as 2026-03-29T02:30 may mean: none in a gap of summer time, two in an overlap. */
  const instants = (value, zone) => {
    const local = Date.parse(`${value}Z`);
    if (Number.isNaN(local)) return [];
    const offsets = new Set([-DAY_MS, DAY_MS].map((step) => offset(new Date(local + step), zone)));
    return [...offsets].map((one) => new Date(local - one)).filter((date) => offset(date, zone) === local - date.getTime()).sort((a, b) => a - b);
  };

  const clock = (date, zone) => text(date, zone).split(comma).at(-1);
  const day = (date, zone) => text(date, zone).split(comma)[0];

  /** The moment in the reader's own time; empty where the clocks agree. `isShort`: without the day where it is the same. */
  const yours = (date, zone, pattern, isShort = false) => {
    if (Math.abs(offset(date, zone) - offset(date)) < MINUTE_MS) return "";
    return pattern.replace("{time}", isShort && day(date) === day(date, zone) ? clock(date) : text(date));
  };

  /** Write the reader's time beneath each of the newsroom's. */
  const showLocal = (root = document) => {
    for (const time of root.querySelectorAll("time.both")) {
      const found = yours(new Date(time.dateTime), time.dataset.zone, time.dataset.yours, time.classList.contains("short"));
      if (!found || time.nextElementSibling?.classList.contains("yours")) continue;
      const line = document.createElement("span");
      line.className = "yours";
      line.textContent = found;
      time.after(" ", line);
    }
  };

  /** Tell what the typed time means. */
  const showTyped = (form) => {
    const field = form.elements.namedItem(form.dataset.time);
    const found = instants(field.value, form.dataset.zone);
    const line = form.querySelector(".typed");
    line.textContent = found.length === 1 ? yours(found[0], form.dataset.zone, form.dataset.yours) : "";
    const button = form.querySelector("button[data-with]");
    button.textContent = found.length ? button.dataset.with.replace("{time}", text(found[0], form.dataset.zone)) : button.dataset.without;
  };

  document.addEventListener("input", ({ target }) => {
    if (target.form?.dataset.time && target.name === target.form.dataset.time) showTyped(target.form);
  });

  /** For pages, and for dialogs that a script has put in. */
  desk.showTimes = (root = document) => {
    showLocal(root);
    for (const form of root.querySelectorAll("form[data-time]")) showTyped(form);
  };
  desk.instants = instants;
  /** A moment as the pages write it, in a zone. */
  desk.moment = text;
  desk.showTimes();
})();
