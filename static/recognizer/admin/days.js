/** Counts and shares by day as charts, drawn by uPlot. */

import { decimal, gettext, grouped, locale } from "../js/i18n.js";
import uPlot from "../vendor/uplot-1.6.32/uPlot.esm.js";
import { Chart, HEIGHT } from "./chart.js";

const DASHES = [undefined, [8, 4], [2, 3], [10, 3, 2, 3], [5, 5], [1, 2]];

/** [seconds since 1970 of each day's start in UTC, values of the first line, …]. */
export function columns({ days, lines }) {
  return [days.map((day) => Date.parse(`${day}T00:00:00Z`) / 1000), ...lines.map(({ values }) => values)];
}

/** From just under the lowest share to 1, so that small changes can be seen; null without a number. */
export function shareRange(lines) {
  const shares = lines.flatMap(({ values }) => values).filter((value) => value !== null);
  if (shares.length === 0) return null;
  return [Math.max(0, Math.floor((Math.min(...shares) - 0.02) * 20) / 20), 1];
}

/** Draws into a <figure data-title="…">, as bars (data-bars) or as lines of shares (data-percent). */
export class Days extends Chart {
  constructor(figure, { days, lines }) {
    super(figure, figure.dataset.title);
    this.lines = lines;
    this.data = columns({ days, lines });
    figure.hidden = false;
    this.draw();
  }

  options() {
    const percents = "percent" in this.figure.dataset;
    const written = (value) => {
      if (value === null || value === undefined) return "–";
      return percents ? `${decimal(value * 100, 1)} %` : grouped(value);
    };
    const upTo = (plot, least, most) => [0, Math.max(5, Math.ceil(most * 1.05))];
    const range = percents ? shareRange(this.lines) : upTo;
    const axis = this.axis();
    const day = (seconds) =>
      new Date(seconds * 1000).toLocaleDateString(locale(), { day: "numeric", month: "short", timeZone: "UTC" });
    const oneDay = 86400;
    return {
      width: this.width(),
      height: HEIGHT,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      scales: { x: { range: (plot, first, last) => [first - 0.7 * oneDay, last + 0.7 * oneDay] }, y: { range } },
      cursor: { drag: { x: false, y: false } },
      axes: [
        { ...axis, size: 30, space: 60, incrs: [1, 2, 7, 14, 28].map((days) => days * oneDay), values: (plot, ticks) => ticks.map(day) },
        { ...axis, size: percents ? 60 : 50, incrs: percents ? undefined : [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000], values: (plot, ticks) => ticks.map((tick) => (percents ? `${Math.round(tick * 100)} %` : written(tick))) },
      ],
      series: [
        { label: gettext("Day"), value: (plot, seconds) => (seconds === null ? "–" : day(seconds)) },
        ...this.lines.map(({ name }, place) => this.line(name, place, written)),
      ],
    };
  }

  line(name, place, written) {
    const colour = this.colour(`--hw-line-${(place % DASHES.length) + 1}`);
    const shared = { label: name, stroke: colour, value: (plot, value) => written(value) };
    if ("bars" in this.figure.dataset) {
      return { ...shared, fill: colour, width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.7, 40] }) };
    }
    return { ...shared, width: 2, dash: DASHES[place % DASHES.length], spanGaps: true, points: { show: true, size: 6, fill: colour } };
  }
}
