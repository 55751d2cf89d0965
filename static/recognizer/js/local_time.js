import { locale } from "./i18n.js";

const FORMATS = {
  time: new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }),
  day: new Intl.DateTimeFormat(locale(), { dateStyle: "medium" }),
};

/** Tells the times below `root` as the person's own clock does. */
export function showLocalTimes(root) {
  for (const time of root.querySelectorAll("time")) {
    time.textContent = FORMATS[time.dataset.format ?? "time"].format(new Date(time.dateTime));
  }
}
