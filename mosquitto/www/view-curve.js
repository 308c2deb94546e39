// The curve of the power since the page was opened, drawn by uPlot.

import { byId, setText } from "./dom.js";

const LEAST_S = 60; // of the time axis: a curve of three points does not fill a screen
const STEPS_KW = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1000, 10_000, 100_000, 1e6];

/** Draws one house's curve after another into the same place. */
export class CurveView {
  #plot = null;
  #words = null;
  #shown = null;
  #version = 0;
  #offsetMs = 0;
  #lists = [[], []];

  constructor() {
    this.place = byId("curve-plot");
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.place);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#begin());
  }

  /** Show the curve of a house. */
  show(house, words) {
    if (document.hidden || (this.#shown === house.curve && this.#version === house.curve.version && this.#words === words))
      return;
    [this.#shown, this.#version] = [house.curve, house.curve.version];
    if (house.telegram) this.#offsetMs = house.telegram.wall.getTime() - house.telegram.atMs;
    const isOtherLanguage = this.#words !== words;
    this.#words = words;
    this.#lists = house.curve.lists;
    const { range } = house.curve;
    byId("curve-empty").hidden = range !== null;
    this.place.hidden = range === null;
    setText(byId("curve-range"), range === null ? "" : this.#told(range));
    if (range === null) return;
    if (this.#plot === null || isOtherLanguage) this.#begin();
    else this.#plot.setData(this.#lists);
  }

  #told({ lowest, highest }) {
    const quantity = (value) => this.#words.quantity(value, 3, "kW");
    return this.#words.say("curveRange", { lowest: quantity(lowest), highest: quantity(highest) });
  }

  #begin() {
    if (this.place.hidden || this.#words === null) return;
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(), this.#lists, this.place);
  }

  #size() {
    return { width: this.place.clientWidth, height: this.place.clientHeight };
  }

  /** Give a Date whose local parts are the meter's wall time, whatever zone this browser is in. */
  #wall(atS) {
    const wall = new Date(atS * 1000 + this.#offsetMs);
    return new Date(wall.getTime() + wall.getTimezoneOffset() * 60_000);
  }

  #options() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const axis = { stroke: colour("muted"), font: `12px ${style.fontFamily}`, ticks: { show: false } };
    const grid = { stroke: colour("line"), width: 1 };
    return {
      ...this.#size(),
      legend: { show: false },
      padding: [12, 32, 0, 0],
      tzDate: (atS) => this.#wall(atS),
      cursor: { y: false, drag: { setScale: false }, points: { size: 8 } },
      scales: {
        // The curve's own end: of a single point uPlot says that it ends a day later.
        x: { range: (_, first, last) => [first, Math.max(this.#lists[0].at(-1) ?? last, first + LEAST_S)] },
        y: { range: (_, low, high) => rangeAround(low, high) },
      },
      axes: [
        {
          ...axis,
          size: 28,
          grid: { show: false },
          values: (_, times) => times.map((atS) => this.#clock(atS, times)),
          space: 64,
        },
        {
          ...axis,
          grid,
          incrs: STEPS_KW,
          size: 52,
          values: (_, powers, __, ___, step) => powers.map((kw) => this.#words.number(kw, step < 0.1 ? 2 : 1)),
        },
      ],
      series: [
        {},
        {
          width: 2,
          spanGaps: false,
          points: { show: (_, __, first, last) => last - first < 2 },
          stroke: (plot) => aboveAndBelow(plot, colour("drawn"), colour("injected")),
          fill: (plot) => aboveAndBelow(plot, colour("drawn-fill"), colour("injected-fill")),
          fillTo: 0,
        },
      ],
      hooks: {
        drawClear: [(plot) => drawZero(plot, colour("muted"))],
        setCursor: [(plot) => setText(byId("curve-cursor"), this.#atCursor(plot.cursor.idx))],
      },
    };
  }

  #clock(atS, times) {
    const parts = this.#wall(atS).toTimeString().slice(0, 8);
    return times.length > 1 && times[1] - times[0] < 60 ? parts : parts.slice(0, 5);
  }

  #atCursor(index) {
    const kw = index === null || index === undefined ? undefined : this.#lists[1][index];
    if (kw === undefined || kw === null) return "";
    const time = this.#wall(this.#lists[0][index]).toTimeString().slice(0, 8);
    return `${time}  ${this.#words.quantity(kw, 3, "kW")}`;
  }
}

/** Give a scale that has zero in it, and is never so narrow that a lamp looks like an oven. */
function rangeAround(low, high) {
  const [least, most] = [Math.min(0, low ?? 0), Math.max(0, high ?? 0)];
  const room = Math.max(most - least, 0.2) * 0.08;
  return [least < 0 ? least - room : 0, most > 0 || least === 0 ? Math.max(most + room, least === 0 ? 0.2 : 0) : 0];
}

/** Give a colour that changes at zero. */
function aboveAndBelow(plot, above, below) {
  const { top, height } = plot.bbox;
  const zero = Math.min(1, Math.max(0, (plot.valToPos(0, "y", true) - top) / height));
  if (!Number.isFinite(zero)) return above;
  const gradient = plot.ctx.createLinearGradient(0, top, 0, top + height);
  gradient.addColorStop(0, above);
  gradient.addColorStop(zero, above);
  gradient.addColorStop(zero, below);
  gradient.addColorStop(1, below);
  return gradient;
}

function drawZero(plot, colour) {
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(0, "y", true));
  if (!Number.isFinite(y)) return;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = window.devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}
