/** A training history as charts, drawn by uPlot. */

import { decimal, gettext, interpolate } from "../js/i18n.js";
import uPlot from "../vendor/uplot-1.6.32/uPlot.esm.js";

const NAMES = { loss: "training", accuracy: "training", val_loss: "validation", val_accuracy: "validation" };
const HEIGHT = 220;

/** [epochs, values of the first name, of the second, …]; null where an epoch recorded no number. */
export function columns(history, names) {
  const epochs = history.map((record) => record.epoch);
  const values = names.map((name) =>
    history.map((record) => (Number.isFinite(record[name]) ? record[name] : null)),
  );
  return [epochs, ...values];
}

/** Whether any of the columns behind the epochs holds a number. */
export function hasNumbers([, ...values]) {
  return values.some((column) => column.some((value) => value !== null));
}

/** Draws into a <figure data-curves="loss val_loss" data-title="Loss">, and again as epochs come. */
export class Curves {
  constructor(figure) {
    this.figure = figure;
    figure.setAttribute("role", "group");
    figure.setAttribute("aria-label", interpolate(gettext("%(title)s by epoch"), figure.dataset));
    this.names = figure.dataset.curves.split(" ");
    this.plot = null;
    this.shown = 0;
    new ResizeObserver(() => this.plot?.setSize({ width: this.width(), height: HEIGHT })).observe(figure);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
    new MutationObserver(() => this.redraw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  show(history) {
    const data = columns(history, this.names);
    this.figure.hidden = !hasNumbers(data);
    if (this.figure.hidden || (this.plot && this.shown === history.length)) return;
    this.shown = history.length;
    this.data = data;
    if (this.plot) this.plot.setData(data);
    else this.draw();
  }

  redraw() {
    if (!this.plot) return;
    this.plot.destroy();
    this.draw();
  }

  draw() {
    this.plot = new uPlot(this.options(), this.data, this.figure);
  }

  width() {
    return Math.max(240, this.figure.clientWidth);
  }

  options() {
    const style = getComputedStyle(this.figure);
    const colour = (name) => style.getPropertyValue(name).trim();
    const percents = "percent" in this.figure.dataset;
    const written = (value) => {
      if (value === null || value === undefined) return "–";
      return percents ? `${decimal(value * 100, 2)} %` : value.toPrecision(3);
    };
    const axis = { stroke: colour("--body-quiet-color"), grid: { stroke: colour("--border-color"), width: 1 }, ticks: { show: false } };
    return {
      title: this.figure.dataset.title,
      width: this.width(),
      height: HEIGHT,
      scales: { x: { time: false } },
      cursor: { drag: { x: false, y: false } },
      axes: [
        { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500] },
        { ...axis, size: 66, values: (plot, ticks) => ticks.map(written) },
      ],
      series: [
        { label: gettext("Epoch"), value: (plot, epoch) => epoch ?? "–" },
        ...this.names.map((name) => ({
          label: NAMES[name] === "training" ? gettext("training") : gettext("validation"),
          stroke: colour(`--hw-${NAMES[name]}`),
          width: 2,
          dash: NAMES[name] === "validation" ? [6, 4] : undefined,
          points: { show: true, size: 6 },
          value: (plot, value) => written(value),
        })),
      ],
    };
  }
}
