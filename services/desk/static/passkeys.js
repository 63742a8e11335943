// Passkeys: makes one on the account page, signs in with one. Without this script the other second factor works.
"use strict";
globalThis.desk ??= {};
(() => {
  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const credentials = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const made = (credential) => {
    const answer = credential.response;
    const response = { clientDataJSON: text(answer.clientDataJSON) };
    if (answer.attestationObject) {
      response.attestationObject = text(answer.attestationObject);
      response.transports = answer.getTransports ? answer.getTransports() : [];
    } else {
      response.authenticatorData = text(answer.authenticatorData);
      response.signature = text(answer.signature);
      response.userHandle = answer.userHandle ? text(answer.userHandle) : null;
    }
    return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
      authenticatorAttachment: credential.authenticatorAttachment, clientExtensionResults: credential.getClientExtensionResults() };
  };

  const create = async (form) => {
    const body = new URLSearchParams({ password: form.elements.password.value });
    const answer = await fetch(form.dataset.passkeyAdd, { method: "POST", body, headers: { Accept: "application/json" } });
    if (!answer.ok) {
      const problem = await answer.json();
      throw new Error(problem.errors?.[0]?.detail || problem.detail);
    }
    const options = await answer.json();
    return navigator.credentials.create({ publicKey: { ...options, challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) }, excludeCredentials: credentials(options.excludeCredentials) } });
  };

  const get = (options) => navigator.credentials.get({ publicKey: { ...options, challenge: bytes(options.challenge),
    allowCredentials: credentials(options.allowCredentials) } });

  /** A passkey's answer to the service's options, as JSON. Rejects when the device gives none. */
  desk.passkey = async (options) => JSON.stringify(made(await get(options)));

  for (const form of document.querySelectorAll("[data-passkey-add], [data-passkey-sign-in]")) {
    form.addEventListener("submit", async (event) => {
      if (form.elements.credential.value) return;
      event.preventDefault();
      const failed = form.querySelector("[role=alert]");
      const usual = failed.dataset.usual ??= failed.textContent;
      failed.hidden = true;
      try {
        const credential = await (form.dataset.passkeyAdd ? create(form) : get(JSON.parse(form.dataset.passkeySignIn)));
        form.elements.credential.value = JSON.stringify(made(credential));
        form.submit();
      } catch (error) {
        // The service's own words, such as why this site can have no passkeys; a device's errors help nobody.
        failed.textContent = error.name === "Error" ? error.message : usual;
        failed.hidden = false;
      }
    });
  }
})();
