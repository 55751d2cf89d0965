import { request } from "./api.js";
import { Bars, toPercent } from "./bars.js";
import { Following, LiveReading } from "./live_reading.js";
import { Painter } from "./painter.js";
import { recordPointer } from "./pointer.js";
import { Readers } from "./readers.js";
import { Drawing, toApiBody, toCanvasPoint, toUnitPoint } from "./strokes.js";
import { Toasts } from "./toasts.js";

const byId = (id) => document.getElementById(id);
const { drawingsUrl, notADigit } = byId("draw-page").dataset;

const canvas = byId("canvas");
const drawing = new Drawing();
const painter = new Painter(canvas, drawing);
const bars = new Bars(byId("bars"));
const toasts = new Toasts(byId("toasts"));

const HOW_SURE = byId("bars-title").textContent;
const WOULD_HAVE_SAID = "What it would have guessed";

/** The drawing the server holds: {strokes, url, prediction, label}; label is null until given. */
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
    showUnread("Not read yet", "Press Predict to try again.");
    toasts.error(error.message);
  },
});
const following = new Following(readers.here, (answer) => showAnswer(answer, { isFinal: false }));

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

function toPoint(event, box) {
  const { x, y } = toCanvasPoint(toUnitPoint(event, box));
  return { x, y, t: event.timeStamp, pressure: event.pressure };
}

recordPointer(canvas, {
  onStart(event, box) {
    reading.cancel();
    readers.lookAgain();
    drawing.begin(toPoint(event, box), event.pointerType);
    byId("hint").hidden = true;
    painter.repaint();
  },
  onMove(events, box) {
    for (const event of events) {
      drawing.addPoint(toPoint(event, box));
    }
    painter.repaint();
    if (readers.versionHere !== null) {
      following.follow([...drawing.strokes, drawing.current]);
    }
  },
  onEnd() {
    drawing.end();
    following.stop();
    afterEdit();
  },
});

function edit(change) {
  const before = drawing.strokes;
  change();
  if (drawing.strokes !== before) {
    afterEdit();
  }
}

function afterEdit() {
  painter.repaint();
  showState();
  if (drawing.isEmpty) {
    reading.cancel();
    showUnread("–", "Nothing drawn yet.");
  } else {
    readSoon();
  }
}

const undo = () => edit(() => drawing.undo());
const redo = () => edit(() => drawing.redo());
const clear = () => edit(() => drawing.clear());

byId("undo").addEventListener("click", undo);
byId("redo").addEventListener("click", redo);
byId("clear").addEventListener("click", clear);
byId("predict").addEventListener("click", () => reading.read(drawing.strokes, readers.server));

document.addEventListener("keydown", (event) => {
  const command = commandOf(event);
  if (command) {
    event.preventDefault();
    command();
  }
});

function commandOf(event) {
  const key = event.key.toLowerCase();
  const control = (event.ctrlKey || event.metaKey) && !event.altKey;
  if (control && key === "z") {
    return event.shiftKey ? redo : undo;
  }
  if (control && key === "y") {
    return redo;
  }
  return key === "escape" ? clear : null;
}

// The answer

/** @param isFinal false while the stroke that was read is still being drawn. */
function showAnswer(answer, { isFinal = true } = {}) {
  const [symbol] = answer.symbols;
  byId("reading").setAttribute("aria-busy", "false");
  // A screen reader hears of the finished stroke only.
  byId("answer").setAttribute("aria-live", isFinal ? "polite" : "off");
  if (answer.rejected && !isFinal) {
    showReading("…", "Still being drawn.", { isRejected: true });
  } else if (answer.rejected) {
    showReading("?", answer.rejected.message, { isRejected: true });
  } else {
    showReading(answer.text, `${toPercent(answer.confidence)} sure`);
  }
  showSeen(symbol?.input);
  byId("version").textContent = answer.isReadHere
    ? `Read here by version ${answer.model.version}`
    : `Read by version ${answer.model.version} on the server`;
  byId("bars-title").textContent = answer.rejected && isFinal ? WOULD_HAVE_SAID : HOW_SURE;
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
    const stored = await request(drawingsUrl, { method: "POST", body: toApiBody(strokes) });
    const url = `${drawingsUrl}${stored.id}/`;
    saved = { strokes, url, prediction: stored.prediction, label: null };
    readers.noteVersion(stored.prediction);
  } catch (error) {
    toasts.error(`Not saved. ${error.message}`);
  }
  saving = false;
  showState();
  if (isSaved()) {
    reading.cancel();
    showAnswer(saved.prediction);
    moveTo(byId("correction"));
  } else if (saved?.strokes === strokes) {
    toasts.success("Saved as it was. What you drew since then is not saved yet.");
  }
});

// A button that vanishes or is disabled loses the focus of a keyboard.
function moveTo(element) {
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest" });
}

async function correct(label) {
  const corrected = saved;
  setChoicesDisabled(true);
  try {
    await request(corrected.url, { method: "PATCH", body: { label } });
    corrected.label = label;
  } catch (error) {
    toasts.error(`Your answer was not kept. ${error.message}`);
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
  byId("undo").disabled = !drawing.canUndo;
  byId("redo").disabled = !drawing.canRedo;
  byId("clear").disabled = drawing.isEmpty;
  byId("predict").disabled = drawing.isEmpty;
  byId("save").disabled = drawing.isEmpty || saving || isSaved();
  byId("save").textContent = isSaved() ? "Saved" : "Save";
  byId("correction").hidden = !isSaved();
  if (isSaved()) {
    showCorrection(stepOf(saved));
  }
}

/** "question": was it right? "choices": which is it? "thanks": it is known. */
function stepOf({ prediction, label }) {
  if (label !== null) {
    return "thanks";
  }
  return prediction.text ? "question" : "choices";
}

function showCorrection(step) {
  byId("correct-question").hidden = step !== "question";
  byId("correct-choices").hidden = step !== "choices";
  byId("correct-thanks").hidden = step !== "thanks";
  byId("correct-read").textContent = saved.prediction.text;
  byId("correct-given").textContent = inWords(saved.label);
}

function inWords(label) {
  return label === notADigit ? `“${notADigit}”` : `a ${label}`;
}

showState();
