// The power of now, in all and by phase.

import { byId, childrenFor, made, setAttribute, setIcon, setText } from "./dom.js";
import { netPowerOf, phasesOf, textOf } from "./telegram.js";

const QUANTITIES = [
  ["volts", "voltage", 1, "V"],
  ["amperes", "current", 2, "A"],
  ["kw", "power", 3, "kW"],
];

/** Show the power of a house; what is not fresh is marked as old. `ageMs` is the age of the last telegram, or null. */
export function showNow(house, isFresh, ageMs, words) {
  const fields = house.telegram?.fields;
  const netW = fields && netPowerOf(fields);
  const flow = netW === undefined ? "none" : netW > 0 ? "drawn" : netW < 0 ? "injected" : "balanced";
  const section = byId("now");
  setAttribute(section, "data-flow", flow);
  setText(byId("now-number"), netW === undefined ? "–" : words.number(Math.abs(netW) / 1000, 3));
  setText(byId("now-unit"), netW === undefined ? "" : "kW");
  setText(byId("now-word"), words.say(fields ? (flow === "none" ? "unreadable" : flow) : "noPower"));
  setIcon(byId("now-icon"), flow);
  const age = ageMs === null ? words.say("oldUnknown") : words.say("old", { age: words.duration(ageMs / 1000) });
  const isOld = Boolean(fields) && !isFresh;
  byId("now-old").hidden = !isOld;
  setText(byId("now-old"), isOld ? age : "");
  showTariff(isFresh ? textOf(fields, "actual_tariff_name") : undefined, words);
  showPhases(fields ? phasesOf(fields) : [], words);
}

function showTariff(name, words) {
  const key = name === "day" ? "tariffDay" : name === "night" ? "tariffNight" : undefined;
  byId("now-tariff").hidden = key === undefined;
  setText(byId("now-tariff"), key ? words.say(key) : "");
}

function showPhases(phases, words) {
  byId("phases").hidden = phases.length === 0;
  const shown = QUANTITIES.filter(([key]) => phases.some((phase) => phase[key] !== undefined));
  const columns = shown.map(([key]) => key);
  const heads = childrenFor(byId("phases-head"), ["phase", ...columns], () => made("th", { scope: "col" }));
  setText(heads[0], words.say("phase"));
  shown.forEach(([, name], index) => setText(heads[index + 1], words.say(name)));
  const rows = childrenFor(
    byId("phases-rows"),
    phases.map(({ phase }) => `L${phase}`),
    () => made("tr"),
  );
  rows.forEach((row, index) => {
    const cells = childrenFor(row, ["name", ...columns], (key) =>
      made(key === "name" ? "th" : "td", key === "name" ? { scope: "row" } : {}),
    );
    setText(cells[0], `L${phases[index].phase}`);
    shown.forEach(([key, , decimals, unit], column) => {
      const value = phases[index][key];
      setText(cells[column + 1], value === undefined ? "–" : words.quantity(value, decimals, unit));
    });
  });
  byId("phases-note").hidden = !phases.some(({ kw }) => kw < 0);
}
