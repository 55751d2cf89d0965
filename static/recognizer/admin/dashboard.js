/** Wires the dashboard: its data into charts, and the lengths of the review queues. */

import { Days } from "./days.js";
import { showCounts } from "./queue_counts.js";

for (const figure of document.querySelectorAll("[data-chart]")) {
  new Days(figure, JSON.parse(document.getElementById(figure.dataset.chart).textContent));
}

const { countsUrl } = document.querySelector(".dash").dataset;
if (countsUrl) showCounts(countsUrl);
