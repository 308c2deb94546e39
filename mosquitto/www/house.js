// Everything that is known of one meter and its loads, from what the broker said.

import { Curve } from "./curve.js";
import { Freshness } from "./freshness.js";
import { Loads } from "./loads.js";
import { limitOf, monthPeakOf, quarterAfter } from "./quarter.js";
import { fieldOf, netPowerOf, numberOf, telegramOf } from "./telegram.js";
import { shortened } from "./texts.js";

const STATUSES = ["online", "stale", "offline"];
const MEDIA = ["gas", "water", "heat", "cooling"];
/** The fields whose own topics are worth reading before the first telegram: the broker keeps their last values. */
export const KEPT_FIELDS = [
  ...["total_consumption_day", "total_consumption_night", "total_injection_day", "total_injection_night"],
  ...["total_consumption", "total_injection", "peak_demand_month", "peak_demand_month_timestamp", "text_message"],
  ...MEDIA.flatMap((medium) => [`total_${medium}_consumption`, `${medium}_timestamp`]),
];

/** One meter under its topic, `smartmeter/home`. `nowMs` is performance.now. */
export class House {
  #statuses = {};
  #kept = {};
  #setLimitKw;

  constructor(topic) {
    this.topic = topic;
    this.freshness = new Freshness();
    this.curve = new Curve();
    this.loads = new Loads();
    this.telegram = null;
    this.quarter = null;
  }

  /** The filters of the topics that it wants to hear. */
  get filters() {
    const loads = ["state", "mode", "reason", "shadow"].map((what) => `load/+/${what}`);
    const names = ["telegram", "+/status", "relay_controller/health", ...loads, ...KEPT_FIELDS];
    return names.map((name) => `${this.topic}/${name}`);
  }

  /** Take in a message. Gives the name of a load whose state changed, else undefined. */
  hear(topic, text, isRetained, nowMs) {
    if (!topic.startsWith(`${this.topic}/`)) return undefined;
    const levels = topic.slice(this.topic.length + 1).split("/");
    if (levels.length === 3 && levels[0] === "load") return this.#hearLoad(levels[1], levels[2], text);
    if (levels.length === 2 && levels[1] === "status") this.#statuses[levels[0]] = STATUSES.includes(text) ? text : null;
    else if (levels.length === 2) this.#hearHealth(text);
    else if (levels[0] !== "telegram") this.#kept[levels[0]] = fieldOf(shortened(text));
    else if (!isRetained) this.#hearTelegram(text, nowMs);
    return undefined;
  }

  /** What the reader says of itself, or null. */
  get reader() {
    return this.#statuses.reader ?? null;
  }

  /** Whether somebody decides about the loads now. */
  get isControlled() {
    return this.#statuses.relay_controller === "online";
  }

  /** The fields of the last telegram; before the first one those that the broker kept, which may be old. */
  get fields() {
    return this.telegram?.fields ?? this.#kept;
  }

  /** The limit of a quarter-hour in kW, {kw, kind}: `kept` by who decides now, only `set`, or what is `paid` for already. */
  get limit() {
    const peakKw = this.telegram === null ? undefined : monthPeakOf(this.telegram);
    const kind = this.#setLimitKw === undefined ? "paid" : this.isControlled ? "kept" : "set";
    return { kw: limitOf(this.#setLimitKw, peakKw), kind };
  }

  /** Forget who was at work: the connection is gone. */
  disconnected() {
    this.#statuses = {};
  }

  #hearLoad(name, what, text) {
    return this.loads.hear(name, what, text) ? name : undefined;
  }

  #hearHealth(text) {
    try {
      const limitKw = numberOf(JSON.parse(text) ?? {}, "limit_kw");
      this.#setLimitKw = limitKw > 0 ? limitKw : undefined;
    } catch {
      this.#setLimitKw = undefined;
    }
  }

  #hearTelegram(text, nowMs) {
    const telegram = telegramOf(text);
    if (telegram === null) return;
    this.freshness.heard(nowMs);
    this.telegram = telegram;
    this.quarter = quarterAfter(this.quarter, telegram, this.#setLimitKw !== undefined);
    const netW = netPowerOf(telegram.fields);
    this.curve.add(telegram.atMs / 1000, netW === undefined ? null : netW / 1000);
  }
}
