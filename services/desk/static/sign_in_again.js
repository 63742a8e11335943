/* Asks for the password in the page when the session has ended: the text stays where it is. */
"use strict";
window.desk = window.desk || {};

(() => {
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

  function codeFields(ticket) {
    return [
      desk.make("input", { type: "hidden", name: "ticket", value: ticket }),
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
    let path = "/desk/sign-in", isIn = false, isBusy = false;

    async function send(event) {
      event.preventDefault();
      if (isBusy) return;
      isBusy = true;
      const answer = await desk.ask("POST", path, { form: new URLSearchParams(new FormData(form)) });
      isBusy = false;
      isIn = answer.json?.state === "signed-in";
      if (isIn) return shown.close();
      problem.hidden = answer.json?.state === "second-factor";
      problem.textContent = desk.refusal(answer);
      if (answer.json?.state === "second-factor") {
        path = "/desk/sign-in/second-factor";
        fields.replaceChildren(...codeFields(answer.json.ticket));
        fields.querySelector("[name=code]").focus();
      }
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
