// The counters, the month's peak, and gas, water and heat with the times of their own.

import { byId, childrenFor, made, setText } from "./dom.js";
import { momentOf, numberOf, textOf } from "./telegram.js";
import { shortened } from "./texts.js";

const ROWS = [
  ["total_consumption_day", "kWh"],
  ["total_consumption_night", "kWh"],
  ["total_consumption", "kWh"],
  ["total_injection_day", "kWh"],
  ["total_injection_night", "kWh"],
  ["total_injection", "kWh"],
  ["peak_demand_month", "kW", "peak_demand_month_timestamp"],
  ["total_gas_consumption", "m³", "gas_timestamp"],
  ["total_water_consumption", "m³", "water_timestamp"],
  ["total_heat_consumption", "GJ", "heat_timestamp"],
  ["total_cooling_consumption", "GJ", "cooling_timestamp"],
];

/** Show what a house has of them, with a note where they are not of now. */
export function showCounters(house, isFresh, ageMs, words) {
  const { fields } = house;
  const sent = ROWS.filter(([name]) => numberOf(fields, name) !== undefined);
  const names = sent.map(([name]) => name);
  const rows = childrenFor(byId("counters-rows"), names, () => made("div", {}, made("dt"), made("dd")));
  rows.forEach((row, index) => showRow(row, sent[index], fields, house.telegram?.wall, words));
  const note = sent.length === 0 ? words.say("noCounters") : isFresh ? "" : oldNote(house.telegram, ageMs, words);
  setText(byId("counters-note"), note);
  byId("counters-note").hidden = note === "";
}

function oldNote(telegram, ageMs, words) {
  if (telegram === null || ageMs === null) return words.say("lastKnown");
  return words.say("asOf", { age: words.duration(ageMs / 1000) });
}

function showRow(row, [name, unit, timeName], fields, today, words) {
  setText(row.children[0], words.say(name));
  const [amount, time] = childrenFor(row.children[1], timeName ? ["amount", "time"] : ["amount"], (key) =>
    made("span", { class: key }),
  );
  setText(amount, words.quantity(numberOf(fields, name), 3, unit));
  if (!time) return;
  const moment = momentOf(textOf(fields, timeName));
  setText(time, moment === null ? "" : words.time(moment.wall, today));
}

/** Show the message of the meter, if it has one. */
export function showMessage(fields) {
  const text = textOf(fields, "text_message");
  byId("message").hidden = text === undefined;
  setText(byId("message-text"), shortened(text ?? ""));
}
