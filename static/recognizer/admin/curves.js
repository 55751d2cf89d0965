/** A training history as charts, drawn by uPlot. */

import { Chart, HEIGHT } from "./chart.js";
import { decimal, gettext, interpolate } from "../js/i18n.js";

const NAMES = { loss: "training", accuracy: "training", val_loss: "validation", val_accuracy: "validation" };

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
export class Curves extends Chart {
  constructor(figure) {
    super(figure, interpolate(gettext("%(title)s by epoch"), figure.dataset));
    this.names = figure.dataset.curves.split(" ");
    this.shown = 0;
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

  options() {
    const percents = "percent" in this.figure.dataset;
    const written = (value) => {
      if (value === null || value === undefined) return "–";
      return percents ? `${decimal(value * 100, 2)} %` : value.toPrecision(3);
    };
    const axis = this.axis();
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
          stroke: this.colour(`--hw-${NAMES[name]}`),
          width: 2,
          dash: NAMES[name] === "validation" ? [6, 4] : undefined,
          points: { show: true, size: 6 },
          value: (plot, value) => written(value),
        })),
      ],
    };
  }
}
