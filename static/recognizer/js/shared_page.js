import { showLocalTimes } from "./local_time.js";
import { replayBelow } from "./svg_replay.js";

const main = document.querySelector("main");

showLocalTimes(main);
replayBelow(main);
