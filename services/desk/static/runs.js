/* Inline parts of pasted HTML as Markdown, without empty marks and without marks that CommonMark would not recognise.
   A run is {text, strong, em, strike, code, href}, {raw} for ready Markdown, or {isBreak}. Used by paste.js. */
"use strict";
window.desk = window.desk || {};

(() => {
  const MARKS = ["strong", "em", "strike"];
  const SIGNS = { strong: "**", em: "*", strike: "~~" };
  const WORD = /[^\s\p{P}\p{S}]/u;
  // A space that must not break a line stays: before the punctuation of French, and between a number and its unit.
  const KEPT_GAP = /(?<=\d)\u00a0(?=[\d\p{L}%€$£])|(?<=«)\u00a0|\u00a0(?=[»:;!?%€])/gu;

  /* Runs as one line of Markdown; a break is a backslash at the end of a line. `isCell`: for a table's cell. */
  desk.markdownOfRuns = (runs, isCell = false) => {
    const tidied = merge(trim(runs));
    MARKS.forEach((mark) => narrow(tidied, mark, (run) => run[mark]));
    narrow(tidied, "href", (run) => run.href);
    return write(merge(tidied.filter((run) => run.raw || run.isBreak || run.text !== "")), isCell);
  };

  /* White space as a browser shows it: one space for many, none at the start, the end and beside a break. */
  function trim(runs) {
    const trimmed = [];
    let isOpen = false; // whether a space may follow
    for (const run of runs) {
      if (run.isBreak) {
        trimEnd(trimmed);
        isOpen = false;
      } else if (!run.raw) {
        run.text = spaced(run.text, isOpen);
        if (run.text !== "") isOpen = !run.text.endsWith(" ");
      } else {
        isOpen = true;
      }
      trimmed.push(run);
    }
    trimEnd(trimmed);
    while (trimmed.length && trimmed.at(-1).isBreak) trimmed.pop();
    while (trimmed.length && (trimmed[0].isBreak || trimmed[0].text === "")) trimmed.shift();
    return trimmed;
  }

  function spaced(text, mayStartWithSpace) {
    const single = text.replace(/[\ufeff\u200b]/g, "").replace(KEPT_GAP, "\ue000").replace(/\s+/g, " ").replaceAll("\ue000", "\u00a0");
    return mayStartWithSpace ? single : single.replace(/^ /, "");
  }

  function trimEnd(runs) {
    for (let index = runs.length - 1; index >= 0 && !runs[index].isBreak && !runs[index].raw; index -= 1) {
      runs[index].text = runs[index].text.replace(/ $/, "");
      if (runs[index].text !== "") return;
    }
  }

  const signature = (run) => [run.strong, run.em, run.strike, run.code, run.href].map((value) => value || "").join("|");

  function merge(runs) {
    const merged = [];
    for (const run of runs) {
      const last = merged.at(-1);
      const isSame = last && !run.raw && !last.raw && !run.isBreak && !last.isBreak && signature(run) === signature(last);
      if (isSame) last.text += run.text;
      else merged.push({ ...run });
    }
    return merged;
  }

  /* Move spaces out of each region of a mark, and punctuation where a letter follows outside: `**word:**letter` is no mark. */
  function narrow(runs, mark, has) {
    for (let start = 0; start < runs.length; start += 1) {
      if (!has(runs[start])) continue;
      let end = start;
      while (end + 1 < runs.length && has(runs[end + 1]) === has(runs[start])) end += 1;
      if (runs.slice(start, end + 1).every((run) => !run.raw && (run.isBreak || run.text.trim() === ""))) {
        for (let index = start; index <= end; index += 1) runs[index] = { ...runs[index], [mark]: undefined };
        continue;
      }
      const after = narrowEnd(runs, start, end, mark);
      start = narrowStart(runs, start, mark) + (after - start);
    }
  }

  function narrowEnd(runs, start, end, mark) {
    const run = runs[end];
    if (run.raw || run.isBreak || run.code) return end;
    const next = firstOf(runs[end + 1]);
    const strip = mark !== "href" && next && WORD.test(next) ? /[\s\p{P}\p{S}]+$/u : /\s+$/;
    return split(runs, end, mark, run.text.length - (run.text.match(strip) || [""])[0].length, false);
  }

  function narrowStart(runs, start, mark) {
    const run = runs[start];
    if (run.raw || run.isBreak || run.code) return start;
    const before = lastOf(runs[start - 1]);
    const strip = mark !== "href" && before && WORD.test(before) ? /^[\s\p{P}\p{S}]+/u : /^\s+/;
    const length = (run.text.match(strip) || [""])[0].length;
    return length ? split(runs, start, mark, length, true) : start;
  }

  /* Split a run at a place; the part outside loses the mark. Returns the index of the part that keeps it. */
  function split(runs, index, mark, place, isOutsideFirst) {
    const run = runs[index];
    const [first, second] = [run.text.slice(0, place), run.text.slice(place)];
    const outside = isOutsideFirst ? first : second;
    if (outside === "") return index;
    const parts = [{ ...run, text: first }, { ...run, text: second }];
    parts[isOutsideFirst ? 0 : 1][mark] = undefined;
    runs.splice(index, 1, ...parts);
    return isOutsideFirst ? index + 1 : index;
  }

  const firstOf = (run) => run && !run.raw && !run.isBreak ? run.text.slice(0, 1) : "";
  const lastOf = (run) => run && !run.raw && !run.isBreak ? run.text.slice(-1) : "";

  function write(runs, isCell) {
    const open = [];
    let written = "";
    const close = () => {
      const mark = open.pop();
      written += mark.name === "href" ? `](${destination(mark.value)})` : SIGNS[mark.name];
    };
    runs.forEach((run, index) => {
      if (isBareAddress(runs, index)) run.isBare = true;
      while (open.some((mark) => (run.isBare ? undefined : run[mark.name]) !== mark.value)) close();
      for (const name of wanted(runs, index, open)) {
        open.push({ name, value: run[name] });
        written += name === "href" ? "[" : SIGNS[name];
      }
      const isLineStart = written === "" || written.endsWith("\n");
      written += shown(run, { isCell, isLineStart, isLinked: open.some((mark) => mark.name === "href") });
    });
    while (open.length) close();
    return written;
  }

  /* The marks to open before a run, the longest region first. */
  function wanted(runs, index, open) {
    const run = runs[index];
    const missing = ["href", ...MARKS].filter((name) => run[name] && !(name === "href" && run.isBare) && !open.some((mark) => mark.name === name));
    const lengths = Object.fromEntries(missing.map((name) => [name, reach(runs, index, name)]));
    return missing.sort((one, other) => lengths[other] - lengths[one]);
  }

  function reach(runs, index, name) {
    let end = index;
    while (end < runs.length && runs[end][name] === runs[index][name]) end += 1;
    return end - index;
  }

  const isBareAddress = (runs, index) => {
    const { href, text, code } = runs[index];
    return Boolean(href) && !code && text === href && reach(runs, index, "href") === 1 && (runs[index - 1] || {}).href !== href;
  };

  function shown(run, place) {
    if (run.isBreak) return place.isCell ? " " : "\\\n";
    if (run.raw) return run.raw;
    if (run.isBare) return `<${destination(run.href)}>`;
    return run.code ? code(run.text) : escape(run.text, place);
  }

  function code(text) {
    const longest = Math.max(0, ...(text.match(/`+/g) || []).map((ticks) => ticks.length));
    const fence = "`".repeat(longest + 1);
    return longest ? `${fence} ${text} ${fence}` : `${fence}${text}${fence}`;
  }

  const destination = (url) => url.replace(/[\s<>()\\]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);

  /* A backslash before a character that Markdown would read as a mark; addresses stay as they are. */
  function escape(text, { isCell, isLineStart, isLinked }) {
    const parts = text.split(/(https?:\/\/[^\s<>]+)/);
    const escaped = parts.map((part, index) => (index % 2 ? part : escapeWords(part))).join("");
    const linked = isLinked ? escaped.replace(/(?<!\\)[[\]]/g, "\\$&") : escaped;
    const inCell = isCell ? linked.replaceAll("|", "\\|") : linked;
    return isLineStart ? escapeLineStart(inCell) : inCell;
  }

  function escapeWords(text) {
    return text
      .replace(/\\(?=[!-/:-@[-`{-~]|$)/g, "\\\\")
      .replace(/`/g, "\\`")
      .replace(/(?<!^|\s)\*|\*(?!\s|$)/g, "\\*")
      .replace(/(?<![\p{L}\p{N}])_(?!\s|$)|(?<!^|\s)_(?![\p{L}\p{N}])/gu, "\\_")
      .replace(/\[(?=\^|[^\]]*\][([:])/g, "\\[")
      .replace(/<(?=[a-z][a-z0-9+.-]*:|[^\s<>]+@)/gi, "\\<")
      .replace(/&(?=#?\w+;)/g, "\\&")
      .replace(/~(?=~)/g, "\\~");
  }

  function escapeLineStart(text) {
    return text
      .replace(/^(?=#{1,6}(?:\s|$)|[-+](?:\s|$)|>|:\s|={3,}\s*$|-{3,}\s*$|\|)/, "\\")
      .replace(/^(\d{1,9})(?=[.)](?:\s|$))/, "$1\\");
  }
})();
