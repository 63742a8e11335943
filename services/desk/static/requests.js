/* Requests of the desk's scripts, times in the newsroom's zone, and elements. */
"use strict";
window.desk = window.desk || {};

(() => {
  const TIMEOUT_MS = 15_000;

  /* Send a request with the session's cookie: `json` or `form` (URLSearchParams) is its body, `version` is for If-Match, `key` for Idempotency-Key.
     Gives {status, headers, json, text}; status 0: no answer came in time, and the request may have been carried out. */
  desk.ask = async (method, path, { json, form, version, key, etag, keepalive = false, timeoutMs = TIMEOUT_MS, accept = "application/json" } = {}) => {
    const headers = { Accept: accept };
    if (json !== undefined) headers["Content-Type"] = "application/json";
    if (version) headers["If-Match"] = `"${version}"`;
    if (etag) headers["If-None-Match"] = `"${etag}"`;
    if (key) headers["Idempotency-Key"] = key;
    const body = json === undefined ? form : JSON.stringify(json);
    try {
      const answer = await fetch(path, { method, headers, body, keepalive, cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(timeoutMs) });
      const text = await answer.text();
      return { status: answer.status, headers: answer.headers, url: answer.url, redirected: answer.redirected, json: parsed(answer, text), text };
    } catch {
      return { status: 0, headers: new Headers(), url: path, redirected: false, json: null, text: "" };
    }
  };

  function parsed(answer, text) {
    if (!(answer.headers.get("Content-Type") || "").includes("json")) return null;
    try { return JSON.parse(text); } catch { return null; }
  }

  /* What a refusal says, in the service's words where it gives some. */
  desk.refusal = (answer) => {
    if (answer.status === 0) return desk.word("saving.unreachable");
    if (answer.status >= 500) return desk.word("saving.unavailable");
    const errors = answer.json?.errors || [];
    return errors.map((error) => error.detail).join(" ") || answer.json?.detail || desk.word("saving.refused");
  };

  const isEnglishPage = document.documentElement.lang === "en";

  /* Show a text that may be a service's. Services answer in English; the desk's own texts are in the page's language, which the first letter tells. */
  desk.tell = (element, text) => {
    const isTheirs = !isEnglishPage && /^\P{L}*\p{Script=Latin}/u.test(text);
    if (element.textContent !== text) element.textContent = text;
    for (const [name, value] of [["lang", "en"], ["dir", "ltr"]]) {
      if (isTheirs) element.setAttribute(name, value);
      else element.removeAttribute(name);
    }
    return element;
  };

  /* An element: `properties` are its own; `data-`, `aria-` and other attributes are in `attributes`. */
  desk.make = (name, properties = {}, ...children) => {
    const { attributes = {}, ...own } = properties;
    const made = Object.assign(document.createElement(name), own);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };

  const clocks = new Map();

  /* A time of day in the newsroom's zone. `when` is a Date, or a time of the API. */
  desk.time = (when, options = { hour: "2-digit", minute: "2-digit" }) => {
    const { zone, locale } = document.getElementById("editor")?.dataset || {};
    const name = JSON.stringify(options);
    if (!clocks.has(name)) clocks.set(name, new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: "h23", ...options }));
    return clocks.get(name).format(new Date(when));
  };

  /* A whole number in the language's digits. */
  desk.number = (value) => new Intl.NumberFormat(document.getElementById("editor")?.dataset.locale).format(value);
})();
