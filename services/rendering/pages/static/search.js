// Suggestions under the masthead's search field (WAI-ARIA combobox with a listbox). Without this script the form still searches.
"use strict";
whenParsed(() => {
  const form = document.querySelector("[data-search]");
  if (!form) return;
  const WAIT_MS = 150;
  const SHORTEST = 2;
  const SHOWN = 6;
  const words = form.dataset;
  const input = form.querySelector("input");

  const popup = make("div", "suggestions");
  const list = make("div", "suggestions-list");
  const none = make("p", "suggestions-none", words.none);
  const status = make("p", "unseen");
  const set = (element, attributes) => Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
  set(list, { role: "listbox", id: "suggestions", "aria-label": words.suggestions });
  set(status, { role: "status", "aria-live": "polite" });
  set(input, { role: "combobox", "aria-autocomplete": "list", "aria-controls": "suggestions", "aria-expanded": "false" });
  popup.hidden = true;
  popup.append(list, none);
  form.append(popup, status);

  let timer = 0;
  let request = null;
  let chosen = -1;
  let listed = "";
  const all = (q) => {
    const fields = new URLSearchParams(new FormData(form));
    fields.set("q", q);
    return `/search?${fields}`;
  };
  const options = () => [...list.children];
  const written = () => input.value.trimStart();

  function open() {
    popup.hidden = false;
    list.hidden = !list.children.length;
    none.hidden = !list.hidden;
    input.setAttribute("aria-expanded", String(!list.hidden));
  }

  function close() {
    popup.hidden = true;
    input.setAttribute("aria-expanded", "false");
    choose(-1);
  }

  function empty() {
    list.replaceChildren();
    close();
  }

  function choose(number) {
    chosen = number;
    options().forEach((option, place) => option.setAttribute("aria-selected", String(place === number)));
    const option = options()[number];
    if (!option) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function option(href, text, name, language) {
    const link = make("a", name, text);
    set(link, { role: "option", id: `suggestion-${list.children.length}`, href, tabindex: "-1", "aria-selected": "false" });
    if (language) set(link, { lang: language, dir: "auto" });
    list.append(link);
  }

  function show(q, found) {
    list.replaceChildren();
    listed = q;
    for (const item of found.items) option(item.url, item.headline, "suggestion", item.language);
    if (found.items.length) option(all(q), words.all, "suggestion suggestion-all");
    choose(-1);
    status.textContent = found.total ? `${words.found}: ${numeral(found.total)}` : words.none;
    open();
  }

  function forget() {
    clearTimeout(timer);
    if (request) request.abort();
    request = null;
  }

  async function ask(q) {
    const asking = (request = new AbortController());
    try {
      const answer = await fetch(`/v1/search?${new URLSearchParams({ q, limit: SHOWN })}`, { signal: asking.signal });
      const found = answer.ok ? await answer.json() : null;
      if (asking !== request) return;
      if (found) show(q, found);
      else empty();
    } catch {
      if (asking === request) empty();
    }
  }

  input.addEventListener("input", () => {
    forget();
    choose(-1);
    const q = written();
    status.textContent = "";
    if (q.trim().length < SHORTEST) return empty();
    timer = setTimeout(() => ask(q), WAIT_MS);
  });

  input.addEventListener("keydown", (event) => {
    // The list for earlier words stays visible until the new one comes, but keys ignore it.
    const count = listed === written() ? list.children.length : 0;
    if (event.key === "Escape") {
      forget();
      if (!popup.hidden) event.preventDefault();
      close();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && count) {
      event.preventDefault();
      open();
      const from = event.key === "ArrowDown" ? chosen + 1 : chosen < 0 ? count - 1 : chosen - 1;
      choose(from >= count ? -1 : from);
    } else if (event.key === "Enter" && !popup.hidden && options()[chosen]) {
      event.preventDefault();
      location.assign(options()[chosen].href);
    }
  });

  // A press on a suggestion must not move the focus: the list would close before the click.
  popup.addEventListener("mousedown", (event) => event.preventDefault());
  const leave = () => { forget(); close(); };
  input.addEventListener("blur", leave);
  // The browser may show this page again from its back-forward cache.
  addEventListener("pagehide", leave);
});

// On a 404, fill the large search form with the words of the address. The server caches one page for all addresses.
whenParsed(() => {
  const input = document.querySelector("[data-of-address]");
  if (!input || input.value) return;
  const LONGEST = 60;
  const part = decodeURIComponent(location.pathname).split("/").filter(Boolean).pop() || "";
  const words = part.normalize("NFC").replace(/[^\p{L}\p{M}]+/gu, " ").trim();
  input.value = words.length > LONGEST ? words.slice(0, LONGEST + 1).replace(/ [^ ]*$/, "").slice(0, LONGEST) : words;
});
