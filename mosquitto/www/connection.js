// The connection to the broker: MQTT 5 over WebSockets, made anew for as long as the login is good.

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;
const CONNECT_MS = 8_000;
const KEEPALIVE_S = 60; // in the background a browser lets a page run once a minute
const SILENT_MS = 15_000; // then the broker is asked whether it is still there
const DEAD_MS = 22_000;
const COMMAND_LIVES_S = 5; // a command that reaches relay_controller later would surprise
const REFUSALS = [134, 135]; // bad user name or password, not authorized (MQTT 5, section 3.2.2.2)

/**
 * Keeps a connection with one login, {broker, user, password}.
 *
 * Each attempt has a client of its own: a command of before must not be sent by a later one. `on` has the functions
 * `link(state)` with `connecting`, `up` or `lost`, `message(topic, text, isRetained)` and `refused()`, after which it is over.
 */
export class Connection {
  #client = null;
  #timer = null;
  #pauseMs = FIRST_PAUSE_MS;
  #heardMs = 0;
  #filters = [];
  #isOver = false;

  constructor(login, on) {
    this.login = login;
    this.on = on;
    this.#open();
  }

  /** Subscribe to these filters, now and after each new connection, instead of those of before. */
  subscribe(filters) {
    const [old, added] = [this.#filters.filter((one) => !filters.includes(one)), filters];
    this.#filters = filters;
    if (!this.#client?.connected) return;
    if (old.length) this.#client.unsubscribe(old);
    this.#client.subscribe(added, { qos: 1 });
  }

  /** Send a command once. `answered` gets the broker's reason code, if it answers. */
  command(topic, payload, answered) {
    if (!this.#client?.connected) return;
    const options = { qos: 1, properties: { messageExpiryInterval: COMMAND_LIVES_S } };
    this.#client.publish(topic, payload, options, (error) => answered(error ? (error.code ?? 128) : 0));
  }

  /** Look whether the broker is still there; call it each second. `nowMs` is performance.now. */
  tick(nowMs) {
    if (!this.#client?.connected) return;
    if (nowMs - this.#heardMs > DEAD_MS) this.restart();
    else if (nowMs - this.#heardMs > SILENT_MS) this.#client.sendPing();
  }

  /** Begin anew at once: what is still under way is old. */
  restart() {
    if (this.#isOver) return;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.on.link("lost");
    this.#open();
  }

  /** Try at once, if it waits to try again: the network is back. */
  hurry() {
    if (this.#timer !== null) this.restart();
  }

  /** End it for good. */
  end() {
    this.#isOver = true;
    this.#drop();
  }

  #drop() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const client = this.#client;
    this.#client = null;
    client?.removeAllListeners("close");
    client?.end(true);
  }

  #open() {
    this.#drop();
    const client = mqtt.connect(this.login.broker, {
      protocolVersion: 5,
      clientId: `page-${Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("")}`,
      username: this.login.user,
      password: this.login.password,
      clean: true,
      keepalive: KEEPALIVE_S,
      connectTimeout: CONNECT_MS,
      reconnectPeriod: 0,
      resubscribe: false,
      timerVariant: "native", // the other one makes a worker out of text, which this page's policy forbids
    });
    this.#client = client;
    const isMine = () => client === this.#client;
    client.on("connect", () => isMine() && this.#connected(client));
    client.on("message", (topic, payload, packet) => isMine() && this.on.message(topic, payload.toString(), packet.retain));
    client.on("packetreceive", () => (this.#heardMs = performance.now()));
    client.on("error", (error) => isMine() && REFUSALS.includes(error.code) && this.#refused());
    client.on("close", () => isMine() && this.#lost());
  }

  #connected(client) {
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#heardMs = performance.now();
    this.on.link("up");
    if (this.#filters.length) client.subscribe(this.#filters, { qos: 1 });
  }

  #refused() {
    this.end();
    this.on.refused();
  }

  #lost() {
    this.#drop();
    this.on.link("lost");
    this.#timer = setTimeout(() => this.#open(), this.#pauseMs);
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
  }
}
