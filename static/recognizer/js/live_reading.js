/**
 * Asks for a reading a moment after the last change, and lets only the newest question be answered.
 *
 * @param ask (strokes, signal) -> Promise of an answer
 * @param handlers onAnswer(answer), onError(error); never called for an old question.
 */
export class LiveReading {
  #ask;
  #handlers;
  #delayMs;
  #timer = null;
  #question = null;

  constructor(ask, handlers, delayMs = 100) {
    this.#ask = ask;
    this.#handlers = handlers;
    this.#delayMs = delayMs;
  }

  schedule(strokes, delayMs = this.#delayMs) {
    this.cancel();
    this.#timer = setTimeout(() => this.read(strokes), delayMs);
  }

  async read(strokes, ask = this.#ask) {
    this.cancel();
    const question = new AbortController();
    this.#question = question;
    try {
      const answer = await ask(strokes, question.signal);
      if (!question.signal.aborted) {
        this.#handlers.onAnswer(answer);
      }
    } catch (error) {
      if (!question.signal.aborted) {
        this.#handlers.onError(error);
      }
    }
  }

  cancel() {
    clearTimeout(this.#timer);
    this.#question?.abort();
  }
}

/**
 * Reads a stroke while it is being drawn: the newest state, one question at a time, at most one a
 * frame. What goes wrong is left to the reading at the stroke's end.
 *
 * @param ask (strokes) -> Promise of an answer
 */
export class Following {
  #ask;
  #onAnswer;
  #nextFrame;
  #newest = null;
  #isAsking = false;
  #stroke = {};

  constructor(ask, onAnswer, nextFrame = (run) => requestAnimationFrame(run)) {
    this.#ask = ask;
    this.#onAnswer = onAnswer;
    this.#nextFrame = nextFrame;
  }

  follow(strokes) {
    const isWaiting = this.#newest !== null;
    this.#newest = strokes;
    if (!isWaiting && !this.#isAsking) {
      this.#nextFrame(() => this.#readNewest());
    }
  }

  /** The stroke is over: no answer to it is told any more. */
  stop() {
    this.#newest = null;
    this.#stroke = {};
  }

  async #readNewest() {
    if (this.#newest === null || this.#isAsking) {
      return;
    }
    const [strokes, stroke] = [this.#newest, this.#stroke];
    this.#newest = null;
    this.#isAsking = true;
    const answer = await this.#ask(strokes).catch(() => null);
    this.#isAsking = false;
    if (answer && stroke === this.#stroke) {
      this.#onAnswer(answer);
    }
    if (this.#newest !== null) {
      this.#nextFrame(() => this.#readNewest());
    }
  }
}
