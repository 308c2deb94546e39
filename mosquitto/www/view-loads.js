// The loads: what each does, why, and three buttons for who may switch it.

import { byId, childrenFor, icon, made, setAttribute, setIcon, setText } from "./dom.js";
import { shortened } from "./texts.js";

const NAME_CHARACTERS = 60;
const CHOICES = ["auto", "on", "off"];
const FAILURES = { "no-answer": "failedNoAnswer", refused: "failedRefused", "not-taken": "failedNotTaken" };

/**
 * Show the loads of a house. `isLinked` tells whether the broker is connected; `choose(name, wanted)` is called where
 * somebody switches one, with `auto`, `on` or `off`.
 */
export function showLoads(house, isLinked, words, choose) {
  const { list, looksOnly } = house.loads;
  const isControlled = isLinked && house.isControlled;
  byId("loads").hidden = list.length === 0;
  const note = looksOnly ? "looksOnly" : isLinked && !house.isControlled ? "notControlled" : null;
  byId("loads-note").hidden = note === null;
  setText(byId("loads-note"), note ? words.say(note) : "");
  const names = list.map((load) => load.name);
  const items = childrenFor(byId("loads-list"), names, (name) => item(name, choose));
  items.forEach((one, index) => showLoad(one, list[index], { isControlled, looksOnly }, words));
}

function item(name, choose) {
  const buttons = CHOICES.map((choice) => {
    const button = made("button", { type: "button", "data-choice": choice });
    button.addEventListener("click", () => button.getAttribute("aria-disabled") !== "true" && choose(name, choice));
    return button;
  });
  return made(
    "li",
    { class: "load" },
    made("h3", {}, made("span", { class: "outside" }, shortened(name, NAME_CHARACTERS))),
    made("p", { class: "state" }, icon("off"), made("span")),
    made("p", { class: "reason outside", lang: "en" }),
    made("p", { class: "shadow" }),
    made("div", { class: "choices", role: "group" }, ...buttons),
    made("p", { class: "answer" }),
  );
}

function showLoad(one, load, { isControlled, looksOnly }, words) {
  const [, state, reason, shadow, choices, answer] = one.children;
  const stateWord = words.say({ ON: "on", OFF: "off" }[load.state] ?? "stateUnknown");
  const isByHand = load.mode === "on" || load.mode === "off";
  setAttribute(one, "data-state", load.state ?? "none");
  setAttribute(one, "data-current", isControlled ? "yes" : "no");
  setIcon(state.children[0], { ON: "on", OFF: "off" }[load.state] ?? "wait");
  setText(state.children[1], isByHand ? `${stateWord}, ${words.say("byHand")}` : stateWord);
  setText(reason, load.reason ?? "");
  setText(shadow, load.shadow ? words.say(load.shadow === "ON" ? "shadowOn" : "shadowOff") : "");
  setAttribute(choices, "aria-label", words.say("choose", { load: shortened(load.name, NAME_CHARACTERS) }));
  for (const button of choices.children) {
    const { choice } = button.dataset;
    setText(button, words.say(choice));
    setAttribute(button, "aria-pressed", load.mode === choice);
    setAttribute(button, "data-wanted", load.wanted === choice ? "yes" : null);
    setAttribute(button, "aria-disabled", !isControlled || looksOnly);
  }
  const key = load.wanted ? "sending" : FAILURES[load.failure];
  setText(answer, key ? words.say(key) : "");
  setAttribute(answer, "data-level", load.failure && !load.wanted ? "bad" : null);
}
