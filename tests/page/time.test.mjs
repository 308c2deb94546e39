// Freshness and the curve: what is old, and how much of it is kept.
import assert from "node:assert/strict";
import test from "node:test";

import { Curve } from "../../mosquitto/www/curve.js";
import { Freshness, Sleep, verdictOf } from "../../mosquitto/www/freshness.js";

test("a telegram is old after 15 seconds, or after 3.5 intervals of a slow meter", () => {
  const [fast, slow] = [new Freshness(), new Freshness()];
  for (let i = 0; i < 5; i += 1) [fast.heard(i * 1000), slow.heard(i * 10_000)];
  assert.deepEqual([fast.isFresh(18_999), fast.isFresh(19_000)], [true, false]);
  assert.deepEqual([slow.isFresh(74_999), slow.isFresh(75_000)], [true, false]);
});

test("telegrams that come together after a hiccup do not make a slow meter a fast one, nor does a sleep", () => {
  const slow = new Freshness();
  for (const nowMs of [0, 30_000, 60_000, 120_000, 120_010, 150_000, 180_000]) slow.heard(nowMs);
  assert.equal(slow.limitMs, 105_000);
  slow.forget();
  assert.equal(slow.limitMs, 105_000);
});

test("nothing is fresh before the first telegram, nor after all was forgotten", () => {
  const freshness = new Freshness();
  assert.deepEqual([freshness.isFresh(5), freshness.ageMs(5)], [false, null]);
  freshness.heard(5);
  freshness.forget();
  assert.deepEqual([freshness.isFresh(6), freshness.ageMs(6)], [false, null]);
});

const VERDICTS = [
  ["connecting", "online", true, "connecting"],
  ["lost", "online", true, "lost"],
  ["up", "online", true, "live"],
  ["up", null, true, "live"],
  ["up", "stale", true, "silent"],
  ["up", "offline", true, "offline"],
  ["up", "online", false, "waiting"],
  ["up", "online", false, "waiting", 10_000],
  ["up", null, false, "waiting"],
  ["up", null, false, "unheard", 3001],
  ["up", null, true, "live", 3001],
  ["up", "stale", false, "silent"],
  ["up", "offline", false, "offline"],
];
for (const [link, reader, isHeard, verdict, nowMs = 1000] of VERDICTS) {
  test(`link ${link}, reader ${reader}, ${isHeard ? "a" : "no"} telegram, ${nowMs} ms: ${verdict}`, () => {
    const freshness = new Freshness();
    if (isHeard) freshness.heard(0);
    assert.equal(verdictOf(link, 0, reader, freshness, nowMs), verdict);
  });
}

test("a page that did not run slept, whichever clock went on; a clock that is wrong all the time is no sleep", () => {
  const year = 31_536_000_000;
  const calls = (...times) => {
    const sleep = new Sleep();
    return times.map(([nowMs, wallMs, limitMs = 15_000]) => sleep.noticed(nowMs, wallMs, limitMs));
  };
  assert.deepEqual(calls([0, year], [1000, year + 1000], [2000, year + 2500]), [false, false, false]);
  assert.deepEqual(calls([0, 0], [1000, 60_000]), [false, true]);
  assert.deepEqual(calls([0, 0], [60_000, 60_000], [61_000, 61_000]), [false, true, false]);
  assert.deepEqual(calls([0, 0, 105_000], [60_000, 60_000, 105_000], [170_000, 170_000, 105_000]), [false, false, true]);
});

test("what is missing is a gap, and a gap of one telegram is none", () => {
  const curve = new Curve();
  for (const atS of [0, 1, 3, 60, 61]) curve.add(atS, 1);
  assert.deepEqual(curve.lists, [
    [0, 1, 3, 31.5, 60, 61],
    [1, 1, 1, null, 1, 1],
  ]);
});

test("a time that was there is not added again, and a clock that was set begins anew", () => {
  const curve = new Curve();
  for (const atS of [10, 11, 11, 9, 12]) curve.add(atS, atS);
  assert.deepEqual(curve.lists[0], [10, 11, 12]);
  for (const atS of [1e9, 1e9 - 3600]) {
    curve.add(atS, 5);
    assert.deepEqual(curve.lists, [[atS], [5]]);
  }
});

test("a week of telegrams each second stays small, in order, and keeps its lowest and highest", () => {
  const curve = new Curve();
  const week = 7 * 86_400;
  for (let atS = 0; atS < week; atS += 1) {
    if (atS % 86_400 < 3600) continue; // an hour of each day is missing
    curve.add(atS, atS === 100_000 ? 9 : atS === 400_000 ? -9 : Math.sin(atS));
  }
  const [times, powers] = curve.lists;
  assert.ok(times.length < 4000, `${times.length} points`);
  assert.ok(times.every((atS, index) => index === 0 || atS > times[index - 1]));
  assert.deepEqual(curve.range, { lowest: -9, highest: 9 });
  assert.equal(powers.filter((kw) => kw === null).length, 6);
  assert.equal(times.at(-1), week - 1);
});

test("a line that breaks every half minute for days stays small too", () => {
  const curve = new Curve();
  for (let atS = 0; atS < 3 * 86_400; atS += atS % 31 === 30 ? 40 : 1) curve.add(atS, 1);
  assert.ok(curve.lists[0].length < 4000, `${curve.lists[0].length} points`);
});
