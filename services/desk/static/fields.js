/* The editor's fields and an article of the API: the same text in two forms. */
"use strict";
window.desk = window.desk || {};

(() => {
  const form = document.getElementById("editor");
  if (!form) return;

  const LINES = ["headline", "section", "body_markdown"];
  const OPTIONAL = ["standfirst", "language"];
  const LISTS = ["tags", "bylines"];
  const TEXTS = ["alt", "caption", "credit"];
  const PICTURE = ["media_id", "url", ...TEXTS];
  const input = (name) => form.elements.namedItem(name);
  const text = (name) => input(name)?.value ?? "";
  let isSlugTouched = false;

  input("slug")?.addEventListener("input", () => { isSlugTouched = true; });

  /* A list in one line, and back: a part that holds a comma stands in quotation marks. As in articles/copy.py. */
  const parts = (line) => [...line.matchAll(/\s*"([^"]*)"\s*(?=[,،]|$)|([^,،]+)/g)].map((found) => (found[1] || found[2] || "").trim()).filter(Boolean);
  const together = (list) => list.map((part) => (/[,،]/.test(part) && !part.includes('"') ? `"${part}"` : part)).join(", ");

  // They have room for several lines on the screen, and are one line.
  const line = (name) => text(name).replace(/\s*\n\s*/g, " ");

  /* The text that a person typed, as the API names it. A slug is part of it once a person has changed it: until then it may follow the headline.
     A picture may still lack its address: `sendable` leaves it out. */
  function read() {
    const found = { headline: line("headline"), section: text("section"), body_markdown: text("body_markdown") };
    if (line("standfirst").trim()) found.standfirst = line("standfirst");
    if (text("language").trim()) found.language = text("language");
    for (const name of LISTS) found[name] = parts(text(name));
    if (isSlugTouched && text("slug").trim()) found.slug = text("slug").trim();
    if (PICTURE.some((name) => text(`picture_${name}`).trim())) found.lead_image = picture((name) => text(`picture_${name}`));
    return found;
  }

  /* A lead picture as the API takes it: a typed address takes the place of a picture of the library. As `sent_picture` in articles/copy.py. */
  function picture(value) {
    const by = value("url").trim() || !value("media_id") ? "url" : "media_id";
    return Object.fromEntries([by, ...TEXTS].map((name) => [name, value(name)]));
  }

  /* The part of a text that the API takes: all but texts about no picture. */
  function sendable({ lead_image: lead, ...fields }) {
    return lead?.media_id || lead?.url?.trim() ? { ...fields, lead_image: lead } : fields;
  }

  /* The same of an article in an answer. */
  function of(article) {
    const found = Object.fromEntries([...LINES, ...OPTIONAL, ...LISTS, "slug"].map((name) => [name, article[name]]));
    if (article.lead_image) found.lead_image = own(article.lead_image);
    return found;
  }

  /* A picture of an answer without what it takes from the library. */
  function own(lead) {
    const theirs = new Set(lead.media_id ? ["url", ...(lead.inherited || [])] : []);
    return picture((name) => (theirs.has(name) ? "" : lead[name] ?? ""));
  }

  function plain(value) {
    if (value && typeof value === "object") return JSON.stringify(Object.values(value).map(plain));
    return String(value ?? "").normalize("NFC").replace(/\s+/g, " ").trim();
  }

  /* A body as the service stores it: paragraphs, line breaks and indents are text. */
  const prose = (value) => String(value ?? "").normalize("NFC").replace(/\r\n?/g, "\n").replace(/^\n+/, "").trimEnd();

  const stored = (name, value) => (name === "body_markdown" ? prose(value) : plain(value));

  /* Whether two texts are the same but for white space that the service takes away. Fields that the first leaves to the service do not count. */
  function same(first, second) {
    const names = new Set([...Object.keys(first), "standfirst", "lead_image"]);
    return [...names].every((name) => stored(name, first[name]) === stored(name, second[name]));
  }

  /* Show a text in the fields; the browser's undo can take it back. */
  function write(fields) {
    const focused = document.activeElement;
    const lines = { ...fields, standfirst: fields.standfirst || "", ...Object.fromEntries(LISTS.map((name) => [name, together(fields[name] || [])])) };
    for (const name of PICTURE) lines[`picture_${name}`] = fields.lead_image?.[name] || "";
    for (const [name, line] of Object.entries(lines)) {
      const element = input(name);
      if (!element || typeof line !== "string" || element.value === line) continue;
      if (element.localName === "select" || element.type === "hidden" || (!line && !element.value)) element.value = line;
      else desk.adapt(element).replaceRange(0, element.value.length, line);
    }
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /* Show the slug that the service made, unless a person has changed it. */
  function showSlug(slug) {
    if (!isSlugTouched && input("slug")) input("slug").value = slug;
  }

  /* Mark the fields that an answer calls wrong; without errors, none. */
  function mark(errors = []) {
    for (const old of form.querySelectorAll("[data-fault]")) old.remove();
    for (const wrong of form.querySelectorAll("[data-wrong]")) {
      delete wrong.dataset.wrong;
      wrong.removeAttribute("aria-invalid");
      wrong.closest(".field")?.classList.remove("wrong");
    }
    for (const { pointer, detail } of errors) {
      const named = input(pointer.replace("/lead_image/", "/picture_").split("/")[1] || "");
      // A hidden field takes no focus: its button does.
      const element = named?.type === "hidden" ? document.getElementById("lead-choose") : named;
      if (!element?.closest) continue;
      const fault = desk.tell(desk.make("strong", { className: "error", id: `${element.id || element.name}-fault`, attributes: { "data-fault": "" } }), detail);
      element.dataset.wrong = "";
      element.setAttribute("aria-invalid", "true");
      element.closest(".field")?.classList.add("wrong");
      const known = (element.getAttribute("aria-describedby") || "").split(" ").filter(Boolean);
      if (!known.includes(fault.id)) element.setAttribute("aria-describedby", [...known, fault.id].join(" "));
      element.after(fault);
    }
  }

  desk.fields = Object.freeze({ read, sendable, of, same, write, showSlug, mark, together });
})();
