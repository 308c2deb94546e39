// The address bar: what it says is taken out of it, so that no password stays there, in bookmarks and in the history.

import { keepPlace, keptPlace } from "./memory.js";
import { isTopic, optionsOf } from "./options.js";

/** Tell whether the address has options, and not just a place on the page. */
export function hasOptions() {
  return Object.keys(optionsOf(window.location.hash)).length > 0;
}

/** Give the options of the address, which then shows them no more, and those that were kept for this tab. */
export function takeOptions() {
  const told = optionsOf(window.location.hash);
  if (hasOptions()) {
    keepPlace(told);
    window.history.replaceState(null, "", window.location.href.split("#")[0]);
  }
  const options = { ...keptPlace(), ...told };
  return isTopic(options.topic ?? "") ? options : { ...options, topic: undefined };
}
