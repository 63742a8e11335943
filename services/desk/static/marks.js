/* What the toolbar does to a text: pure functions of text and selection, `desk.marks.<name>(text, start, end)`.
   Each returns {start, end, text, select: [from, to]}: the range to replace, its new text, and the selection afterwards; or null for nothing to do. */
"use strict";
window.desk = window.desk || {};

(() => {
  const LIST = /^(?:[-*+] |\d{1,9}[.)] |> |#{1,6} )/;
  const WORD = /[\p{L}\p{M}\p{N}]/u;

  /* The word around a caret that stands inside it; the caret alone elsewhere. */
  function wordAround(text, caret) {
    let [start, end] = [caret, caret];
    while (start > 0 && WORD.test(text[start - 1])) start -= 1;
    while (end < text.length && WORD.test(text[end])) end += 1;
    return start < caret && caret < end ? [start, end] : [caret, caret];
  }

  /* Marks beside a space are no marks in Markdown. */
  function withoutSpaces(text, start, end) {
    let [from, to] = [start, end];
    while (from < to && /\s/.test(text[from])) from += 1;
    while (to > from && /\s/.test(text[to - 1])) to -= 1;
    return from < to ? [from, to] : [start, end];
  }

  /* Stars on both sides: one or three are italic, two or three are bold. */
  function starsAround(text, start, end) {
    let count = 0;
    while (count < 3 && text[start - count - 1] === "*" && text[end + count] === "*") count += 1;
    return count;
  }

  function emphasise(text, start, end, size) {
    const [from, to] = start === end ? wordAround(text, start) : withoutSpaces(text, start, end);
    const stars = starsAround(text, from, to);
    const isOn = size === 2 ? stars >= 2 : stars % 2 === 1;
    const sign = "*".repeat(size);
    if (isOn) {
      const inner = text.slice(from, to);
      return { start: from - size, end: to + size, text: inner, select: [from - size, to - size] };
    }
    // A mark cannot reach over paragraphs, so each line gets its own.
    const marked = text.slice(from, to).split("\n").map((line) => markLine(line, sign, from === to)).join("\n");
    const isLines = marked.includes("\n");
    return { start: from, end: to, text: marked, select: isLines ? [from, from + marked.length] : [from + size, to + size] };
  }

  function markLine(line, sign, isCaret) {
    if (isCaret) return sign + sign;
    const [lead] = line.match(LIST) || [""];
    const rest = line.slice(lead.length);
    return rest.trim() === "" ? line : lead + rest.replace(/^(\s*)([^]*?)(\s*)$/, (_, before, inner, after) => before + sign + inner + sign + after);
  }

  function lineRange(text, start, end) {
    const from = text.lastIndexOf("\n", start - 1) + 1;
    const last = end > start && text[end - 1] === "\n" ? end - 1 : end;
    const to = text.indexOf("\n", last);
    return [from, to < 0 ? text.length : to];
  }

  /* Put a prefix before each line, or take it away where every line has it. */
  function prefix(text, start, end, pattern, make) {
    const [from, to] = lineRange(text, start, end);
    const lines = text.slice(from, to).split("\n");
    const filled = lines.filter((line) => line.trim() !== "");
    const isOn = filled.length > 0 && filled.every((line) => pattern.test(line));
    let number = 0;
    const changed = lines.map((line) => {
      if (isOn) return line.replace(pattern, "");
      return line.trim() === "" && lines.length > 1 ? line : make(number++) + line.replace(LIST, "");
    }).join("\n");
    const select = start === end ? [from + changed.length, from + changed.length] : [from, from + changed.length];
    return changed === text.slice(from, to) ? null : { start: from, end: to, text: changed, select };
  }

  /* No heading, then level 2, then level 3, then none again. Level 1 is the headline. */
  function heading(text, start) {
    const [from, to] = lineRange(text, start, start);
    const line = text.slice(from, to);
    const level = (line.match(/^#{1,6}(?= )/) || [""])[0].length;
    const sign = level < 2 ? "## " : level === 2 ? "### " : "";
    const changed = sign + line.replace(/^#{1,6} /, "").replace(LIST, "");
    return { start: from, end: to, text: changed, select: [from + changed.length, from + changed.length] };
  }

  const escaped = (text) => text.replace(/[[\]]/g, "\\$&");

  const destination = (address) => address.trim().replace(/[\s<>()]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);

  function link(text, start, end, { words, address }) {
    const made = `[${escaped(words || text.slice(start, end) || address)}](${destination(address)})`;
    return { start, end, text: made, select: [start + made.length, start + made.length] };
  }

  /* A picture is a paragraph of its own; `beside` puts it into the paragraph of the picture before it, which makes a gallery. */
  function picture(text, start, end, { beside = false, ...shown }) {
    if (!beside || !isBehindPicture(text, start)) return block(text, start, end, pictureText(shown));
    const made = `\n${pictureText(shown)}`;
    return { start, end, text: made, select: [start + made.length, start + made.length] };
  }

  const pictureText = ({ alt, address, caption = "" }) => `![${escaped(line(alt))}](${destination(address)}${caption.trim() ? ` "${quoted(line(caption))}"` : ""})`;

  /* Several pictures in one paragraph, a line each. */
  const gallery = (text, start, end, pictures) => block(text, start, end, pictures.map(pictureText).join("\n"));

  /* Whether a place is at the end of a line that is a picture of the library and no more. */
  function isBehindPicture(text, place) {
    const before = text.slice(text.lastIndexOf("\n", place - 1) + 1, place);
    return (text[place] ?? "\n") === "\n" && /^!\[.*\]\(media:[0-9a-z]+(?: ".*")?\)$/.test(before);
  }

  const line = (text) => text.replace(/\s+/g, " ").trim();
  const quoted = (text) => text.replace(/["\\]/g, "\\$&");

  function block(text, start, end, made) {
    const before = text.slice(0, start);
    const after = text.slice(end);
    const lead = before === "" || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
    const trail = after === "" || after.startsWith("\n\n") ? "" : after.startsWith("\n") ? "\n" : "\n\n";
    const whole = lead + made + trail;
    return { start, end, text: whole, select: [start + whole.length, start + whole.length] };
  }

  const isBlock = (markdown) => markdown.includes("\n\n") || /^(?:#{1,6} |[-*+] |\d{1,9}[.)] |> |\||```|!\[)/.test(markdown);

  /* Pasted Markdown: paragraphs of their own get the blank lines that they need. */
  function paste(text, start, end, markdown) {
    if (isBlock(markdown)) return block(text, start, end, markdown);
    return { start, end, text: markdown, select: [start + markdown.length, start + markdown.length] };
  }

  /* What Enter does in a list or a quote: the next line begins alike; an empty item ends the list. Null elsewhere. */
  function newLine(text, caret) {
    const from = text.lastIndexOf("\n", caret - 1) + 1;
    const line = text.slice(from, caret);
    const found = line.match(/^(\s*)(?:([-*+]) |(\d{1,8})([.)]) |(>) )/);
    if (!found) return null;
    const [lead, indent, bullet, number, dot, quote] = found;
    if (line === lead) return { start: from, end: caret, text: "", select: [from, from] };
    const next = `\n${indent}${bullet || quote || `${Number(number) + 1}${dot}`} `;
    return { start: caret, end: caret, text: next, select: [caret + next.length, caret + next.length] };
  }

  desk.marks = Object.freeze({
    bold: (text, start, end) => emphasise(text, start, end, 2),
    italic: (text, start, end) => emphasise(text, start, end, 1),
    heading,
    list: (text, start, end) => prefix(text, start, end, /^[-*+] /, () => "- "),
    numbered: (text, start, end) => prefix(text, start, end, /^\d{1,9}[.)] /, (index) => `${index + 1}. `),
    quote: (text, start, end) => prefix(text, start, end, /^> ?/, () => "> "),
    link,
    picture,
    gallery,
    isBehindPicture,
    paste,
    newLine,
  });
})();
