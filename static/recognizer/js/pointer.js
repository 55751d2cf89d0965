import { PalmGuard } from "./palm.js";

const MAIN_BUTTON = 0;
const ERASER_BUTTON = 5;

/**
 * Reports strokes made on `element` with mouse, finger or pen.
 *
 * Only one pointer draws at a time: a second finger is ignored until the first is lifted. A palm
 * never draws: while a pen is in use no touch does, and what a touch has begun when the pen comes
 * down, or when it grows into a palm, is taken back. A cancelled pointer otherwise ends its stroke
 * as if it had been lifted.
 *
 * @param handlers onStart(event, box), onMove(events, predicted, box), onEnd(), onTakeBack();
 *   `box` is the element's box.
 */
export function recordPointer(element, { onStart, onMove, onEnd, onTakeBack }) {
  const palms = new PalmGuard();
  let pointer = null;
  let box = null;

  const stop = (handler) => {
    pointer = null;
    handler();
  };

  element.addEventListener("pointerdown", (event) => {
    palms.notice(event);
    if (event.pointerType === "pen" && pointer?.type === "touch") {
      stop(onTakeBack);
    }
    if (pointer !== null || palms.isPalm(event) || !isDrawing(event)) {
      return;
    }
    event.preventDefault();
    pointer = { id: event.pointerId, type: event.pointerType };
    box = element.getBoundingClientRect();
    element.setPointerCapture(event.pointerId);
    takeFocus(element);
    onStart(event, box);
  });

  element.addEventListener("pointermove", (event) => {
    palms.notice(event);
    if (event.pointerId !== pointer?.id) {
      return;
    }
    if (palms.isPalm(event)) {
      stop(onTakeBack);
    } else {
      onMove(everyEvent(event), event.getPredictedEvents?.() ?? [], box);
    }
  });

  const finish = (event) => {
    palms.notice(event);
    if (event.pointerId === pointer?.id) {
      stop(palms.isTakenBack(event) ? onTakeBack : onEnd);
    }
  };
  element.addEventListener("pointerup", finish);
  element.addEventListener("pointercancel", finish);
  // The browser may take a pointer away with neither of the two, as when a dialog opens.
  element.addEventListener("lostpointercapture", finish);
}

/** A focus that a hand has given needs no ring around it: the hand is there. */
function takeFocus(element) {
  element.dataset.byPointer = "";
  element.addEventListener("blur", () => delete element.dataset.byPointer, { once: true });
  element.focus({ preventScroll: true });
}

/** Whether the pen is held with its eraser down. */
export function isEraserEnd({ button, buttons }) {
  return button === ERASER_BUTTON || (buttons & 32) !== 0;
}

function isDrawing(event) {
  return event.button === MAIN_BUTTON || isEraserEnd(event);
}

/** What the browser merged into one event per frame; some browsers answer with an empty list. */
function everyEvent(event) {
  const events = event.getCoalescedEvents?.() ?? [];
  return events.length > 0 ? events : [event];
}
