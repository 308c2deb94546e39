// The power since the page was opened, in bounded memory: the last minutes as they came, what is older in buckets whose
// length doubles whenever they become too many. Of each bucket its lowest and its highest value stay.

const RECENT = 900; // telegrams, a quarter-hour of a meter that sends each second
const BUCKETS = 1200;
const JUMP_S = 86_400; // a meter's clock that was set: what was before is on another scale
const BACK_S = 60; // likewise; a few seconds back are waited for
const GAP_INTERVALS = 3.5;
const LEAST_GAP_S = 15;

/** Points of a curve, {atS, kw}; a `kw` of null is a gap. */
export class Curve {
  #recent = [];
  #buckets = []; // {startS, points}: the lowest and the highest in order of time, or a gap that is longer than it
  #bucketS = 1;
  #intervalS = Infinity;
  /** Counts the changes. */
  version = 0;

  /** Add the power at meter time `atS`, in seconds. A time that was there already is not added again. */
  add(atS, kw) {
    const last = this.#recent.at(-1);
    const passedS = last ? atS - last.atS : 0;
    if (passedS > JUMP_S || passedS < -BACK_S) this.#clear();
    else if (last) {
      if (passedS <= 0) return;
      this.#intervalS = Math.min(this.#intervalS, passedS);
      if (passedS >= Math.max(LEAST_GAP_S, GAP_INTERVALS * this.#intervalS))
        this.#push({ atS: last.atS + passedS / 2, kw: null });
    }
    this.#push({ atS, kw });
  }

  /** The times in s and the powers in kW, as two lists. */
  get lists() {
    const points = [...this.#buckets.flatMap((bucket) => bucket.points), ...this.#recent];
    return [points.map((point) => point.atS), points.map((point) => point.kw)];
  }

  /** The lowest and the highest power, {lowest, highest} in kW, or null before the first. */
  get range() {
    const powers = this.lists[1].filter((kw) => kw !== null);
    if (!powers.length) return null;
    return { lowest: powers.reduce((a, b) => Math.min(a, b)), highest: powers.reduce((a, b) => Math.max(a, b)) };
  }

  #clear() {
    this.#recent = [];
    this.#buckets = [];
    this.#bucketS = 1;
    this.#intervalS = Infinity;
  }

  #push(point) {
    this.version += 1;
    this.#recent.push(point);
    if (this.#recent.length <= RECENT) return;
    this.#store(this.#recent.shift());
    if (this.#buckets.length <= BUCKETS) return;
    this.#bucketS *= 2;
    const points = this.#buckets.flatMap((bucket) => bucket.points);
    this.#buckets = [];
    points.forEach((one) => this.#store(one));
  }

  #store(point) {
    const startS = Math.floor(point.atS / this.#bucketS) * this.#bucketS;
    const last = this.#buckets.at(-1);
    if (last?.startS !== startS) this.#buckets.push({ startS, points: [point] });
    else if (point.kw !== null) last.points = last.points[0].kw === null ? [point] : extremes([...last.points, point]);
  }
}

function extremes(points) {
  const lowest = points.reduce((a, b) => (b.kw < a.kw ? b : a));
  const highest = points.reduce((a, b) => (b.kw > a.kw ? b : a));
  if (lowest === highest) return [lowest];
  return lowest.atS < highest.atS ? [lowest, highest] : [highest, lowest];
}
