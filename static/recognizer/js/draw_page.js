import { Bars } from "./bars.js";
import { howSure, secondGuess, wouldHaveGuessed } from "./guesses.js";
import { gettext, interpolate } from "./i18n.js";
import { Insight } from "./insight/insight.js";
import { KeptDrawing, tabStorage } from "./kept_drawing.js";
import { inQuotes, labelInWords, withArticle } from "./labels.js";
import { Following, LiveReading } from "./live_reading.js";
import { install } from "./offline/installing.js";
import { openOutbox } from "./offline/page_outbox.js";
import { keptInWords } from "./offline/words.js";
import { Pad } from "./pad.js";
import { Readers } from "./readers.js";
import { pictured, toApiBody } from "./strokes.js";
import { Toasts } from "./toasts.js";
import { ToolBox } from "./tool_box.js";
import { Upload } from "./upload.js";

const byId = (id) => document.getElementById(id);
const { pagesUrl, notADigit, serviceWorker } = byId("draw-page").dataset;

const bars = new Bars(byId("bars"));
const toasts = new Toasts(byId("toasts"));

const HOW_SURE = byId("bars-title").textContent;

/**
 * The drawing that the server holds, or this device until it does (`item.id` is null then):
 * {strokes, item, prediction, label}; label is null until given, prediction where nobody has read it.
 */
let saved = null;
let saving = false;

// While somebody draws the page reads by itself; Predict and Save are the server's.
const readers = new Readers(byId("draw-page").dataset, {
  onChange: readAgain,
  onAskServer: () => byId("reading").setAttribute("aria-busy", "true"),
});
const reading = new LiveReading(readers.whoCan, {
  onAnswer: showAnswer,
  onError: (error) => {
    showUnread(gettext("Not read yet"), gettext("Press Predict to try again."));
    toasts.error(error.message);
  },
});
const following = new Following(readers.here, (answer) => paintAnswer(answer, { isFinal: false }));
const insight = new Insight(byId("insight"), {
  readers,
  onTry: (answer, note) => paintAnswer(answer, { note }),
});

function readAgain() {
  byId("draw-page").dataset.readsHere = readers.versionHere ?? "";
  if (!drawing.isEmpty && !drawing.current && !isSaved()) {
    readSoon();
  }
}

/** At once where it costs the server nothing. */
function readSoon() {
  reading.schedule(drawing.strokes, readers.versionHere === null ? undefined : 0);
}

// Drawing

const pad = new Pad(byId("canvas"), {
  onStart() {
    reading.cancel();
    insight.pause();
    readers.lookAgain();
    byId("hint").hidden = true;
    upload.show([]);
  },
  onMove() {
    if (readers.versionHere !== null) {
      following.follow(pad.strokesSoFar);
    }
  },
  onEdit: afterEdit,
});
const { drawing } = pad;
const kept = new KeptDrawing(tabStorage());

function afterEdit() {
  following.stop();
  showState();
  if (drawing.isEmpty) {
    reading.cancel();
    showUnread("–", gettext("Nothing drawn yet."));
  } else {
    readSoon();
  }
}

const upload = new Upload(
  { button: byId("photo"), input: byId("photo-file"), paper: byId("paper"), shown: byId("picture") },
  { onPicture: (image) => pad.put(pictured(image)), onError: (message) => toasts.error(message) },
);

const tools = new ToolBox(byId("tools"), pad);

byId("undo").addEventListener("click", pad.undo);
byId("redo").addEventListener("click", pad.redo);
byId("clear").addEventListener("click", pad.clear);
byId("predict").addEventListener("click", () => {
  reading.read(drawing.strokes, navigator.onLine ? readers.server : readers.whoCan);
});
window.addEventListener("pagehide", () => kept.flush());
// A phone may end a page that is in the background without another word.
document.addEventListener("visibilitychange", () => document.hidden && kept.flush());

document.addEventListener("keydown", (event) => {
  const command = document.querySelector("dialog[open]") ? null : commandOf(event);
  if (command) {
    event.preventDefault();
    command();
  }
});

