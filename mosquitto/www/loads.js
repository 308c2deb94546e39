// The loads of a house as their topics tell of them, and the commands that were given here and wait for their answer.

import { shortened } from "./texts.js";

const MOST = 64; // loads: what a broker full of nonsense may show
const REASON_CHARACTERS = 400;
const ANSWER_MS = 5_000;
const NOT_AUTHORIZED = 135; // MQTT 5, section 2.4
const CHOICES = ["auto", "on", "off"];

/** The loads by name. Times are milliseconds of performance.now. */
export class Loads {
  #loads = new Map();
  looksOnly = false; // whether the broker refused a command of this login

  /** Take in what a topic says of a load. Gives whether it is a change of its state. */
  hear(name, what, text) {
    const load = this.#loads.get(name) ?? (this.#loads.size < MOST && text ? { name } : undefined);
    if (!load) return false;
    this.#loads.set(name, load);
    const before = load[what];
    if (what === "reason") load.reason = shortened(text, REASON_CHARACTERS);
    else if (what === "mode") load.mode = CHOICES.includes(text) ? text : undefined;
    else load[what] = ["ON", "OFF"].includes(text) ? text : undefined;
    const isSwitched = what === "state" && before !== undefined && load.state !== undefined && before !== load.state;
    if (what === "mode" && load.wanted && load.mode === load.wanted) settle(load);
    if (load.failure && (what === "mode" || isSwitched)) load.failure = undefined; // what is shown now is what came of it
    if (!load.state && !load.mode && !load.reason && !load.shadow) this.#loads.delete(name); // its topics were cleared
    return isSwitched;
  }

  /** Remember that a load was told `auto`, `on` or `off`. */
  command(name, wanted, nowMs) {
    const load = this.#loads.get(name);
    if (load) Object.assign(load, { wanted, sinceMs: nowMs, failure: undefined });
  }

  /** Take in the broker's answer to a command, a reason code of MQTT 5. */
  answered(name, code) {
    const load = this.#loads.get(name);
    if (!load) return;
    if (code >= 128) fail(load, code === NOT_AUTHORIZED ? "refused" : "not-taken");
    else if (load.mode === load.wanted) settle(load); // it was so before, and nothing new will be told
    if (code === NOT_AUTHORIZED) this.looksOnly = true;
  }

  /** Give up commands without an answer. Gives the names of their loads. */
  tick(nowMs) {
    const late = [...this.#loads.values()].filter((load) => load.wanted && nowMs - load.sinceMs >= ANSWER_MS);
    late.forEach((load) => fail(load, "no-answer"));
    return late.map((load) => load.name);
  }

  /** The loads by name: {name, state, mode, reason, shadow, wanted, failure}, without what nobody told. */
  get list() {
    return [...this.#loads.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

function settle(load) {
  load.wanted = undefined;
  load.failure = undefined;
}

function fail(load, why) {
  load.wanted = undefined;
  load.failure = why;
}
