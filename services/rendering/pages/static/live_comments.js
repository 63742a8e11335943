// Comments of an open page: puts new ones in their places, changes and removes others. Part of live.js.
"use strict";
const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
const isWritten = (place) => [...place.querySelectorAll(":is(.reply-form, .edit-form) textarea")].some((field) => field.value.trim());

// `seen.comments` is the version that the page shows; `counted` gives a counted noun.
function liveComments(comments, words, counted, seen) {
  const byId = (id) => document.getElementById(`comment-${id}`);
  const none = comments.querySelector("[data-none]");
  const waiting = [];

  function onComments(change) {
    seen.comments = change.version;
    change.votes.forEach(showVotes);
    waiting.push(change);
    // Nothing moves while the focus is in the comments: changes wait until it leaves them.
    if (!isHeld(document.activeElement)) showComments();
  }

  // A sentence about the reader's own comment has the focus, too, and waits for that comment; so has the comment to which the
  // address leads.
  const isHeld = (focused) => comments.contains(focused) && !focused.matches("[data-received], .comment");

  function showComments() {
    for (const { title, put, gone } of waiting.splice(0)) {
      put.forEach(putComment);
      gone.forEach(removeComment);
      comments.querySelector("[data-comments-title]").textContent = title;
    }
    none.hidden = comments.querySelector(".threads");
    document.dispatchEvent(new Event("added"));
  }

  function putComment(comment) {
    const known = byId(comment.id);
    const fresh = parsed(comment.html);
    if (known) return comment.removed ? emptyComment(known, fresh.firstElementChild) : updateComment(known, fresh);
    const item = document.createElement("li");
    item.append(fresh);
    if (comment.id === comment.thread) putThread(item, comment);
    else putReply(item, comment);
  }

  // Forms that are open under the comment stay.
  function updateComment(known, fresh) {
    if (!known.querySelector(".comment-body")) return known.replaceWith(fresh);
    Object.assign(known, { className: fresh.className, hidden: false });
    for (const part of [".comment-by", ".comment-body"]) known.querySelector(part).replaceWith(fresh.querySelector(part));
    const votes = fresh.querySelectorAll("[data-votes]");
    known.querySelectorAll("[data-votes]").forEach((old, at) => votes[at] && old.replaceWith(votes[at]));
  }

  function showVotes({ id, up, down }) {
    for (const count of byId(id)?.querySelectorAll("button > [data-votes]") || []) {
      count.dataset.votes = Number(count.parentElement.value) > 0 ? up : down;
      count.textContent = Number(count.dataset.votes) ? numeral(count.dataset.votes) : "";
    }
  }

  function putThread(item, { after }) {
    const before = after && byId(after);
    if (before) before.closest(".threads > li").after(item);
    else if (after) threads().append(item);
    else threads().prepend(item);
  }

  function threads() {
    const list = comments.querySelector(".threads") || make("ol", "threads");
    if (!list.parentElement) none.before(list);
    return list;
  }

  function putReply(item, { thread, after, depth }) {
    const opener = byId(thread);
    if (!opener) return;
    item.className = `depth-${depth}`;
    const before = after !== thread && byId(after);
    if (before) before.closest("li").after(item);
    else replies(opener.closest(".threads > li")).prepend(item);
    countReplies(item.closest(".thread-rest"));
  }

  function replies(thread) {
    const list = thread.querySelector(".replies") || make("ol", "replies");
    if (list.parentElement) return list;
    const rest = Object.assign(make("details", "thread-rest"), { open: true });
    rest.append(document.createElement("summary"), list);
    thread.append(rest);
    return list;
  }

  function countReplies(rest) {
    rest.querySelector("summary").textContent = counted("replies", rest.querySelectorAll(".replies > li").length);
  }

  // The comment was removed, or is on an older page now. A reply that is being written under it stays, and so does the focus.
  function removeComment(id) {
    const known = byId(id);
    if (!known) return;
    const item = known.closest("li");
    if (!isWritten(item) && known !== document.activeElement) return removeItem(item);
    emptyComment(known, make("p", "empty", words.gone));
  }

  function removeItem(item) {
    const list = item.parentElement;
    const rest = list.closest(".thread-rest");
    item.remove();
    if (!list.firstElementChild) (rest || list).remove();
    else if (rest) countReplies(rest);
  }

  function emptyComment(comment, notice) {
    comment.querySelectorAll(isWritten(comment) ? ":scope > :not(.acts, form), .acts > :not(.reply)" : ":scope > *").forEach((part) => part.remove());
    comment.prepend(notice);
  }

  // Missed changes come from the current page, which has the same comments in the same order. A cache may have an older page than the
  // one that was announced: it is asked again, and until then nothing is removed that it does not have.
  async function catchUp(tries = 5) {
    const answer = await fetch(location.pathname).catch(() => null);
    if (!answer || !answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const version = Number(page.querySelector("[data-live]").dataset.comments);
    const isOlder = version < seen.comments;
    const put = commentsOf(page);
    const kept = new Set(put.map(({ id }) => id));
    const gone = isOlder ? [] : commentsOf(comments).map(({ id }) => id).filter((id) => !kept.has(id));
    const title = page.querySelector("[data-comments-title]").textContent;
    onComments({ version: Math.max(version, seen.comments), title, put, votes: [], gone });
    if (isOlder && tries > 1) setTimeout(() => catchUp(tries - 1), 1000);
  }

  function commentsOf(page) {
    const found = [];
    let before = "";
    for (const thread of page.querySelectorAll(".threads > li")) {
      let after = before;
      let opener = "";
      for (const comment of thread.querySelectorAll(".comment")) {
        const id = comment.id.replace("comment-", "");
        opener = opener || id;
        const depth = comment.parentElement.className.replace("depth-", "");
        const removed = !comment.querySelector(".comment-body");
        found.push({ id, thread: opener, after, depth, removed, html: comment.outerHTML });
        after = id;
      }
      before = opener;
    }
    return found;
  }

  comments.addEventListener("focusout", (event) => isHeld(event.relatedTarget) || showComments());
  return { onComments, catchUp };
}
