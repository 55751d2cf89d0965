/** Wires the review desk's page: keys and buttons in, the sitting's state out. */

import { ApiError, request } from "../js/api.js";
import { Bars } from "../js/bars.js";
import { gettext, grouped, interpolate, ngettext } from "../js/i18n.js";
import { labelInWords } from "../js/labels.js";
import { Sitting } from "./desk_sitting.js";
import { Paper } from "./paper.js";
import { showCounts } from "./queue_counts.js";

const signedOut = () =>
  gettext("You have been signed out. Sign in again in another tab, then try again here.");
const outcomes = () => ({
  sending: gettext("saving…"),
  kept: gettext("saved"),
  waiting: gettext("not saved yet"),
  refused: gettext("not saved"),
});

const $ = (id) => document.getElementById(id);
const page = JSON.parse($("desk-data").textContent);
const paper = new Paper($("desk-canvas"));
const twinPaper = new Paper($("desk-twin-canvas"));
const bars = new Bars($("desk-bars"));

async function ask(url, options) {
  const answer = await request(url, options);
  // Whoever is signed out gets the login page, which is no JSON.
  if (answer === null) throw new ApiError(signedOut());
  return answer;
}

const sitting = new Sitting(
  page.queue,
  {
    next: (after) => ask(`${page.urls.next}?${new URLSearchParams({ queue: page.queue, after })}`),
    decide: (body) => ask(page.urls.decide, { method: "POST", body }),
    undo: (decision) => ask(page.urls.undo, { method: "POST", body: { decision } }),
  },
  { last: page.last, onChange: show },
);

const label = (value) => sitting.decide("label", value, labelInWords(value));
const verdicts = {
  duplicate: () => sitting.decide("duplicate", "", gettext("a duplicate")),
  keep: () => sitting.decide("keep", "", gettext("kept")),
};
const KEYS = {
  x: () => label(page.notADigit),
  s: () => sitting.skip(),
  u: () => sitting.undo(),
  r: () => paper.replay(),
  arrowleft: () => sitting.move(-1),
  arrowright: () => sitting.move(1),
  ...(page.queue === "duplicates" ? { d: verdicts.duplicate, k: verdicts.keep } : {}),
};

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.("input, select, textarea");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  const digit = /^\d$/.test(key) && document.querySelector(`.desk-key[data-value="${key}"]`);
  const act = digit ? () => label(key) : KEYS[key];
  if (!act) return;
  event.preventDefault();
  // A key held down must not label one drawing after the other.
  if (event.repeat && !key.startsWith("arrow")) return;
  act();
  flash(document.querySelector(`#desk [aria-keyshortcuts="${CSS.escape(event.key)}" i]`));
});

$("desk-keys").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.verdict) verdicts[button.dataset.verdict]();
  else label(button.dataset.value);
});
for (const [id, act] of Object.entries({
  "desk-back": KEYS.arrowleft,
  "desk-on": KEYS.arrowright,
  "desk-skip": KEYS.s,
  "desk-undo": KEYS.u,
  "desk-replay": KEYS.r,
  "desk-retry": () => sitting.retry(),
  "desk-show": () => sitting.goTo(sitting.problem.item),
  "desk-dismiss": () => sitting.dismiss(),
})) {
  $(id).addEventListener("click", act);
}
window.addEventListener("online", () => sitting.retry());
window.addEventListener("beforeunload", (event) => {
  if (sitting.outbox.length > 0) event.preventDefault();
});

show();
sitting.load();

function show() {
  const { current, isLoaded } = sitting;
  $("desk").dataset.state = current ? "drawing" : isLoaded ? "end" : "loading";
  $("desk-end").hidden = !isLoaded || Boolean(current);
  showPosition();
  showProblem();
  showLast();
  if (current) showDrawing(current);
  else if (isLoaded) showEnd();
}

