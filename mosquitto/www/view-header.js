// What stands around the readings: title, language, meter and who is logged in.

import { byId, childrenFor, made, setAttribute, setText } from "./dom.js";
import { shortened } from "./texts.js";

/** Write everything that never changes in another language. */
export function translate(words) {
  document.documentElement.lang = words.language;
  byId("language").value = words.language;
  for (const element of document.querySelectorAll("[data-text]")) setText(element, words.say(element.dataset.text));
  for (const element of document.querySelectorAll("[data-label]"))
    setAttribute(element, "aria-label", words.say(element.dataset.label));
}

/** Show who is logged in, if anybody is. */
export function showUser(user, words) {
  byId("user").hidden = user === undefined;
  setText(byId("user"), user === undefined ? "" : words.say("user", { user: shortened(user) }));
}

/** Show the name of the meter, or a choice where there are several. */
export function showMeters(topics, chosen) {
  byId("meter-choice").hidden = topics.length < 2;
  setText(byId("meter-name"), topics.length > 1 ? "" : shortened(chosen.split("/").at(-1)));
  const options = childrenFor(byId("meter"), topics, (topic) => made("option", { value: topic }, shortened(topic)));
  if (options.length && byId("meter").value !== chosen) byId("meter").value = chosen;
}

/** Let the tab tell the power, while it is one of now; `power` is a text, or null. */
export function showTitle(power, words) {
  const title = power === null ? words.say("title") : `${power} kW · ${words.say("title")}`;
  if (document.title !== title) document.title = title;
}
