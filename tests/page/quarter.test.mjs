// The quarter-hour, as relay_controller counts it too.
import assert from "node:assert/strict";
import test from "node:test";

import { limitOf, monthPeakOf, quarterAfter } from "../../mosquitto/www/quarter.js";
import { telegramOf } from "../../mosquitto/www/telegram.js";

const telegram = (timestamp, fields) =>
  telegramOf(JSON.stringify({ meter: "home", received: "2026-01-31T11:00:00.000+00:00", seq: 1, timestamp, ...fields }));
const rounded = (quarter) => [quarter.demandKw, quarter.forecastKw, quarter.leftS].map((value) => Number(value.toFixed(3)));

test("the forecast is what was drawn plus what is drawn now for the rest of the quarter", () => {
  const one = telegram("2026-01-31T12:10:00+01:00", { average_demand: 2, actual_total_consumption: 3 });
  assert.deepEqual(rounded(quarterAfter(null, one, false)), [2, 3, 300]);
});

test("injection does not lower what was drawn", () => {
  const one = telegram("2026-01-31T12:10:00+01:00", {
    average_demand: 2,
    actual_total_consumption: 0,
    actual_total_injection: 4,
  });
  assert.deepEqual(rounded(quarterAfter(null, one, false)), [2, 2, 300]);
});

test("the last quarter's average does not count in the first seconds of a new one", () => {
  const last = quarterAfter(
    null,
    telegram("2026-01-31T12:14:59+01:00", { average_demand: 2.5, actual_total_consumption: 1 }),
    false,
  );
  const first = quarterAfter(
    last,
    telegram("2026-01-31T12:15:00+01:00", { average_demand: 2.5, actual_total_consumption: 1 }),
    false,
  );
  assert.deepEqual(rounded(first), [0, 1, 900]);
  const second = quarterAfter(
    first,
    telegram("2026-01-31T12:15:09+01:00", { average_demand: 2.5, actual_total_consumption: 1 }),
    false,
  );
  assert.deepEqual(rounded(second), [0.01, 1, 891]);
  const third = quarterAfter(
    second,
    telegram("2026-01-31T12:15:18+01:00", { average_demand: 0.02, actual_total_consumption: 1 }),
    false,
  );
  assert.deepEqual(rounded(third), [0.02, 1, 882]);
});

test("a meter without demand has a quarter only where somebody set a limit, and it is added up", () => {
  const [first, second] = ["00", "45"].map((second) => telegram(`2026-01-31T12:05:${second}+01:00`, { net_power: 2000 }));
  assert.equal(quarterAfter(null, first, false), null);
  const quarter = quarterAfter(quarterAfter(null, first, true), second, true);
  assert.deepEqual(rounded(quarter), [0.767, 2, 555]);
});

test("a meter without power has no quarter", () => {
  assert.equal(quarterAfter(null, telegram("2026-01-31T12:05:00+01:00", { average_demand: 1 }), true), null);
});

test("the limit is the one that was set, else the month's peak, at least 2.5 kW", () => {
  assert.deepEqual(
    [limitOf(4, 3), limitOf(undefined, 3), limitOf(undefined, 1), limitOf(undefined, undefined)],
    [4, 3, 2.5, 2.5],
  );
});

test("a peak of the month before is none of this month", () => {
  const peak = (stamp) =>
    monthPeakOf(telegram("2026-02-01T00:05:00+01:00", { peak_demand_month: 5, peak_demand_month_timestamp: stamp }));
  assert.equal(peak("2026-01-20T18:15:00+01:00"), 0);
  assert.equal(peak("2026-02-01T00:00:00+01:00"), 0);
  assert.equal(peak("2026-02-01T00:15:00+01:00"), 5);
  assert.equal(monthPeakOf(telegram("2026-02-01T00:05:00+01:00", { peak_demand_month: 5 })), 5);
});
