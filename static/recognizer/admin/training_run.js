/** Keeps the page of a training run up to date: asks the API every second until the run is over. */

import { decimal, gettext, interpolate } from "../js/i18n.js";
import { Curves } from "./curves.js";
import { inWords, progress, secondsLeft } from "./run_progress.js";

const EVERY_MS = 1000;
const AFTER_A_FAILURE_MS = 3000;
const PATIENCE_MS = 8000;

const page = document.getElementById("training-run");
const curves = [...document.querySelectorAll("[data-curves]")].map((figure) => new Curves(figure));
if (page) start(page);

function start(page) {
  show(page, JSON.parse(document.getElementById("training-run-live").textContent));
  if (page.dataset.over === "false") follow(page);
}

async function follow(page) {
  let wait = EVERY_MS;
  try {
    const response = await fetch(page.dataset.url, {
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if ([401, 403, 404].includes(response.status)) {
      say(page, response.status === 404 ? gettext("This run has been deleted.") : gettext("You are signed out: reload the page to sign in."));
      return;
    }
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const run = await response.json();
    say(page, "");
    show(page, run);
    if (isOver(run)) {
      // The server's page then has the version that was made, and no button to cancel.
      location.reload();
      return;
    }
  } catch (error) {
    const words = gettext("The connection is lost (%(why)s). These numbers are old; trying again.");
    say(page, interpolate(words, { why: error.message }));
    wait = AFTER_A_FAILURE_MS;
  }
  setTimeout(follow, wait, page);
}

function isOver(run) {
  return !["queued", "running"].includes(run.state);
}

function field(page, name) {
  return page.querySelector(`[data-field="${name}"]`);
}

function say(page, words) {
  const line = field(page, "connection");
  if (line.textContent !== words) line.textContent = words;
}

function show(page, run) {
  const state = field(page, "state");
  state.textContent = stateInWords(run.state);
  state.className = `hw-state hw-${run.state}`;
  field(page, "stage").textContent = run.stage;
  field(page, "epoch").textContent = part(run.epoch, run.epochs);
  field(page, "step").textContent = part(run.step, run.steps);
  field(page, "loss").textContent = run.loss === null ? "-" : decimal(run.loss, 4);
  field(page, "accuracy").textContent = run.accuracy === null ? "-" : percent(run.accuracy);
  field(page, "left").textContent = inWords(secondsLeft(run));
  page.querySelector("progress").value = progress(run);
  if (run.log !== undefined) showLog(field(page, "log"), run.log);
  if (run.error !== undefined) showError(field(page, "error"), run.error);
  for (const chart of curves) chart.show(run.history);
  field(page, "no-curves").hidden = run.history.length > 0;
}

function part(at, all) {
  return interpolate(gettext("%(at)s of %(all)s"), { at, all });
}

function stateInWords(state) {
  return {
    queued: gettext("queued"),
    running: gettext("running"),
    succeeded: gettext("succeeded"),
    failed: gettext("failed"),
    cancelled: gettext("cancelled"),
  }[state];
}

function showLog(box, log) {
  const words = log || gettext("Nothing yet.");
  if (box.textContent === words) return;
  const atTheEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 20;
  box.textContent = words;
  if (atTheEnd) box.scrollTop = box.scrollHeight;
}

function showError(box, error) {
  box.textContent = error;
  box.hidden = !error;
}

function percent(share) {
  return `${decimal(share * 100, 2)} %`;
}
