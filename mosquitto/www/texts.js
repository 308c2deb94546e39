// The languages of the page, and how numbers, times and ages are written in them.

import { ENGLISH } from "./texts-en.js";
import { FRENCH } from "./texts-fr.js";
import { DUTCH } from "./texts-nl.js";

/** The texts by language, all with the same keys. */
export const TEXTS = { en: ENGLISH, nl: DUTCH, fr: FRENCH };
const MINUTE_S = 60;
const HOUR_S = 3600;
const EXACT_UNTIL_S = 120;
const MOST_CHARACTERS = 1000; // of a message of a meter (DSMR P1: up to 1024)

/** Give the language to begin with: the wanted one, else the first that the browser asks for and that we have. */
export function languageOf(wanted, asked) {
  const languages = [wanted, ...asked].map((tag) => String(tag).slice(0, 2).toLowerCase());
  return languages.find((language) => Object.hasOwn(TEXTS, language)) ?? "en";
}

/** Words and numbers in one language; `asked` are the browser's languages, of which one tells the country. */
export class Words {
  #numbers = new Map();

  constructor(language, asked) {
    this.language = language;
    this.locale = asked.find((tag) => tag.toLowerCase().startsWith(`${language}-`) && isLocale(tag)) ?? language;
    this.clock = new Intl.DateTimeFormat(this.locale, {
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
      timeZone: "UTC",
    });
    this.day = new Intl.DateTimeFormat(this.locale, { day: "numeric", month: "short", timeZone: "UTC" });
  }

  /** Give a text with its {names} replaced. */
  say(key, values = {}) {
    return TEXTS[this.language][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  /** Give a number with so many decimals. */
  number(value, decimals) {
    const form = { minimumFractionDigits: decimals, maximumFractionDigits: decimals, signDisplay: "negative" };
    if (!this.#numbers.has(decimals)) this.#numbers.set(decimals, new Intl.NumberFormat(this.locale, form));
    return this.#numbers.get(decimals).format(value).replace(/^-/, "−");
  }

  /** Give a number with its unit, which stays on its line. */
  quantity(value, decimals, unit) {
    return `${this.number(value, decimals)}\u00a0${unit}`;
  }

  /** Give a length of time in steps that grow with it. */
  duration(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    if (whole < EXACT_UNTIL_S) return `${whole}\u00a0s`;
    if (whole < 2 * HOUR_S) return `${Math.floor(whole / MINUTE_S)}\u00a0min`;
    return `${Math.floor(whole / HOUR_S)}\u00a0h`;
  }

  /** Give a meter's wall time, with its day unless that is the day of `today`. */
  time(wall, today) {
    const time = this.clock.format(wall);
    const isToday = today && wall.toISOString().slice(0, 10) === today.toISOString().slice(0, 10);
    return isToday ? time : `${this.day.format(wall)} ${time}`;
  }
}

/** Tell whether a tag is one: a browser may hand on what its system calls a locale, `en-US@posix`. */
function isLocale(tag) {
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    return false;
  }
}

/** Give minutes and seconds as a clock shows them, `7:05`. */
export function countdown(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / MINUTE_S)}:${String(whole % MINUTE_S).padStart(2, "0")}`;
}

/** Give a text from outside at a length that fits on a page, in characters. */
export function shortened(text, most = MOST_CHARACTERS) {
  const characters = Array.from(text.slice(0, 2 * most + 2));
  return characters.length > most ? `${characters.slice(0, most).join("")}…` : text;
}
