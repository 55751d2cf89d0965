/**
 * Reports strokes made on `element` with mouse, finger or pen.
 *
 * Only one pointer draws at a time: a second finger, or a palm beside the pen, is ignored until the
 * first is lifted. A cancelled pointer ends its stroke as if it had been lifted.
 *
 * @param handlers onStart(event, box), onMove(events, box), onEnd(); `box` is the element's box.
 */
export function recordPointer(element, { onStart, onMove, onEnd }) {
  let pointer = null;
  let box = null;

  element.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) {
      return;
    }
    event.preventDefault();
    pointer = event.pointerId;
    box = element.getBoundingClientRect();
    element.setPointerCapture(pointer);
    onStart(event, box);
  });

  element.addEventListener("pointermove", (event) => {
    if (event.pointerId === pointer) {
      onMove(everyEvent(event), box);
    }
  });

  const finish = (event) => {
    if (event.pointerId === pointer) {
      pointer = null;
      onEnd();
    }
  };
  element.addEventListener("pointerup", finish);
  element.addEventListener("pointercancel", finish);
  // The browser may take a pointer away with neither of the two, as when a dialog opens.
  element.addEventListener("lostpointercapture", finish);
}

/** What the browser merged into one event per frame; some browsers answer with an empty list. */
function everyEvent(event) {
  const events = event.getCoalescedEvents?.() ?? [];
  return events.length > 0 ? events : [event];
}
