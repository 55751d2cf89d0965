/** How far a run is and how long it will take. Pure: no DOM. */
import { gettext, interpolate } from "../js/i18n.js";

/** How far a run is, from 0 to 1. */
export function progress({ state, epoch, epochs, step, steps }) {
  if (state === "succeeded") return 1;
  if (!epochs || !epoch) return 0;
  return Math.min(1, (epoch - 1 + (steps ? step / steps : 0)) / epochs);
}

/** Seconds until the last epoch ends, by the pace of those that are done; null before the first is. */
export function secondsLeft(run) {
  const paces = run.history.map((record) => record.seconds).filter(Number.isFinite);
  if (run.state !== "running" || paces.length === 0 || !run.epochs) return null;
  const pace = paces.reduce((sum, seconds) => sum + seconds, 0) / paces.length;
  // An epoch that is in the history is over, whatever step was reported last.
  const done = Math.max(run.history.length, progress(run) * run.epochs);
  return Math.max(0, (run.epochs - done) * pace);
}

/** "about 40 s", "about 3 min", "about 2 h 10 min" or "–". */
export function inWords(seconds) {
  if (seconds === null) return "–";
  if (seconds < 90) return interpolate(gettext("about %(count)s s"), { count: Math.max(5, Math.ceil(seconds / 5) * 5) });
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return interpolate(gettext("about %(count)s min"), { count: minutes });
  return interpolate(gettext("about %(hours)s h %(minutes)s min"), {
    hours: Math.floor(minutes / 60),
    minutes: minutes % 60,
  });
}
