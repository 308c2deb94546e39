// Reading telegrams and options with distrust.
import assert from "node:assert/strict";
import test from "node:test";

import { brokerAddress, isTopic, optionsOf } from "../../mosquitto/www/options.js";
import { fieldOf, momentOf, netPowerOf, numberOf, phasesOf, telegramOf, textOf } from "../../mosquitto/www/telegram.js";

const HEAD = { meter: "home", received: "2026-01-31T11:15:49.012+00:00", seq: 17 };
const fieldsOf = (fields) => telegramOf(JSON.stringify({ ...HEAD, ...fields })).fields;

test("a telegram has the meter's wall time, whatever the zone of the browser", () => {
  const telegram = telegramOf(JSON.stringify({ ...HEAD, timestamp: "2026-01-31T12:15:48+01:00" }));
  assert.equal(telegram.atMs, Date.UTC(2026, 0, 31, 11, 15, 48));
  assert.equal(telegram.wall.toISOString(), "2026-01-31T12:15:48.000Z");
});

test("a telegram without a sensible time has that of its reception", () => {
  for (const timestamp of [undefined, "yesterday", 17, "2026-13-01T00:00:00+01:00", "2026-01-31T12:15:48"]) {
    assert.equal(telegramOf(JSON.stringify({ ...HEAD, timestamp })).atMs, Date.UTC(2026, 0, 31, 11, 15, 49, 12));
  }
});

test("what is no live telegram of ours is none", () => {
  const none = ["", "null", "[]", "17", '"text"', "{", "{}", '{"meter": "home"}', '{"net_power": NaN}', "x".repeat(200_000)];
  const recorded = JSON.stringify({ ...HEAD, recorded: true });
  const foreign = [JSON.stringify({ ...HEAD, received: 5 }), JSON.stringify({ ...HEAD, meter: 5 })];
  for (const payload of [...none, recorded, ...foreign]) assert.equal(telegramOf(payload), null, payload.slice(0, 50));
});

test("a value of the wrong kind, or one that no house has, is absent", () => {
  for (const value of ["1", null, true, [], {}, 1e300, -1e9])
    assert.equal(numberOf(fieldsOf({ net_power: value }), "net_power"), undefined);
  const largest = { net_power: 999_999, l1_current: 999, total_injection: 999_999_999, actual_total_injection: 999 };
  for (const [name, value] of Object.entries(largest)) {
    assert.equal(numberOf({ [name]: value }, name), value);
    assert.equal(numberOf({ [name]: value + 1 }, name), undefined, name);
  }
  for (const value of [1, null, "", "  ", []])
    assert.equal(textOf(fieldsOf({ text_message: value }), "text_message"), undefined);
});

test("the net power is the meter's own, else drawn minus injected", () => {
  assert.equal(netPowerOf({ net_power: -250, actual_total_consumption: 1 }), -250);
  assert.equal(netPowerOf({ actual_total_consumption: 0.2, actual_total_injection: 1.45 }), -1250);
  assert.equal(netPowerOf({ actual_total_consumption: 0.2 }), 200);
  assert.equal(netPowerOf({ actual_total_injection: 0.2 }), undefined);
});

test("a phase has what was sent of it, zero volts too, and is absent where nothing was", () => {
  const fields = { l1_voltage: 230.5, l1_current: 1.2, actual_l1_consumption: 0, actual_l1_injection: 0.3, l2_voltage: 0 };
  assert.deepEqual(phasesOf(fields), [
    { phase: 1, volts: 230.5, amperes: 1.2, kw: -0.3 },
    { phase: 2, volts: 0, amperes: undefined, kw: undefined },
  ]);
});

test("a field's own topic is a number where its text is one", () => {
  assert.deepEqual(["12.5", "-3", "NaN", "1e5", "", "0x10", "{}"].map(fieldOf), [12.5, -3, "NaN", "1e5", "", "0x10", "{}"]);
});

test("a time needs its offset", () => {
  assert.equal(momentOf("2026-01-31T12:15:48Z").atMs, Date.UTC(2026, 0, 31, 12, 15, 48));
  assert.equal(momentOf("2026-01-31"), null);
});

test("options come from the fragment, escaped or not", () => {
  const fragment = "#broker=ws://127.0.0.1:9001&user=phone&password=a+b%26c%3D%C3%A9&topic=smartmeter%2Fhome&other=1&user2=x";
  const options = { broker: "ws://127.0.0.1:9001", user: "phone", password: "a+b&c=é", topic: "smartmeter/home" };
  assert.deepEqual(optionsOf(fragment), options);
  assert.deepEqual(optionsOf("#password=100%&user="), { password: "100%" });
  assert.deepEqual(optionsOf(""), {});
});

test("the broker is where the page came from, unless the options say another", () => {
  const at = (href) => ({ href, protocol: new URL(href).protocol });
  assert.equal(brokerAddress(undefined, at("http://pi:8080/")), "ws://pi:8080/mqtt");
  assert.equal(brokerAddress(undefined, at("https://pi/page/")), "wss://pi/mqtt");
  assert.equal(brokerAddress(undefined, at("file:///home/index.html")), null);
  assert.equal(brokerAddress("ws://pi:9001", at("file:///home/index.html")), "ws://pi:9001/");
  const wrong = ["http://pi", "javascript:alert(1)", "ws://", "ws://user:secret@pi", "\u0000"];
  for (const broker of wrong) assert.equal(brokerAddress(broker, at("file:///index.html")), null, broker);
});

test("a topic has no wildcards", () => {
  assert.deepEqual(["smartmeter/home", "a/b/c", "", "#", "a/+", "/a", "a\u0000"].map(isTopic), [
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
});
