// The running quarter-hour as a gauge: what it is so far, what it will be, and the limit.

import { byId, setAttribute, setText } from "./dom.js";
import { countdown } from "./texts.js";

const ARC = 100; // the length that the arcs of the gauge are given by `pathLength`
const ROOM = 1.25; // the scale goes so far beyond the limit
const LIMITS = { kept: "limitSet", paid: "limitPaid" }; // one that nobody keeps now has no more to say

/** Show the quarter-hour of a house, where it has one; what is not fresh is marked as old. */
export function showQuarter(house, isFresh, words) {
  const { quarter, limit } = house;
  byId("quarter").hidden = quarter === null;
  if (quarter === null) return;
  const { demandKw, forecastKw, leftS } = quarter;
  const kw = (value) => words.quantity(value, 2, "kW");
  const scaleKw = Math.max(limit.kw * ROOM, forecastKw * 1.05, demandKw * 1.05);
  const share = (value) => Math.min(ARC, (ARC * value) / scaleKw).toFixed(1);
  setAttribute(byId("gauge-forecast"), "stroke-dasharray", `${share(forecastKw)} 200`);
  setAttribute(byId("gauge-demand"), "stroke-dasharray", `${share(demandKw)} 200`);
  setAttribute(byId("gauge-limit"), "transform", `rotate(${((180 * limit.kw) / scaleKw).toFixed(1)} 100 100)`);
  const isAbove = forecastKw > limit.kw;
  setAttribute(byId("quarter"), "data-level", isAbove ? "bad" : "good");
  setText(byId("quarter-forecast"), words.number(forecastKw, 2));
  setText(byId("quarter-so-far"), kw(demandKw));
  setText(byId("quarter-limit"), kw(limit.kw));
  setText(byId("quarter-limit-why"), limit.kind in LIMITS ? words.say(LIMITS[limit.kind]) : "");
  setText(byId("quarter-left"), isFresh ? countdown(leftS) : "–");
  setText(byId("quarter-verdict"), words.say(isAbove ? "above" : "within", { kw: kw(Math.abs(limit.kw - forecastKw)) }));
  const gauge = byId("gauge");
  setAttribute(gauge, "aria-valuemax", scaleKw.toFixed(2));
  setAttribute(gauge, "aria-valuenow", forecastKw.toFixed(2));
  const values = { forecast: kw(forecastKw), soFar: kw(demandKw), limit: kw(limit.kw) };
  setAttribute(gauge, "aria-valuetext", words.say("gauge", values));
}
