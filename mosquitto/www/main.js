// Wires the page: options, login, connection, house and views. The only place that reads clocks and listens to the window.

import { hasOptions, takeOptions } from "./address.js";
import { Connection } from "./connection.js";
import { byId } from "./dom.js";
import { Sleep, verdictOf } from "./freshness.js";
import { House } from "./house.js";
import { keepChoice, keepLogin, keptChoice, loginFor } from "./memory.js";
import { Meters } from "./meters.js";
import { brokerAddress } from "./options.js";
import { Words, languageOf, shortened } from "./texts.js";
import { showCounters, showMessage } from "./view-counters.js";
import { CurveView } from "./view-curve.js";
import { showLoads } from "./view-loads.js";
import { showMeters, showTitle, showUser, translate } from "./view-header.js";
import { onLogin, showLogin } from "./view-login.js";
import { showNow } from "./view-now.js";
import { showQuarter } from "./view-quarter.js";
import { say, showStatus } from "./view-status.js";

const DISCOVERY = "+/+/reader/status";
const TICK_MS = 500;
const NO_HOUSE = new House("");

class Page {
  #options = takeOptions();
  #broker = brokerAddress(this.#options.broker, window.location);
  #words = new Words(languageOf(keptChoice("language"), navigator.languages), navigator.languages);
  #sleep = new Sleep();
  #curve = new CurveView();
  #meters = new Meters();
  #house = null;
  #connection = null;
  #link = "connecting";
  #linkedMs = 0;
  #problem = null;
  #isDue = false;

  begin() {
    onLogin((login, isLasting) => this.#enter(login, isLasting));
    byId("logout").addEventListener("click", () => this.#leave(null));
    byId("language").addEventListener("change", (event) => this.#speak(event.target.value));
    byId("meter").addEventListener("change", (event) => this.#choose(event.target.value));
    window.addEventListener("online", () => this.#connection?.hurry());
    document.addEventListener("visibilitychange", () => this.#tick());
    window.addEventListener("hashchange", () => hasOptions() && window.location.reload());
    translate(this.#words);
    const login = this.#broker && loginFor(this.#broker, this.#options);
    if (login) this.#connect(login);
    setInterval(() => this.#tick(), TICK_MS);
    this.#show();
  }

  #enter(login, isLasting) {
    keepLogin({ broker: this.#broker, ...login }, isLasting);
    this.#connect(login);
    byId("heading").focus();
  }

  #connect(login) {
    this.#problem = null;
    this.#link = "connecting";
    this.#house = null;
    this.#meters = new Meters();
    this.#connection = new Connection(
      { broker: this.#broker, ...login },
      {
        link: (state) => this.#linked(state),
        message: (topic, text, isRetained) => this.#hear(topic, text, isRetained),
        refused: () => this.#leave("loginRefused"),
      },
    );
    if (this.#options.topic) this.#watch(this.#options.topic);
    else this.#connection.subscribe([DISCOVERY]);
    this.#show();
  }

  /** Forget the login and ask for one; `problem` is the key of a text, or null. */
  #leave(problem) {
    this.#connection?.end();
    this.#connection = null;
    this.#house = null;
    this.#problem = problem;
    keepLogin(null);
    this.#show();
    byId("login-user").focus();
  }

  #linked(state) {
    this.#link = state;
    this.#linkedMs = performance.now();
    if (state !== "up") this.#house?.disconnected();
    this.#due();
  }

  #hear(topic, text, isRetained) {
    if (this.#awake()) return;
    if (this.#meters.hear(topic, text) && !this.#options.topic) this.#discovered();
    const switched = this.#house?.hear(topic, text, isRetained, performance.now());
    if (switched !== undefined) this.#sayLoad(switched);
    this.#due();
  }

  #discovered() {
    const topic = this.#meters.chosen(keptChoice("meter"));
    if (topic !== this.#house?.topic && !this.#house?.telegram) this.#watch(topic);
  }

  #choose(topic) {
    keepChoice("meter", topic);
    this.#watch(topic);
    this.#show();
  }

  #watch(topic) {
    this.#house = new House(topic);
    this.#connection.subscribe([...(this.#options.topic ? [] : [DISCOVERY]), ...this.#house.filters]);
  }

  #command(name, wanted) {
    const { loads, topic } = this.#house;
    loads.command(name, wanted, performance.now());
    this.#connection.command(`${topic}/load/${name}/set`, wanted.toUpperCase(), (code) => {
      loads.answered(name, code);
      if (code >= 128) say(this.#words.say(loads.looksOnly ? "failedRefused" : "failedNotTaken"));
      this.#due();
    });
    this.#show();
  }

  #sayLoad(name) {
    const load = this.#house.loads.list.find((one) => one.name === name);
    say(this.#words.say("loadIs", { load: shortened(name), state: this.#words.say(load.state === "ON" ? "on" : "off") }));
  }

  #tick() {
    this.#awake();
    this.#connection?.tick(performance.now());
    if (this.#house?.loads.tick(performance.now()).length) say(this.#words.say("failedNoAnswer"));
    this.#show();
  }

  /** Begin anew after a sleep: what waits in the connection is old. Gives whether there was one. */
  #awake() {
    if (!this.#sleep.noticed(performance.now(), Date.now(), this.#house?.freshness.limitMs ?? 0)) return false;
    this.#house?.freshness.forget();
    this.#connection?.restart();
    return true;
  }

  #speak(language) {
    keepChoice("language", language);
    this.#words = new Words(language, navigator.languages);
    translate(this.#words);
    this.#show();
  }

  /** Show what is new with the next picture of the screen, once. */
  #due() {
    if (this.#isDue || document.hidden) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#show();
    });
  }

  #show() {
    const [words, nowMs] = [this.#words, performance.now()];
    const isOpen = this.#connection === null;
    showLogin({ isOpen, broker: this.#broker, problem: this.#problem }, words);
    showUser(this.#connection?.login.user, words);
    showMeters(isOpen ? [] : this.#meters.topics, this.#house?.topic ?? "");
    if (isOpen) {
      showTitle(null, words);
      return;
    }
    const house = this.#house ?? NO_HOUSE;
    const ageMs = house.freshness.ageMs(nowMs);
    const verdict = verdictOf(this.#link, this.#linkedMs, house.reader, house.freshness, nowMs);
    const isFresh = verdict === "live";
    showStatus({ topic: house.topic, verdict, link: this.#link, reader: house.reader, ageMs, isFresh }, words);
    showNow(house, isFresh, ageMs, words);
    showQuarter(house, isFresh, words);
    this.#curve.show(house, words);
    showLoads(house, this.#link === "up", words, (name, wanted) => this.#command(name, wanted));
    showCounters(house, isFresh, ageMs, words);
    showMessage(house.fields);
    // Behind, a page may run once a minute, too seldom to take an old power out of its title.
    showTitle(isFresh && !document.hidden ? byId("now-number").textContent : null, words);
  }
}

new Page().begin();
