/** What every chart does: fits its figure, and takes its colours from the page, light or dark. */

import uPlot from "../vendor/uplot-1.6.32/uPlot.esm.js";

export const HEIGHT = 220;

/** Draws `this.data` into a figure; whoever extends it says in `options()` how. */
export class Chart {
  constructor(figure, label) {
    this.figure = figure;
    figure.setAttribute("role", "group");
    figure.setAttribute("aria-label", label);
    this.plot = null;
    new ResizeObserver(() => this.plot?.setSize({ width: this.width(), height: HEIGHT })).observe(figure);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.redraw());
    new MutationObserver(() => this.redraw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
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

  colour(name) {
    return getComputedStyle(this.figure).getPropertyValue(name).trim();
  }

  axis() {
    return { stroke: this.colour("--body-quiet-color"), grid: { stroke: this.colour("--border-color"), width: 1 }, ticks: { show: false } };
  }
}
