// The three languages say the same, and write numbers as people do.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";

import { TEXTS, Words, countdown, languageOf, shortened } from "../../mosquitto/www/texts.js";

const FOLDER = new URL("../../mosquitto/www/", import.meta.url);
const source = readdirSync(FOLDER)
  .filter((name) => /\.(js|html)$/.test(name) && !name.startsWith("texts-"))
  .map((name) => readFileSync(new URL(name, FOLDER), "utf8"))
  .join("\n");
const holes = (text) => (text.match(/\{\w+\}/g) ?? []).sort();

for (const language of ["nl", "fr"]) {
  test(`${language} has every text of English, with the same values in it`, () => {
    assert.deepEqual(Object.keys(TEXTS[language]), Object.keys(TEXTS.en));
    for (const [key, text] of Object.entries(TEXTS[language])) {
      assert.ok(text.trim(), key);
      assert.deepEqual(holes(text), holes(TEXTS.en[key]), key);
    }
  });
}

test("every text is used, and every text that is used exists", () => {
  for (const key of Object.keys(TEXTS.en)) assert.match(source, new RegExp(`\\b${key}\\b`), key);
  const used = [...source.matchAll(/data-(?:text|label)="(\w+)"|\.say\("(\w+)"/g)].map((match) => match[1] ?? match[2]);
  assert.ok(used.length > 30);
  for (const key of used) assert.ok(key in TEXTS.en, key);
});

test("the language is the kept one, else the first of the browser's that we have", () => {
  const cases = [
    ["fr", ["nl-BE"], "fr"],
    [undefined, ["de", "nl-BE", "en"], "nl"],
    ["xx", ["de"], "en"],
    [undefined, [], "en"],
  ];
  for (const [wanted, asked, language] of cases) assert.equal(languageOf(wanted, asked), language);
});

test("numbers are written as the language does", () => {
  const spaces = (text) => text.replace(/[\u00a0\u202f]/g, " ");
  const written = [
    ["en", "en-GB"],
    ["nl", "nl-BE"],
    ["fr", "fr-FR"],
  ].map(([language, tag]) => new Words(language, [tag]).quantity(-1234.5678, 3, "kWh"));
  assert.deepEqual(written.map(spaces), ["−1,234.568 kWh", "−1.234,568 kWh", "−1 234,568 kWh"]);
  assert.equal(new Words("en", []).number(-0.0001, 3), "0.000");
  assert.equal(new Words("en", ["en-US@posix", "en-GB"]).locale, "en-GB");
  assert.equal(new Words("nl", ["nl_BE", "nl-"]).number(1.5, 1), "1,5");
});

test("ages grow in steps, and countdowns end at zero", () => {
  const words = new Words("en", []);
  const ages = [0.9, 59, 119.9, 120, 7199, 7200, 1e6, -5].map((seconds) => words.duration(seconds).replace("\u00a0", " "));
  assert.deepEqual(ages, ["0 s", "59 s", "119 s", "2 min", "119 min", "2 h", "277 h", "0 s"]);
  assert.deepEqual([900, 61.2, 9, 0, -3].map(countdown), ["15:00", "1:02", "0:09", "0:00", "0:00"]);
});

test("a time of another day tells its day", () => {
  const words = new Words("en", ["en-GB"]);
  const at = (text) => new Date(`${text}Z`);
  assert.equal(words.time(at("2026-01-31T09:05:00"), at("2026-01-31T23:00:00")), "09:05");
  assert.equal(words.time(at("2026-01-30T18:45:00"), at("2026-01-31T23:00:00")), "30 Jan 18:45");
});

test("a text from outside is cut at a thousand characters, never inside one", () => {
  assert.equal(shortened("short"), "short");
  assert.equal(shortened("😀".repeat(5000)), `${"😀".repeat(1000)}…`);
  assert.equal(shortened("x".repeat(1000)).length, 1000);
});
