// The JSON of the topic `telegram`, read with distrust: what is not a sensible value is as if it were absent.

const LONGEST = 131_072; // characters of a payload: the reader's own limit in bytes
const LARGEST_COUNTER = 1e9; // no counter of a house shows more digits
const LARGEST_W = 1e6;
const LARGEST = 1e3; // kW, V or A: beyond what a house has, and narrow enough for a phone

/**
 * Read a payload. Gives {fields, receivedMs, atMs, wall}, or null for what is no live telegram of ours.
 *
 * `atMs` is the Unix time of the values (of the reception, for a meter without a clock), `wall` the same as the meter's
 * own clock shows it: a Date whose UTC parts are that wall's.
 */
export function telegramOf(payload) {
  const message = objectOf(payload);
  if (message === null || message.recorded !== undefined || typeof message.meter !== "string") return null;
  const received = momentOf(message.received);
  if (received === null) return null;
  const moment = momentOf(message.timestamp) ?? received;
  return { fields: message, atMs: moment.atMs, wall: moment.wall };
}

function objectOf(payload) {
  if (payload.length > LONGEST) return null;
  try {
    const message = JSON.parse(payload);
    return typeof message === "object" && !Array.isArray(message) ? message : null;
  } catch {
    return null;
  }
}

/** Give {atMs, wall} of an ISO 8601 time with its offset, or null. */
export function momentOf(text) {
  const form = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)$/;
  const match = typeof text === "string" && text.length < 40 ? form.exec(text) : null;
  if (match === null) return null;
  const [atMs, wallMs] = [Date.parse(text), Date.parse(`${match[1]}Z`)];
  return Number.isNaN(atMs) || Number.isNaN(wallMs) ? null : { atMs, wall: new Date(wallMs) };
}

/** Give a number of a telegram, or undefined where there is none that a house can have. */
export function numberOf(fields, name) {
  const value = fields[name];
  const largest = name.startsWith("total_") ? LARGEST_COUNTER : name === "net_power" ? LARGEST_W : LARGEST;
  return typeof value === "number" && Math.abs(value) < largest ? value : undefined;
}

/** Give a text of a telegram that is not empty, or undefined. */
export function textOf(fields, name) {
  const value = fields[name];
  return typeof value === "string" && value.trim() ? value : undefined;
}

/** Give what a field's own topic says, typed as the telegram has it: a number where the text is one. */
export function fieldOf(text) {
  return /^-?\d+(\.\d+)?$/.test(text) && text.length < 40 ? Number(text) : text;
}

/** Give the power from the grid in W, negative into it, or undefined. */
export function netPowerOf(fields) {
  const netW = numberOf(fields, "net_power");
  if (netW !== undefined) return netW;
  const drawnKw = numberOf(fields, "actual_total_consumption");
  const injectedKw = numberOf(fields, "actual_total_injection") ?? 0;
  return drawnKw === undefined ? undefined : Math.round((drawnKw - injectedKw) * 1000);
}

/** Give what each phase tells: a list of {phase, volts, amperes, kw}, each of the three where it was sent. */
export function phasesOf(fields) {
  return [1, 2, 3]
    .map((phase) => {
      const drawn = numberOf(fields, `actual_l${phase}_consumption`);
      const injected = numberOf(fields, `actual_l${phase}_injection`);
      const isSent = drawn !== undefined || injected !== undefined;
      return {
        phase,
        volts: numberOf(fields, `l${phase}_voltage`),
        amperes: numberOf(fields, `l${phase}_current`),
        kw: isSent ? (drawn ?? 0) - (injected ?? 0) : undefined,
      };
    })
    .filter(({ volts, amperes, kw }) => [volts, amperes, kw].some((value) => value !== undefined));
}
