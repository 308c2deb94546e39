// The line at the top that is always there: broker, reader, age of the reading; and one sentence when something is wrong.

import { byId, setAttribute, setIcon, setText } from "./dom.js";
import { shortened } from "./texts.js";

const TOPIC_CHARACTERS = 60;
const SENTENCES = {
  live: "saysLive",
  connecting: "saysConnecting",
  lost: "saysLost",
  offline: "saysOffline",
  silent: "saysSilent",
  waiting: "saysWaiting",
};
const LINKS = { up: ["good", "connected"], connecting: ["wait", "connecting"], lost: ["bad", "disconnected"] };
const READERS = { online: ["good", "online"], stale: ["bad", "stale"], offline: ["bad", "offline"] };

/** Show how current the picture is, of the meter with this topic, or of none: "". */
export function showStatus({ topic, verdict, link, reader, ageMs, isFresh }, words) {
  const [readerLevel, readerWord] = (link === "up" && READERS[reader]) || ["wait", "unknown"];
  const age = ageMs === null ? words.say("none") : words.say("ago", { age: words.duration(ageMs / 1000) });
  showOne("broker", LINKS[link][0], words.say(LINKS[link][1]));
  showOne("reader", readerLevel, words.say(readerWord));
  showOne("reading", ageMs === null ? "wait" : isFresh ? "good" : "bad", age);
  const unheard = topic ? "saysNotThere" : "saysNoMeter";
  const sentence = words.say(SENTENCES[verdict] ?? unheard, { topic: shortened(topic, TOPIC_CHARACTERS) });
  setText(byId("trouble-text"), sentence);
  byId("trouble").hidden = verdict === "live";
  setAttribute(byId("house"), "data-verdict", verdict);
  announce(sentence, verdict);
}

function showOne(name, level, text) {
  const item = byId(`status-${name}`);
  setAttribute(item, "data-level", level);
  setIcon(item.querySelector("svg"), level);
  setText(item.querySelector(".how"), text);
}

let announced;

/** Tell a screen reader a new state, once. The first `live` is no news. */
function announce(sentence, verdict) {
  if (announced === sentence) return;
  if (announced !== undefined || verdict !== "live") say(sentence);
  announced = sentence;
}

/** Let a screen reader say something, when it has nothing else to say. It says only what is another text: a blank is enough. */
export function say(sentence) {
  const place = byId("announcement");
  setText(place, place.textContent === sentence ? `${sentence}\u00a0` : sentence);
}
