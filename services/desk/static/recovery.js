/* Offers the texts that this browser kept and the service never acknowledged. */
"use strict";
window.desk = window.desk || {};

(() => {
  const form = document.getElementById("editor");
  const place = document.getElementById("notices");
  if (!form || form.dataset.edits !== "true" || !place) return;

  const when = (at) => desk.time(at, { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });

  /* Show how a text differs from the fields. */
  async function compare(fields, target) {
    // What a text leaves to the service is as the page shows it.
    const shown = { slug: form.elements.namedItem("slug").value, language: form.elements.namedItem("language").value };
    const json = { old: { ...shown, ...desk.fields.read() }, new: { ...shown, ...fields } };
    const answer = await desk.ask("POST", "/desk/articles/differences", { json, accept: "text/html, application/json" });
    if (answer.status !== 200) target.textContent = desk.refusal(answer);
    // The desk's own page: every text in it is escaped there.
    else target.innerHTML = answer.text;
  }

  /* Take a kept text into the page. Gives whether that is done: until then the copy stays where it is, and its offer too. */
  async function restore(copy) {
    // What was typed on this page since is not overwritten: it is saved first, and then a person decides between the two texts.
    if (desk.saving.isDirty() && !(await desk.saving.save({ whole: true }))) return refuse(desk.word("act.not_saved"));
    if (form.dataset.id && copy.version !== Number(form.dataset.version)) return merge(copy);
    desk.fields.write(copy.fields);
    if (desk.copy.write(desk.fields.read())) desk.copy.discard(copy.key);
    return true;
  }

  /* The article has changed since: a person decides between the two texts. */
  async function merge(copy) {
    const answer = await desk.ask("GET", `/v1/articles/${form.dataset.id}`);
    if (answer.status !== 200) return refuse(desk.refusal(answer));
    const isTaken = await desk.merge(answer.json, copy.fields, copy.version);
    if (isTaken) desk.copy.discard(copy.key);
    return isTaken;
  }

  function refuse(why) {
    desk.notice(why, [], { name: "act" });
    return false;
  }

  function offer(copy) {
    const difference = desk.make("div", { className: "difference" });
    const title = desk.make("h2", { textContent: desk.word("recovery.title", { time: when(copy.at) }), id: `left-${copy.at}` });
    const shown = desk.make("section", { className: "notice", attributes: { "aria-labelledby": title.id } });
    const end = () => { shown.remove(); desk.home(); };
    shown.append(title, difference, desk.make("p", { className: "buttons" },
      desk.button(desk.word("recovery.restore"), async () => { if (await restore(copy)) end(); }),
      desk.button(desk.word("recovery.discard"), () => { desk.copy.discard(copy.key); end(); }, { className: "second" })));
    place.append(shown);
    desk.say(title.textContent);
    compare(copy.fields, difference);
  }

  async function offerAll() {
    const now = desk.fields.read();
    for (const copy of await desk.copy.left()) {
      if (desk.fields.same(copy.fields, now)) desk.copy.discard(copy.key);
      else offer(copy);
    }
  }

  desk.compare = compare;
  offerAll();
})();
