// Reply forms, and the thank-you for a comment that an editor reads first. Browsers without scripts use the forms in <noscript>.
"use strict";
whenParsed(() => {
  // Opening a reply puts its form in place, and the cursor into it.
  function prepareReplies() {
    for (const reply of document.querySelectorAll("details.reply:not([data-ready])")) {
      reply.dataset.ready = "";
      // In what live.js has parsed, a <noscript> has elements: a form never says that there are no scripts.
      reply.querySelector("[name=without_script]")?.remove();
      reply.addEventListener("toggle", () => {
        if (!reply.open) return;
        placeForm(reply);
        reply.querySelector("textarea").focus();
      });
      if (reply.open) placeForm(reply);
    }
  }

  // The form is in a <noscript>: as text in a page, as elements in what live.js has parsed.
  function placeForm(reply) {
    const place = reply.querySelector("noscript");
    if (!place) return;
    const form = place.querySelector("form") || new DOMParser().parseFromString(place.textContent, "text/html").querySelector("form");
    form.querySelector("[name=without_script]")?.remove();
    place.replaceWith(form);
  }

  // The comments service redirects a comment's author to #comment-<id>. Before moderation, there is no such element.
  function acknowledgeComment() {
    const id = location.hash.slice(1);
    const received = document.querySelector("[data-received]");
    const wasSent = performance.getEntriesByType("navigation")[0]?.redirectCount && document.referrer.startsWith(location.origin);
    if (!received || !wasSent || !id.startsWith("comment-") || document.getElementById(id)) return;
    received.hidden = false;
    received.scrollIntoView({ block: "center" });
    document.addEventListener("added", () => goToComment(id, received));
  }

  // Once the comment is published, go to it as the redirect would have.
  function goToComment(id, received) {
    if (received.hidden || location.hash !== `#${id}` || !document.getElementById(id)) return;
    received.hidden = true;
    location.replace(location.hash);
  }

  prepareReplies();
  setTimeout(acknowledgeComment);
  // Sent by live.js when it has changed the page.
  document.addEventListener("added", prepareReplies);
});
