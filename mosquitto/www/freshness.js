// How old is too old, by the clock that nobody sets (milliseconds of performance.now): the phone's own may be a year wrong.

const STALE_AFTER_MS = 15_000; // as the reader counts, for a meter that sends every second
const INTERVALS_UNTIL_STALE = 3.5;
const LONGEST_INTERVAL_MS = 60_000;
const KEPT_INTERVALS = 9;
const ASLEEP_MS = 20_000; // a page that ran does something each second; in the background, each minute or at each telegram
const CLOCK_STEP_MS = 2_000;
const UNHEARD_MS = 3_000; // the broker tells what it kept at once

/** Remembers when the last telegram came, and how far apart they come. */
export class Freshness {
  #lastMs = null;
  #intervalsMs = [];

  /** Take in that a live telegram came. */
  heard(nowMs) {
    if (this.#lastMs !== null) this.#intervalsMs = [...this.#intervalsMs, nowMs - this.#lastMs].slice(-KEPT_INTERVALS);
    this.#lastMs = nowMs;
  }

  /** Give how many milliseconds ago the last telegram came, or null before the first one. */
  ageMs(nowMs) {
    return this.#lastMs === null ? null : nowMs - this.#lastMs;
  }

  /** The milliseconds without a telegram after which the last one is old. The middle interval is the meter's own. */
  get limitMs() {
    const sorted = [...this.#intervalsMs].sort((a, b) => a - b);
    const intervalMs = sorted.length < 3 ? 0 : Math.min(sorted[Math.floor(sorted.length / 2)], LONGEST_INTERVAL_MS);
    return Math.max(STALE_AFTER_MS, INTERVALS_UNTIL_STALE * intervalMs);
  }

  /** Tell whether the last telegram is new enough to be shown as now. */
  isFresh(nowMs) {
    return this.#lastMs !== null && nowMs - this.#lastMs < this.limitMs;
  }

  /** What came so far is old, whatever the clock says: the page slept. The meter is as fast as before. */
  forget() {
    this.#lastMs = null;
  }
}

/** Notices that the page did not run for a while: a phone that slept hands over old telegrams as if they came now. */
export class Sleep {
  #nowMs = null;
  #wallMs = null;

  /**
   * Tell whether the page slept since the last call; `wallMs` is the phone's clock, of which only the steps count.
   * What waited no longer than `limitMs` is not old: in the background a page may run at each telegram only.
   */
  noticed(nowMs, wallMs, limitMs) {
    const passedMs = this.#nowMs === null ? 0 : nowMs - this.#nowMs;
    const stepMs = this.#nowMs === null ? 0 : wallMs - this.#wallMs - passedMs; // the other clock stops while it sleeps
    [this.#nowMs, this.#wallMs] = [nowMs, wallMs];
    return passedMs > Math.max(ASLEEP_MS, limitMs) || Math.abs(stepMs) > CLOCK_STEP_MS;
  }
}

/**
 * Say in one word how current the picture is: `live`, or why it is not.
 *
 * `link` is `connecting`, `lost` or `up` (the connection to the broker, since `linkedMs`), `reader` what the reader says of
 * itself, or null.
 */
export function verdictOf(link, linkedMs, reader, freshness, nowMs) {
  if (link !== "up") return link;
  if (reader === "offline") return "offline";
  if (freshness.ageMs(nowMs) === null) {
    if (reader === null) return nowMs - linkedMs > UNHEARD_MS ? "unheard" : "waiting";
    return reader === "stale" ? "silent" : "waiting";
  }
  return reader !== "stale" && freshness.isFresh(nowMs) ? "live" : "silent";
}
