/* Pasted HTML as Markdown: `desk.markdownOf(html)`, a pure function. Knows the clipboards of Word, Google Docs and LibreOffice. */
"use strict";
window.desk = window.desk || {};

(() => {
  const BLOCKS = new Set(("ADDRESS ARTICLE ASIDE BLOCKQUOTE BODY CENTER DD DETAILS DIV DL DT FIELDSET FIGCAPTION FIGURE FOOTER FORM H1 H2 H3 H4 H5 H6 " +
    "HEADER HR LI MAIN NAV OL P PRE SECTION SUMMARY TABLE TBODY TD TFOOT TH THEAD TR UL").split(" "));
  const SKIPPED = new Set("AUDIO BASE BUTTON CANVAS COL COLGROUP HEAD IFRAME INPUT LINK META NOSCRIPT OBJECT SCRIPT SELECT STYLE SVG TEMPLATE TEXTAREA TITLE VIDEO XML".split(" "));
  const PLAIN_TAGS = { B: "strong", STRONG: "strong", I: "em", EM: "em", CITE: "em", S: "strike", STRIKE: "strike", DEL: "strike", CODE: "code", TT: "code", KBD: "code", SAMP: "code" };
  const RTL = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
  const RIGHT_TO_LEFT_MARK = "\u200f";
  // Addresses of pictures that readers cannot load: files of the writer's machine, and Google's short-lived copies.
  const UNUSABLE_PICTURE = /^https:\/\/lh\d[^/]*\.googleusercontent\.com\//;

  desk.markdownOf = (html) => {
    const { body } = new DOMParser().parseFromString(withoutStyles(html), "text/html");
    const blocks = blocksOf(body, {});
    const top = Math.min(...blocks.filter((block) => block.kind === "heading").map((block) => block.level));
    return writeBlocks(blocks, top);
  };

  /* Styles as plain data: the page's policy forbids to apply them, and each attempt would be reported. */
  function withoutStyles(html) {
    const bare = html.replace(/<style\b[^]*?<\/style\s*>/gi, "");
    return bare.replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\sstyle\s*=/gi, " data-style="));
  }

  /* Whether the HTML says more than its plain text: an editor of code puts coloured text on the clipboard, which stays plain. */
  desk.isStructured = (html) => /<(?:p|h[1-6]|li|b|strong|i|em|table|blockquote|img|a\s[^>]*href)\b/i.test(html);

  // Blocks: {kind: "text", runs, dir}, "heading" (level), "quote" (blocks), "list" (isOrdered, start, items: blocks each), "table" (rows), "code" (text), "rule".
  function blocksOf(parent, context) {
    const blocks = [];
    let runs = [];
    const flush = () => {
      for (const part of paragraphsOf(runs)) blocks.push({ kind: "text", runs: part, dir: context.dir });
      runs = [];
    };
    for (const node of parent.childNodes) {
      if (!isBlock(node)) collect(node, context.marks || {}, runs);
      else {
        flush();
        addBlock(node, inner(node, context), blocks);
      }
    }
    flush();
    return parent.nodeName === "BODY" || isListHolder(blocks) ? gatherLists(blocks) : blocks;
  }

  const isListHolder = (blocks) => blocks.some((block) => block.level && block.kind === "item");

  function isBlock(node) {
    if (node.nodeType !== Node.ELEMENT_NODE || SKIPPED.has(node.nodeName)) return false;
    return BLOCKS.has(node.nodeName) || (node.firstElementChild !== null && [...node.children].some(isBlock));
  }

  function inner(node, context) {
    const dir = (node.getAttribute("dir") || (styleOf(node).match(/(?:^|;)\s*direction:\s*(rtl|ltr)/i) || [])[1] || context.dir || "").toLowerCase();
    return { ...context, dir, marks: marksOf(node, context.marks || {}) };
  }

  function addBlock(node, context, blocks) {
    const heading = headingLevel(node);
    const add = { BLOCKQUOTE: quote, UL: list, OL: list, TABLE: table, PRE: code, HR: () => [{ kind: "rule" }] }[node.nodeName];
    if (isHidden(node)) return;
    if (heading) blocks.push(...headings(node, context, heading));
    else if (add) blocks.push(...add(node, context));
    else if (isWordListItem(node)) blocks.push(wordListItem(node, context));
    else if (isContinued(node) && (blocks.at(-1) || {}).kind === "item") blocks.at(-1).blocks.push(...blocksOf(node, context));
    else if (/^Mso(?:Intense)?Quote/.test(node.className)) blocks.push(...quote(node, context));
    else blocks.push(...blocksOf(node, context));
  }

  function headingLevel(node) {
    if (/^H[1-6]$/.test(node.nodeName)) return Number(node.nodeName[1]);
    if (node.className === "MsoTitle") return 1;
    const outline = node.nodeName === "P" && styleOf(node).match(/mso-outline-level:\s*([1-6])/);
    return outline ? Number(outline[1]) : 0;
  }

  function headings(node, context, level) {
    return blocksOf(node, { ...context, marks: {} }).map((block) =>
      block.kind === "text" ? { ...block, kind: "heading", level, runs: block.runs.map((run) => ({ ...run, strong: undefined })) } : block);
  }

  const quote = (node, context) => [{ kind: "quote", blocks: blocksOf(node, { ...context, marks: { ...context.marks, em: undefined } }) }];

  function code(node) {
    return [{ kind: "code", text: node.textContent.replace(/\n$/, "") }];
  }

  function list(node, context) {
    const items = [];
    for (const child of node.children) {
      const found = isHidden(child) ? [] : itemOf(child, context);
      const isNestedAlone = found.length > 0 && found.every((block) => block.kind === "list");
      if (isNestedAlone && items.length) items.at(-1).push(...found);
      else if (found.length) items.push(found);
    }
    const start = Number(node.getAttribute("start")) || 1;
    return items.length ? [{ kind: "list", isOrdered: node.nodeName === "OL", start, items }] : [];
  }

  /* Google Docs and LibreOffice put a nested list beside its item, not into it. */
  function itemOf(node, context) {
    if (node.nodeName === "LI") return blocksOf(node, inner(node, context));
    const blocks = [];
    if (isBlock(node)) addBlock(node, inner(node, context), blocks);
    return blocks;
  }

  /* Word writes a list as paragraphs, each with its level and its number or bullet as text. */
  const isWordListItem = (node) => node.nodeName === "P" && /mso-list:\s*l\d+\s+level\d+/.test(styleOf(node));

  const isContinued = (node) => /^MsoList(?:Continue|Paragraph)/.test(node.className);

  function wordListItem(node, context) {
    const [, id, level] = styleOf(node).match(/mso-list:\s*(l\d+)\s+level(\d+)/);
    const labels = [...node.querySelectorAll("[data-style*='mso-list:Ignore' i], [data-style*='mso-list: Ignore' i]")];
    const label = labels.map((one) => one.textContent).join("").trim();
    const rest = node.cloneNode(true);
    rest.querySelectorAll("[data-style*='mso-list:Ignore' i], [data-style*='mso-list: Ignore' i]").forEach((one) => one.remove());
    const isOrdered = /^\(?(?:\p{N}+|\p{L}|[ivxlcdm]+)(?:\.\p{N}+)*[.)\-–]/iu.test(label);
    return { kind: "item", id, level: Number(level), isOrdered, start: Number.parseInt(label, 10) || 1, blocks: blocksOf(rest, context) };
  }

  function gatherLists(blocks) {
    const gathered = [];
    let open = [];
    for (const block of blocks) {
      if (block.kind !== "item") {
        open = [];
        gathered.push(block);
        continue;
      }
      while (open.length && (open.at(-1).level > block.level || (open.at(-1).level === block.level && open.at(-1).list.isOrdered !== block.isOrdered))) open.pop();
      if (!open.length || open.at(-1).level < block.level) {
        const made = { kind: "list", isOrdered: block.isOrdered, start: block.start, items: [] };
        (open.length ? open.at(-1).list.items.at(-1) : gathered).push(made);
        open.push({ level: block.level, list: made });
      }
      open.at(-1).list.items.push(block.blocks);
    }
    return gathered;
  }

  function table(node, context) {
    const cells = [...node.rows].map((row) => [...row.cells]);
    if (cells.flat().length === 1) return blocksOf(cells[0][0], inner(cells[0][0], context));
    const rows = cells
      .map((row, index) => row.flatMap((cell) => [cellText(cell, context, index === 0), ...Array(Math.max(0, cell.colSpan - 1)).fill("")]))
      .filter((row) => row.some(Boolean));
    return rows.length ? [{ kind: "table", rows }] : [];
  }

  /* A head is bold without marks. */
  function cellText(cell, context, isHead) {
    const runs = [];
    cell.childNodes.forEach((child) => collect(child, context.marks, runs));
    return desk.markdownOfRuns(isHead ? runs.map((run) => ({ ...run, strong: undefined })) : runs, true);
  }

  function collect(node, marks, runs) {
    if (node.nodeType === Node.TEXT_NODE) {
      runs.push({ ...marks, text: node.data });
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE || SKIPPED.has(node.nodeName) || isHidden(node)) return;
    if (node.nodeName === "BR") runs.push({ isBreak: true });
    else if (node.nodeName === "IMG") runs.push(...picture(node));
    else {
      if (BLOCKS.has(node.nodeName)) runs.push({ text: " " });
      for (const child of node.childNodes) collect(child, marksOf(node, marks), runs);
      if (BLOCKS.has(node.nodeName)) runs.push({ text: " " });
    }
  }

  function picture(node) {
    const address = node.getAttribute("src") || "";
    if (!/^https:\/\//i.test(address) || UNUSABLE_PICTURE.test(address) || Number(node.getAttribute("width")) === 1) return [];
    const alt = (node.getAttribute("alt") || "").replace(/\s+/g, " ").trim().replace(/[[\]\\]/g, "\\$&");
    return [{ raw: `![${alt}](${encodeURI(decodeURI(address)).replace(/[()]/g, (letter) => (letter === "(" ? "%28" : "%29"))})` }];
  }

  /* Tags say what a text is; a style overrules them. Google Docs wraps everything in <b style="font-weight:normal">. */
  function marksOf(node, marks) {
    const style = styleOf(node);
    const found = { ...marks };
    const named = PLAIN_TAGS[node.nodeName];
    if (named) found[named] = true;
    const weight = style.match(/(?:^|[;\s])font-weight:\s*(\w+)/i);
    if (weight) found.strong = /^(?:bold|bolder|[6-9]00)$/i.test(weight[1]) || undefined;
    const slant = style.match(/(?:^|[;\s])font-style:\s*(\w+)/i);
    if (slant) found.em = /^(?:italic|oblique)$/i.test(slant[1]) || undefined;
    if (/text-decoration[^;]*:[^;]*line-through/i.test(style)) found.strike = true;
    if (node.nodeName === "A") found.href = targetOf(node.getAttribute("href") || "") || marks.href;
    return found;
  }

  function targetOf(address) {
    const wrapped = address.match(/^https?:\/\/www\.google\.com\/url\?(.*)$/);
    const target = (wrapped && new URLSearchParams(wrapped[1]).get("q")) || address.trim();
    return /^(?:https?:\/\/|mailto:)/i.test(target) ? target : undefined;
  }

  const styleOf = (node) => node.getAttribute("data-style") || "";

  function isHidden(node) {
    // Tracked deletions of Word are no longer part of the text.
    return /display:\s*none|mso-hide:\s*all|mso-element:\s*(?:comment|header|footer)/i.test(styleOf(node)) || (node.nodeName === "DEL" && node.hasAttribute("cite"));
  }

  /* Two breaks in a row end a paragraph. */
  function paragraphsOf(runs) {
    const parts = [[]];
    const solid = runs.filter((run, index) => !(run.text !== undefined && run.text.trim() === "" && (runs[index - 1] || {}).isBreak));
    solid.forEach((run, index) => {
      if (run.isBreak && (solid[index + 1] || {}).isBreak) parts.push([]);
      else if (!(run.isBreak && parts.at(-1).length === 0)) parts.at(-1).push(run);
    });
    return parts.filter((part) => part.some((run) => run.raw || (run.text || "").replace(/[\ufeff\u200b]/g, "").trim() !== ""));
  }

  function writeBlocks(blocks, top) {
    const joined = mergeQuotes(blocks);
    return joined.map((block) => writeBlock(block, top)).filter(Boolean).join("\n\n");
  }

  function mergeQuotes(blocks) {
    const merged = [];
    for (const block of blocks) {
      if (block.kind === "quote" && (merged.at(-1) || {}).kind === "quote") merged.at(-1).blocks.push(...block.blocks);
      else merged.push(block);
    }
    return merged;
  }

  function writeBlock(block, top) {
    const write = {
      text: () => directed(desk.markdownOfRuns(block.runs), block.dir),
      heading: () => heading(directed(desk.markdownOfRuns(block.runs), block.dir), block.level, top),
      quote: () => writeBlocks(block.blocks, top).replace(/^.*$/gm, (line) => (line ? `> ${line}` : ">")),
      list: () => writeList(block, top),
      table: () => writeTable(block.rows),
      code: () => `\`\`\`\n${block.text}\n\`\`\``,
      rule: () => "---",
    };
    return write[block.kind]();
  }

  /* The highest heading of what was pasted becomes level 2, the first below an article's headline. */
  function heading(text, level, top) {
    return text && `${"#".repeat(Math.min(6, 2 + level - (Number.isFinite(top) ? top : level)))} ${text.replace(/\\\n/g, " ")}`;
  }

  function writeList(block, top) {
    const isTight = block.items.every((item) => item.filter((part) => part.kind !== "list").length <= 1);
    const lines = block.items.map((item, index) => {
      const marker = block.isOrdered ? `${block.start + index}. ` : "- ";
      const text = item.map((part) => writeBlock(part, top)).filter(Boolean).join(isTight ? "\n" : "\n\n");
      return text && marker + text.replace(/\n(?=[^\n])/g, `\n${" ".repeat(marker.length)}`);
    });
    return lines.filter(Boolean).join(isTight ? "\n" : "\n\n");
  }

  function writeTable(rows) {
    const width = Math.max(...rows.map((row) => row.length));
    const lines = rows.map((row) => `| ${[...row, ...Array(width - row.length).fill("")].join(" | ")} |`);
    return [lines[0], `|${" --- |".repeat(width)}`, ...lines.slice(1)].join("\n");
  }

  /* A right-to-left paragraph that begins with a Latin word needs a mark to stay right-to-left. */
  function directed(text, dir) {
    const first = (text.match(/\p{L}/u) || [""])[0];
    return dir === "rtl" && first && !RTL.test(first) && RTL.test(text) ? RIGHT_TO_LEFT_MARK + text : text;
  }
})();