function commandOf(event) {
  const key = event.key.toLowerCase();
  const control = (event.ctrlKey || event.metaKey) && !event.altKey;
  if (control && key === "z") {
    return event.shiftKey ? pad.redo : pad.undo;
  }
  if (control && key === "y") {
    return pad.redo;
  }
  if (key === "escape") {
    return pad.clear;
  }
  // A single letter does something only where the focus is on the pad (WCAG 2.1.4).
  return !control && byId("pad").contains(event.target) ? tools.commandOf(key) : null;
}

// The answer

/** What is read in the drawing as it is. */
function showAnswer(answer) {
  paintAnswer(answer);
  insight.explain(answer, drawing.strokes);
}

/**
 * @param isFinal false while the stroke that was read is still being drawn
 * @param note begins what is said of an answer to something else than the drawing
 */
function paintAnswer(answer, { isFinal = true, note = "" } = {}) {
  const [symbol] = answer.symbols;
  byId("reading").setAttribute("aria-busy", "false");
  // A screen reader hears of the finished stroke only.
  byId("answer").setAttribute("aria-live", isFinal ? "polite" : "off");
  if (answer.rejected && !isFinal) {
    showReading("…", gettext("Still being drawn."), { isRejected: true });
  } else if (answer.rejected) {
    showReading("?", note + answer.rejected.message, { isRejected: true });
  } else {
    showReading(answer.text, note + howSure(answer));
  }
  showSeen(symbol?.input);
  const readBy = answer.isReadHere
    ? gettext("Read here by version %(version)s")
    : gettext("Read by version %(version)s on the server");
  byId("version").textContent = interpolate(readBy, answer.model);
  byId("bars-title").textContent =
    answer.rejected && isFinal && symbol ? wouldHaveGuessed(symbol) : HOW_SURE;
  if (symbol) {
    bars.show(symbol.probabilities, { best: answer.rejected ? null : symbol.label });
  } else {
    bars.clear();
  }
}

function showUnread(title, detail) {
  byId("reading").setAttribute("aria-busy", "false");
  byId("answer").setAttribute("aria-live", "polite");
  showReading(title, detail, { isRejected: true });
  showSeen(null);
  byId("version").textContent = "";
  byId("bars-title").textContent = HOW_SURE;
  bars.clear();
  insight.clear();
}

function showReading(text, detail, { isRejected = false } = {}) {
  byId("answer-text").textContent = text;
  byId("answer-detail").textContent = detail;
  byId("answer").classList.toggle("is-rejected", isRejected);
  byId("answer").classList.toggle("is-words", text.length > 2);
}

function showSeen(dataUrl) {
  byId("seen").hidden = !dataUrl;
  byId("seen-empty").hidden = Boolean(dataUrl);
  if (dataUrl) {
    byId("seen").src = dataUrl;
  } else {
    byId("seen").removeAttribute("src");
  }
}

// Saving and correcting

const isSaved = () => saved !== null && saved.strokes === drawing.strokes;

byId("save").addEventListener("click", async () => {
  const { strokes } = drawing;
  saving = true;
  showState();
  try {
    const { item, drawing: stored } = await outbox.save(toApiBody(strokes));
    saved = { strokes, item, prediction: null, label: null };
    noteStored(stored);
    saved.prediction ??= await readers.here(strokes).catch(() => null);
  } catch (error) {
    toasts.error(`${gettext("Not saved.")} ${error.message}`);
  }
  saving = false;
  showState();
  if (isSaved()) {
    showSaved();
    moveTo(byId("correction"));
  } else if (saved?.strokes === strokes) {
    toasts.success(gettext("Saved as it was. What you drew since then is not saved yet."));
  }
});

const outbox = openOutbox(toasts, {
  onSent(key, stored) {
    if (saved?.item.key === key) {
      noteStored(stored);
      showState();
      if (isSaved()) {
        showSaved();
      }
    }
  },
  onRefused(key) {
    if (saved?.item.key === key) {
      saved = null;
      showState();
    }
  },
});

