/* Uploads of picture files to media: a row for each file with its progress, and a refusal that says why, with Retry. Two run at a time. */
"use strict";
window.desk = window.desk || {};

(() => {
  const AT_ONCE = 2;
  // A connection that moves no byte for so long is gone.
  const SILENT_MS = 60_000;
  const waiting = [];
  let running = 0;
  let open = 0;
  const idle = [];

  /* Send one file. Gives {status, json}; status 0: no connection, or `signal` ended it. `onProgress` gets the share that was sent. */
  function send(file, { onProgress, signal }) {
    return new Promise((done) => {
      const request = new XMLHttpRequest();
      let timer = 0;
      const alive = () => {
        clearTimeout(timer);
        timer = setTimeout(() => request.abort(), SILENT_MS);
      };
      request.upload.addEventListener("progress", ({ loaded, total }) => {
        alive();
        onProgress(total ? loaded / total : 0);
      });
      request.addEventListener("loadend", () => {
        clearTimeout(timer);
        done(answerOf(request));
      });
      signal.addEventListener("abort", () => request.abort());
      request.open("POST", "/v1/media");
      request.setRequestHeader("Accept", "application/json");
      const form = new FormData();
      form.append("file", file, file.name || "picture");
      alive();
      request.send(form);
    });
  }

  function answerOf(request) {
    let json = null;
    try { json = JSON.parse(request.responseText); } catch { /* A page of an error, or nothing. */ }
    return { status: request.status, json };
  }

  function reason(answer) {
    const known = { 0: "offline", 401: "signed_out", 403: "forbidden" }[answer.status];
    if (known) return desk.word(`upload.${known}`);
    if (answer.status === 413) return tooLarge();
    if (answer.status >= 500 || answer.status === 429) return desk.word("upload.unavailable");
    return desk.refusal(answer);
  }

  // The element of the page that says how large a file may be, in bytes and in words.
  const limits = document.querySelector("[data-most-bytes]")?.dataset || {};
  const isTooLarge = (file) => file.size > Number(limits.mostBytes);
  const tooLarge = () => desk.word("upload.too_large", { most: limits.most });

  /* Run when there is room. */
  async function inTurn(work) {
    if (running >= AT_ONCE) await new Promise((go) => { waiting.push(go); });
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  }

  function button(label, act, className = "plain") {
    const made = desk.make("button", { type: "button", className, textContent: label });
    made.addEventListener("click", act);
    return made;
  }

  /* Upload a file with a row in `list`. `onDone(picture, row)` is called once media has the picture.
     Resolves, when the first try has ended, to the picture; to null when it was refused. */
  desk.upload = (file, { list, onDone }) => {
    const state = desk.make("span", { className: "upload-state" });
    // Screen readers hear which file it is about.
    const heard = desk.make("span", { className: "unseen", attributes: { role: "status" } });
    const bar = desk.make("progress", { max: 1, value: 0, attributes: { "aria-label": file.name } });
    const buttons = desk.make("span", { className: "upload-buttons" });
    const name = desk.make("bdi", { className: "file-name", textContent: file.name });
    const row = desk.make("li", { className: "upload" }, name, bar, state, buttons, heard);
    const say = (text) => {
      desk.tell(state, text);
      heard.textContent = `${file.name}: ${text}`;
    };
    list.append(row);

    /* Buttons of the row. A focus in it stays in it. */
    function offer(...made) {
      const hadFocus = row.contains(document.activeElement);
      buttons.replaceChildren(...made);
      if (hadFocus) (made[0] || list.querySelector("button, a"))?.focus();
    }

    function refused(text, isCancelled = false) {
      bar.hidden = true;
      row.classList.toggle("refused", !isCancelled);
      say(text);
      const retry = button(desk.word("upload.retry"), start);
      const remove = button(desk.word("upload.remove"), () => {
        const next = (row.nextElementSibling || row.previousElementSibling)?.querySelector("button, a") || document.querySelector("[data-upload-home]");
        row.remove();
        next?.focus({ preventScroll: true });
      });
      for (const one of [retry, remove]) one.append(desk.make("span", { className: "unseen", textContent: ` ${file.name}` }));
      offer(retry, remove);
      return null;
    }

    const start = () => desk.whileUploading(attempt);

    async function attempt() {
      row.classList.remove("refused");
      if (isTooLarge(file)) return refused(tooLarge());
      const stop = new AbortController();
      bar.hidden = false;
      bar.value = 0;
      say(desk.word("upload.waiting"));
      offer(button(desk.word("upload.cancel"), () => stop.abort()));
      const answer = await inTurn(async () => {
        if (stop.signal.aborted) return { status: 0, json: null };
        say(desk.word("upload.sending"));
        return send(file, { signal: stop.signal, onProgress: (share) => {
          bar.value = share;
          if (share >= 1) say(desk.word("upload.checking"));
        } });
      });
      if (stop.signal.aborted) return refused(desk.word("upload.cancelled"), true);
      return answer.status === 200 || answer.status === 201 ? added(answer) : refused(reason(answer));
    }

    function added({ status, json }) {
      bar.hidden = true;
      say(desk.word(status === 201 ? "upload.added" : "upload.known"));
      const needsAlt = !json.alt && !json.decorative;
      offer(desk.make("a", { href: `/desk/media/${json.id}`, textContent: desk.word(needsAlt ? "upload.describe" : "upload.open") }));
      onDone?.(json, row);
      return json;
    }

    return start();
  };

  /* Do something that belongs to an upload: until it has ended, the page counts as uploading. */
  desk.whileUploading = async (work) => {
    open += 1;
    try { return await work(); } finally {
      open -= 1;
      if (!open) idle.splice(0).forEach((go) => go());
    }
  };

  /* Resolves when no upload is under way; at once when there is none. */
  desk.uploaded = () => (open ? new Promise((go) => { idle.push(go); }) : Promise.resolve());
  desk.isUploading = () => open > 0;

  /* The picture files of a paste or a drop. */
  desk.pictureFiles = (data) => [...(data?.files || [])].filter((file) => file.type.startsWith("image/"));

  window.addEventListener("beforeunload", (event) => { if (open) event.preventDefault(); });
})();
