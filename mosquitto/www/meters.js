// The meters that a broker tells of: whoever has a topic `BASE/METER/reader/status`.

const MOST = 32;
const SUFFIX = "/reader/status";

/** The topics of the meters, `smartmeter/home`, with what their readers say. */
export class Meters {
  #readers = new Map();

  /** Take in a message. Gives whether a meter came that was not known. */
  hear(topic, status) {
    const meter = topic.endsWith(SUFFIX) ? topic.slice(0, -SUFFIX.length) : "";
    if (!meter || !status || (this.#readers.size >= MOST && !this.#readers.has(meter))) return false;
    const isNew = !this.#readers.has(meter);
    this.#readers.set(meter, status);
    return isNew;
  }

  /** The topics, sorted. */
  get topics() {
    return [...this.#readers.keys()].sort();
  }

  /** Give the topic to show: the wanted one if it is there, else one that is heard, else the first. */
  chosen(wanted) {
    const topics = this.topics;
    if (topics.includes(wanted)) return wanted;
    return topics.find((topic) => this.#readers.get(topic) === "online") ?? topics[0];
  }
}