/** The server has what is `saved`, and has read it. */
function noteStored(stored) {
  if (stored) {
    saved.item = { ...saved.item, id: stored.id, body: null };
    saved.prediction = stored.prediction;
    readers.noteVersion(stored.prediction);
  }
}

function showSaved() {
  reading.cancel();
  if (saved.prediction) {
    showAnswer(saved.prediction);
  }
}

// A button that vanishes or is disabled loses the focus of a keyboard.
function moveTo(element) {
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest" });
}

async function correct(label) {
  const corrected = saved;
  setChoicesDisabled(true);
  try {
    await outbox.correct(corrected.item, label);
    corrected.label = label;
  } catch (error) {
    toasts.error(`${gettext("Your answer was not saved.")} ${error.message}`);
  } finally {
    setChoicesDisabled(false);
    showState();
  }
  if (isSaved()) {
    moveTo(byId("correction"));
  }
}

function setChoicesDisabled(disabled) {
  for (const button of byId("correction").querySelectorAll("button")) {
    button.disabled = disabled;
  }
}

byId("correct-yes").addEventListener("click", () => correct(saved.prediction.text));
byId("correct-second").addEventListener("click", () => correct(byId("correct-second").dataset.label));
byId("correct-no").addEventListener("click", chooseLabel);
byId("correct-again").addEventListener("click", chooseLabel);
byId("correct-choices").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button) {
    correct(button.dataset.label);
  }
});

function chooseLabel() {
  showCorrection("choices");
  moveTo(byId("correction"));
}

// What can be done now

function showState() {
  byId("hint").hidden = !drawing.isEmpty;
  upload.show(drawing.strokes);
  byId("undo").disabled = !drawing.canUndo;
  byId("redo").disabled = !drawing.canRedo;
  byId("clear").disabled = drawing.isEmpty;
  byId("predict").disabled = drawing.isEmpty;
  byId("save").disabled = drawing.isEmpty || saving || isSaved();
  byId("save").textContent = wordOnSave();
  kept.keep(isSaved() ? [] : drawing.strokes);
  byId("correction").hidden = !isSaved();
  if (isSaved()) {
    showCorrection(stepOf(saved));
  }
}

function wordOnSave() {
  if (!isSaved()) {
    return gettext("Save");
  }
  return saved.item.id ? gettext("Saved") : gettext("Kept");
}

/** "question": was it right? "choices": which is it? "thanks": it is known. */
function stepOf({ prediction, label }) {
  if (label !== null) {
    return "thanks";
  }
  return prediction?.text ? "question" : "choices";
}

function showCorrection(step) {
  byId("correct-question").hidden = step !== "question";
  byId("correct-choices").hidden = step !== "choices";
  byId("correct-thanks").hidden = step !== "thanks";
  const { prediction, item } = saved;
  showKept(item.id === null);
  byId("correct-read").textContent = prediction?.text ?? "";
  byId("correct-given").textContent = saved.label === null ? "" : inWords(saved.label);
  byId("correct-page").href = `${pagesUrl}${item.id}/`;
  offerSecondGuess(prediction && secondGuess(prediction.symbols[0]));
}

/** What is kept here has no page on the server yet. */
function showKept(isKeptHere) {
  byId("correct-saved").hidden = isKeptHere;
  byId("correct-page").hidden = isKeptHere;
  byId("correct-kept").hidden = !isKeptHere;
  byId("correct-kept").textContent = isKeptHere ? keptInWords(navigator.onLine) : "";
}

function offerSecondGuess(second) {
  const button = byId("correct-second");
  button.hidden = second === null;
  button.dataset.label = second?.label ?? "";
  const words = gettext("No, it is %(label)s");
  button.textContent = second ? interpolate(words, { label: withArticle(second.label) }) : "";
}

function inWords(label) {
  return label === notADigit ? inQuotes(labelInWords(label)) : withArticle(label);
}

showState();
pad.restore(kept.restore(Date.now()));
install(serviceWorker);
