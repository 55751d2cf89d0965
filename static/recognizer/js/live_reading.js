/**
 * Asks for a reading a moment after the last change, and lets only the newest question be answered.
 *
 * @param ask (strokes, signal) -> Promise of an answer
 * @param handlers onPending(), onAnswer(answer), onError(error); never called for an old question.
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

  schedule(strokes) {
    this.cancel();
    this.#timer = setTimeout(() => this.read(strokes), this.#delayMs);
  }

  async read(strokes) {
    this.cancel();
    const question = new AbortController();
    this.#question = question;
    this.#handlers.onPending();
    try {
      const answer = await this.#ask(strokes, question.signal);
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
