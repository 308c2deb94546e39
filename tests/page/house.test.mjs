// What is known of a house, of its loads, and of the meters on a broker.
import assert from "node:assert/strict";
import test from "node:test";

import { House } from "../../mosquitto/www/house.js";
import { Loads } from "../../mosquitto/www/loads.js";
import { Meters } from "../../mosquitto/www/meters.js";

const TELEGRAM = JSON.stringify({
  meter: "home",
  received: "2026-01-31T11:15:49.012+00:00",
  seq: 1,
  net_power: 500,
  total_consumption: 7,
});
const hear = (house, topic, text, isRetained = false) => house.hear(`base/home/${topic}`, text, isRetained, 1000);

test("a retained telegram is not of now", () => {
  const house = new House("base/home");
  hear(house, "telegram", TELEGRAM, true);
  assert.equal(house.telegram, null);
  hear(house, "telegram", TELEGRAM);
  assert.equal(house.telegram.fields.net_power, 500);
  assert.equal(house.freshness.ageMs(1500), 500);
});

test("counters that the broker kept count until the first telegram", () => {
  const house = new House("base/home");
  hear(house, "total_consumption", "5.25", true);
  hear(house, "total_gas_consumption", "NaN", true);
  assert.deepEqual(house.fields, { total_consumption: 5.25, total_gas_consumption: "NaN" });
  hear(house, "telegram", TELEGRAM);
  assert.equal(house.fields.total_consumption, 7);
});

test("the limit is relay_controller's while it tells one, and kept while it is at work", () => {
  const house = new House("base/home");
  assert.deepEqual(house.limit, { kw: 2.5, kind: "paid" });
  hear(house, "relay_controller/health", '{"limit_kw": 4.1}', true);
  for (const [status, kind] of [
    ["online", "kept"],
    ["offline", "set"],
  ]) {
    hear(house, "relay_controller/status", status, true);
    assert.deepEqual(house.limit, { kw: 4.1, kind });
  }
  for (const text of ["{}", "nonsense", "null", "5", '{"limit_kw": "4"}', '{"limit_kw": -1}']) {
    hear(house, "relay_controller/health", text);
    assert.deepEqual(house.limit, { kw: 2.5, kind: "paid" }, text);
  }
});

test("a status is one of three words, and not known without a connection", () => {
  const house = new House("base/home");
  hear(house, "reader/status", "stale", true);
  assert.equal(house.reader, "stale");
  house.disconnected();
  assert.equal(house.reader, null);
  hear(house, "reader/status", "<b>", true);
  assert.equal(house.reader, null);
});

test("topics of another meter, and deeper ones, are not of this house", () => {
  const house = new House("base/home");
  house.hear("base/home2/telegram", TELEGRAM, false, 0);
  house.hear("base/home/other/boiler/state", "ON", false, 0);
  assert.equal(house.telegram, null);
  assert.deepEqual(house.loads.list, []);
});

test("a load is what its topics say, and nonsense is not known", () => {
  const loads = new Loads();
  const change = [
    ["state", "OFF"],
    ["state", "ON"],
    ["state", "ON"],
    ["mode", "auto"],
    ["mode", "full"],
    ["reason", "why"],
  ];
  assert.deepEqual(
    change.map(([what, text]) => loads.hear("boiler", what, text)),
    [false, true, false, false, false, false],
  );
  assert.deepEqual(loads.list, [{ name: "boiler", state: "ON", mode: undefined, reason: "why" }]);
});

test("texts are kept at a length that is shown", () => {
  const house = new House("base/home");
  hear(house, "load/boiler/reason", "x".repeat(10_000), true);
  hear(house, "text_message", "x".repeat(10_000), true);
  assert.deepEqual([house.loads.list[0].reason.length, house.fields.text_message.length], [401, 1001]);
});

test("a load whose topics were cleared is gone", () => {
  const loads = new Loads();
  loads.hear("boiler", "state", "ON");
  loads.hear("boiler", "state", "");
  assert.deepEqual(loads.list, []);
});

test("a broker full of nonsense shows 64 loads and 32 meters", () => {
  const [loads, meters] = [new Loads(), new Meters()];
  for (let i = 0; i < 1000; i += 1) {
    loads.hear(`load${i}`, "state", "ON");
    meters.hear(`base/meter${i}/reader/status`, "online");
  }
  assert.deepEqual([loads.list.length, meters.topics.length], [64, 32]);
});

test("a command waits for the mode, and fails after 5 seconds", () => {
  const loads = new Loads();
  loads.hear("boiler", "mode", "auto");
  loads.command("boiler", "on", 1000);
  assert.equal(loads.list[0].wanted, "on");
  loads.answered("boiler", 0);
  assert.deepEqual(loads.tick(5999), []);
  assert.deepEqual(loads.tick(6000), ["boiler"]);
  assert.deepEqual([loads.list[0].wanted, loads.list[0].failure], [undefined, "no-answer"]);
  loads.command("boiler", "on", 7000);
  loads.hear("boiler", "mode", "on");
  assert.deepEqual([loads.list[0].wanted, loads.list[0].failure], [undefined, undefined]);
});

test("a failure is forgotten when relay_controller speaks of the load again", () => {
  const loads = new Loads();
  for (const [what, text] of [
    ["mode", "on"],
    ["mode", "auto"],
    ["state", "ON"],
  ]) {
    loads.hear("boiler", "state", "OFF");
    loads.command("boiler", "on", 0);
    loads.tick(5000);
    loads.hear("boiler", "reason", "off: no sun");
    loads.hear("boiler", "state", "OFF");
    assert.equal(loads.list[0].failure, "no-answer");
    loads.hear("boiler", what, text);
    assert.equal(loads.list[0].failure, undefined, text);
  }
});

test("a command for what is so already ends with the broker's answer", () => {
  const loads = new Loads();
  loads.hear("boiler", "mode", "on");
  loads.command("boiler", "on", 0);
  loads.answered("boiler", 0);
  assert.deepEqual(loads.tick(9000), []);
});

test("a refused command tells that this login only looks", () => {
  const loads = new Loads();
  loads.hear("boiler", "mode", "auto");
  loads.command("boiler", "on", 0);
  loads.answered("boiler", 151);
  assert.deepEqual([loads.list[0].failure, loads.looksOnly], ["not-taken", false]);
  loads.command("boiler", "on", 0);
  loads.answered("boiler", 135);
  assert.deepEqual([loads.list[0].failure, loads.looksOnly], ["refused", true]);
});

test("the meter to show is the wanted one, else one that is heard, else the first", () => {
  const meters = new Meters();
  assert.equal(meters.chosen("base/c"), undefined);
  for (const [name, status] of [
    ["a", "offline"],
    ["b", "online"],
    ["c", "stale"],
  ])
    meters.hear(`base/${name}/reader/status`, status);
  assert.deepEqual(
    ["base/c", "base/x", undefined].map((wanted) => meters.chosen(wanted)),
    ["base/c", "base/b", "base/b"],
  );
});
