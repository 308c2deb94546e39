// The running quarter-hour in meter time: what it is so far, and what it will average if nothing changes.
//
// `average_demand` (1-0:1.4.0) is the energy of the quarter so far as its share of the average: it rises from 0. Flanders'
// capacity tariff bills the highest quarter of the month, at least 2.5 kW (Fluvius; VREG).

import { netPowerOf, numberOf, textOf } from "./telegram.js";

const QUARTER_S = 900;
const LEAST_PEAK_KW = 2.5;
const RESET_WITHIN_S = 30; // a meter may go on telling the last quarter's average for a moment

/**
 * Give the quarter of a telegram, {number, atS, leftS, demandKw, forecastKw, toldKw, oldKw}, or null if it tells none.
 *
 * `before` is the quarter of the telegram before, or null. A meter that does not tell its demand has a quarter only where
 * `isWanted`, because somebody set a limit; then what is drawn is added up, and of a quarter whose beginning was not seen
 * it is assumed that it went as it goes now.
 */
export function quarterAfter(before, telegram, isWanted) {
  const drawnKw = drawnOf(telegram.fields);
  const told = numberOf(telegram.fields, "average_demand");
  if (drawnKw === undefined || (told === undefined && !isWanted)) return null;
  const atS = telegram.atMs / 1000;
  const number = Math.floor(atS / QUARTER_S);
  const leftS = QUARTER_S - (atS % QUARTER_S);
  const toldKw = told === undefined ? undefined : Math.max(0, told);
  const oldKw = notBegunAnew(before, toldKw, number, leftS);
  const isTold = toldKw !== undefined && oldKw === undefined;
  const demandKw = isTold ? toldKw : addedUp(before, drawnKw, number, atS);
  return { number, atS, leftS, demandKw, forecastKw: demandKw + (drawnKw * leftS) / QUARTER_S, toldKw, oldKw };
}

function drawnOf(fields) {
  const drawnKw = numberOf(fields, "actual_total_consumption");
  if (drawnKw !== undefined) return Math.max(0, drawnKw);
  const netW = netPowerOf(fields);
  return netW === undefined ? undefined : Math.max(0, netW / 1000);
}

/** Give what the meter still tells of the quarter before in the first seconds of a new one, else undefined. */
function notBegunAnew(before, toldKw, number, leftS) {
  if (before === null || toldKw === undefined || leftS <= QUARTER_S - RESET_WITHIN_S) return undefined;
  const lastKw = number === before.number + 1 ? before.toldKw : before.oldKw;
  return lastKw > 0 && lastKw <= toldKw ? toldKw : undefined;
}

function addedUp(before, drawnKw, number, atS) {
  if (before === null || before.number !== number) return (drawnKw * (atS % QUARTER_S)) / QUARTER_S;
  return before.demandKw + (drawnKw * Math.max(0, atS - before.atS)) / QUARTER_S;
}

/** Give this month's peak in kW, or undefined; a meter may tell the last month's until the first quarter has ended. */
export function monthPeakOf(telegram) {
  const peakKw = numberOf(telegram.fields, "peak_demand_month");
  const stamp = textOf(telegram.fields, "peak_demand_month_timestamp");
  if (peakKw === undefined || stamp === undefined) return peakKw;
  const isOfThisMonth = stamp.startsWith(telegram.wall.toISOString().slice(0, 7)) && stamp.slice(8, 19) !== "01T00:00:00";
  return isOfThisMonth ? peakKw : 0; // a stamp is the end of the quarter
}

/** Give the limit in kW: the one that was set, else what is paid for already this month. */
export function limitOf(setKw, monthPeakKw) {
  return setKw ?? Math.max(LEAST_PEAK_KW, monthPeakKw ?? 0);
}
