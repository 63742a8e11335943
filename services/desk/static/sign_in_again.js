/* Asks for the password in the page when the session has ended: the text stays where it is. */
"use strict";
window.desk = window.desk || {};

(() => {
  const FIRST = "/desk/sign-in";
  const SECOND = "/desk/sign-in/second-factor";
  let asking = null;

  function field(label, name, properties) {
    const input = desk.make("input", { id: `again-${name}`, name, required: true, ...properties });
    return desk.make("div", { className: "field" }, desk.make("label", { htmlFor: input.id, textContent: label }), input);
  }

  function passwordFields() {
    const { email } = document.getElementById("editor").dataset;
    return [
      field(desk.word("sign_in.email"), "email", { type: "email", value: email, readOnly: true, autocomplete: "username" }),
      field(desk.word("sign_in.password"), "password", { type: "password", autocomplete: "current-password", autofocus: true }),
    ];
  }

  const hidden = (name, value = "") => desk.make("input", { type: "hidden", name, value });

  function codeFields(ticket) {
    return [
      hidden("ticket", ticket),
      field(desk.word("sign_in.code"), "code", { type: "text", autocomplete: "one-time-code", inputMode: "numeric" }),
    ];
  }

  function ask() {
    const problem = desk.make("p", { className: "problem", hidden: true, attributes: { role: "alert" } });
    const fields = desk.make("div", { className: "fields" }, ...passwordFields());
    const button = desk.make("button", { textContent: desk.word("sign_in.button") });
    const later = desk.make("button", { type: "button", className: "second", textContent: desk.word("sign_in.later") });
    const form = desk.make("form", {}, fields, problem, desk.make("p", { className: "buttons" }, button, later));
    const shown = desk.dialog(desk.word("sign_in.ended"), [desk.make("p", { textContent: desk.word("sign_in.text_stays") }), form]);
    let path = FIRST, options = null, isIn = false, isBusy = false;

    /* Ask for the next factor; without a challenge, for the password again. */
    function turn(challenge = null) {
      const hasCode = challenge?.factors.includes("totp");
      path = challenge ? SECOND : FIRST;
      options = challenge && !hasCode ? challenge.passkey_options : null;
      if (!challenge) fields.replaceChildren(...passwordFields());
      else fields.replaceChildren(...(hasCode ? codeFields(challenge.ticket) : [hidden("ticket", challenge.ticket), hidden("credential")]));
      button.textContent = desk.word(options ? "sign_in.passkey" : "sign_in.button");
      (fields.querySelector("[name=code], [name=password]") || button).focus();
    }

    /* Put the passkey's answer into the form. Gives false when the device gave none. */
    async function prove() {
      try {
        form.elements.namedItem("credential").value = await desk.passkey(options);
        return true;
      } catch {
        problem.hidden = false;
        problem.textContent = desk.word("sign_in.passkey_failed");
        return false;
      }
    }

    async function send(event) {
      event.preventDefault();
      if (isBusy) return;
      isBusy = true;
      try { await answered(); } finally { isBusy = false; }
    }

    async function answered() {
      if (options && !(await prove())) return;
      const answer = await desk.ask("POST", path, { form: new URLSearchParams(new FormData(form)) });
      isIn = answer.json?.state === "signed-in";
      if (isIn) { shown.close(); return; }
      problem.hidden = answer.json?.state === "second-factor";
      problem.textContent = desk.refusal(answer);
      if (answer.json?.state === "second-factor") turn(answer.json);
      // The ticket may have ended: only the password gives a new one.
      else if (path === SECOND && answer.status === 401) turn();
    }

    later.addEventListener("click", () => shown.close());
    form.addEventListener("submit", send);
    return new Promise((done) => { shown.addEventListener("close", () => done(isIn)); });
  }

  /* Ask who is there. Resolves to true once the same person is signed in again, to false when the dialog is closed. */
  desk.signIn = () => {
    asking ||= ask().finally(() => { asking = null; });
    return asking;
  };
})();