function showPosition() {
  const { at, total, counted, current, isLoaded, left } = sitting;
  const many = (count) => (count > counted ? `${grouped(counted)}+` : grouped(count));
  $("desk-position").textContent = !isLoaded
    ? gettext("Loading…")
    : current
      ? interpolate(gettext("%(at)s of %(all)s · %(left)s left"), { at: at + 1, all: many(total), left: many(left) })
      : interpolate(gettext("%(left)s left"), { left: many(left) });
}

function showProblem() {
  const { problem, outbox } = sitting;
  $("desk-problem").hidden = !problem;
  if (!problem) return;
  const count = outbox.length;
  const waiting = ngettext(
    "%(count)s decision is not saved yet, and kept here until then.",
    "%(count)s decisions are not saved yet, and kept here until then.",
    count,
  );
  const safe = count > 0 ? ` ${interpolate(waiting, { count })}` : "";
  $("desk-problem-text").textContent = problem.message + safe;
  $("desk-retry").hidden = !problem.canRetry;
  $("desk-dismiss").hidden = problem.canRetry;
  $("desk-show").hidden = problem.canRetry || !problem.item || problem.item === sitting.current;
}

function showLast() {
  const { last, outbox, problem } = sitting;
  const sending = outbox.at(-1);
  $("desk-undo").disabled = !last && !sending;
  $("desk-last").textContent = sending
    ? `${problem?.canRetry ? gettext("Not saved yet") : gettext("Saving")}: ${sending.outcome.words}, ${sending.item.name}`
    : last
      ? interpolate(gettext("Last decision: %(words)s, %(name)s"), last)
      : gettext("No decision yet.");
}

function showDrawing(item) {
  paper.show(item);
  $("desk-replay").disabled = !item.strokes;
  $("desk-name").textContent = item.name;
  $("desk-name").href = item.url;
  showTwin(item.twin);
  $("desk-read").textContent = item.read ? item.read.words : gettext("by no model");
  $("desk-version").textContent = item.version ? interpolate(gettext("by version %(version)s"), item) : gettext("yet");
  $("desk-seen").src = item.seen;
  if (item.read) bars.show(item.bars, { best: item.read.text });
  else bars.clear();
  fact("desk-suggested", item.suggestions.map(({ value, by }) => `${labelInWords(value)} (${by})`).join(", "));
  fact("desk-approved", item.approved && `${labelInWords(item.approved.value)} (${item.approved.by})`);
  fact("desk-outcome", describe(item.outcome));
  $("desk").classList.toggle("is-disputed", item.disputed);
  for (const key of document.querySelectorAll("#desk-keys [data-value]")) {
    const chosen = item.outcome?.value || (item.outcome ? null : item.approved?.value);
    key.setAttribute("aria-pressed", String(Boolean(chosen) && key.dataset.value === chosen));
  }
}

function showTwin(twin) {
  $("desk-twin").hidden = !twin;
  if (!twin) return;
  twinPaper.show(twin);
  $("desk-twin-name").textContent = twin.name;
  $("desk-twin-name").href = twin.url;
  $("desk-twin-label").textContent = twin.label ?? gettext("not labelled");
}

function fact(id, words) {
  $(id).textContent = words ?? "";
  $(id).parentElement.hidden = !words;
}

function describe(outcome) {
  if (!outcome) return null;
  const state = outcomes()[outcome.state];
  return state ? `${outcome.words}, ${state}` : outcome.words;
}

function showEnd() {
  const skipped = sitting.items.filter((item) => item.outcome?.state === "skipped").length;
  const nothing = sitting.hasEnded ? gettext("Nothing is left in this queue.") : gettext("Loading more…");
  $("desk-end-words").textContent = skipped
    ? `${nothing} ${interpolate(gettext("You skipped %(count)s."), { count: skipped })}`
    : nothing;
}

function flash(button) {
  if (!button) return;
  button.classList.add("is-pressed");
  setTimeout(() => button.classList.remove("is-pressed"), 150);
}

showCounts(page.urls.counts);
