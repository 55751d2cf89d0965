import { gettext, interpolate } from "../i18n.js";
import { inQuotes, labelInWords, NOT_A_DIGIT } from "../labels.js";
import { view } from "../replay.js";
import { CANVAS_SIZE } from "../strokes.js";
import { inWords, theDigit, whatMattered } from "./places.js";
import { bitmapOf, paint } from "./plate.js";
import { relevanceOf } from "./relevance.js";
import { describe, pathOf, readWithoutEach } from "./what_if.js";

// A smaller drawing has too little ink to take any away.
const EXPLAINED_REFUSAL = "not_a_digit";

/**
 * "Why this reading?": which ink mattered, and what would be read without one of the strokes.
 *
 * It is folded, and works only while it is open and nobody draws; it asks the network of this page
 * alone, one question at a time.
 */
export class Insight {
  #fold;
  #readers;
  #onTry;
  #subject = null;
  #work = null;
  #trials = { subject: null, list: [] };

  /**
   * @param fold the <details> of templates/recognizer/_insight.html
   * @param readers who reads, see Readers
   * @param onTry called with (answer, note) to show another reading: without a stroke, or the true one
   */
  constructor(fold, { readers, onTry }) {
    this.#fold = fold;
    this.#readers = readers;
    this.#onTry = onTry;
    fold.addEventListener("toggle", () => this.#lookIfNeeded());
    this.#part("strokes").addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (button) {
        this.#try(button);
      }
    });
  }

  /** The answer to the drawing as it is now; a picture has no strokes. */
  explain(answer, strokes) {
    this.#release();
    if (isSame(this.#subject, { answer, strokes }) && this.#isDone) {
      this.#subject.answer = answer;
      this.#fold.classList.remove("is-stale");
      return;
    }
    this.pause();
    this.#subject = { answer, strokes };
    this.#fold.hidden = !answer.text && answer.rejected?.code !== EXPLAINED_REFUSAL;
    this.#lookIfNeeded();
  }

  /** Somebody draws: what is shown is about what was there before. */
  pause() {
    this.#release();
    this.#work?.abort.abort();
    this.#fold.classList.add("is-stale");
  }

  /** There is nothing to explain. */
  clear() {
    this.pause();
    this.#subject = null;
    this.#fold.hidden = true;
  }

  get #isDone() {
    return this.#work?.subject === this.#subject && this.#work.isDone;
  }

  #lookIfNeeded() {
    if (this.#fold.open && !this.#fold.hidden && !this.#isDone) {
      this.#look();
    }
  }

  get #canLook() {
    const { versionHere } = this.#readers;
    return versionHere !== null && versionHere === this.#subject.answer.model.version;
  }

  async #look() {
    this.#part("away").hidden = this.#canLook;
    this.#part("views").hidden = !this.#canLook;
    this.#work?.abort.abort();
    if (!this.#canLook) {
      return;
    }
    const work = { subject: this.#subject, abort: new AbortController(), isDone: false };
    this.#work = work;
    try {
      await this.#lookAtBoth(work.subject, work.abort.signal);
      work.isDone = true;
      this.#fold.classList.remove("is-stale");
    } catch (error) {
      this.#tellUnless(work.abort.signal, error);
    }
  }

  #tellUnless({ aborted }, error) {
    if (!aborted) {
      console.warn(`This reading cannot be explained: ${error.message}`);
      this.#part("away").hidden = false;
      this.#part("views").hidden = true;
    }
  }

  async #lookAtBoth(subject, signal) {
    const { answer, strokes } = subject;
    const list = await readWithoutEach(strokes, this.#readers.here, { signal });
    this.#trials = { subject, list };
    this.#showTrials();
    const bitmap = await bitmapOf(answer.symbols[0].input);
    const label = answer.text || NOT_A_DIGIT;
    const relevance = await relevanceOf(bitmap, label, this.#readers.classify, { signal });
    paint(this.#part("plate"), bitmap, relevance);
    const read = answer.text ? theDigit(answer.text) : inQuotes(labelInWords(label));
    this.#part("mattered").textContent = inWords(whatMattered(relevance), read);
  }

  // Without one stroke

  #showTrials() {
    const { subject, list } = this.#trials;
    this.#part("what-if").hidden = list.length === 0;
    this.#part("strokes").replaceChildren(...list.map((trial) => this.#makeRow(trial, subject)));
  }

  #makeRow({ index, answer }, subject) {
    const row = this.#part("row").content.cloneNode(true);
    const { verdict, detail, isOther } = describe(answer, subject.answer);
    row.querySelector("button").classList.toggle("is-other", isOther);
    row.querySelector(".trial-name").textContent = nameOf(index);
    row.querySelector(".trial-verdict").textContent = verdict;
    row.querySelector(".trial-detail").textContent = detail;
    paintStrokes(row.querySelector("svg"), subject.strokes, index);
    return row;
  }

  #try(button) {
    const isPressed = button.getAttribute("aria-pressed") === "true";
    this.#release();
    if (this.#trials.subject !== this.#subject) {
      return; // These rows are about what was there before.
    }
    if (isPressed) {
      this.#onTry(this.#subject.answer, "");
      return;
    }
    const row = [...this.#part("strokes").children].indexOf(button.closest("li"));
    const { index, answer } = this.#trials.list[row];
    button.setAttribute("aria-pressed", "true");
    this.#onTry(answer, `${nameOf(index)}: `);
  }

  #release() {
    this.#part("strokes").querySelector("[aria-pressed=true]")?.setAttribute("aria-pressed", "false");
  }

  #part(name) {
    return this.#fold.querySelector(`[data-part="${name}"]`);
  }
}

/** Here and on the server the same picture is written in other bytes. */
function isSame(one, other) {
  return (
    one !== null &&
    one.answer.text === other.answer.text &&
    one.answer.model.version === other.answer.model.version &&
    (other.strokes.length > 0
      ? one.strokes === other.strokes
      : one.answer.symbols[0]?.input === other.answer.symbols[0]?.input)
  );
}

function nameOf(index) {
  return interpolate(gettext("Without stroke %(number)s"), { number: index + 1 });
}

function paintStrokes(svg, strokes, without) {
  const points = strokes.map((stroke) => stroke.points.map(({ x, y }) => [x, y]));
  const { x, y, side } = view({ strokes: points, width: CANVAS_SIZE, height: CANVAS_SIZE });
  svg.setAttribute("viewBox", `${x} ${y} ${side} ${side}`);
  const left = strokes.filter((_, index) => index !== without);
  svg.querySelector(".is-left").setAttribute("d", left.map(pathOf).join(""));
  svg.querySelector(".is-gone").setAttribute("d", pathOf(strokes[without]));
}
