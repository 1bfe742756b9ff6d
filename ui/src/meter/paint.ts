// Draws one stereo meter on a canvas: a dim bar for the peak, a bright one for RMS, a line for the
// hold. Works in whole device pixels and touches a side only when one of its three has moved.
import type { MeterFace, MeterSource } from "./bridge.svelte";
import { heightOf, WARM_FROM } from "./scale";

/** Peak and RMS colours of each zone, and the level it begins at; from the top. */
const ZONES = [
  { from: WARM_FROM, peak: "#8a6428", rms: "#f2b04a" },
  { from: -Infinity, peak: "#22654a", rms: "#4cc38a" },
] as const;
const UNLIT = "#15181c";
const HOLD = "#e6e9ed";

/** Tops of the three marks of one side, device pixels from the bottom. */
interface Tops {
  peak: number;
  rms: number;
  hold: number;
}

export class MeterPainter implements MeterFace {
  /** Off the screen nothing is drawn. */
  visible = true;
  #canvas: HTMLCanvasElement;
  #context: CanvasRenderingContext2D | null;
  #drawn: [Tops | null, Tops | null] = [null, null];

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
  }

  /** The canvas is shown at this size, CSS pixels. */
  resize(width: number, height: number): void {
    const ratio = window.devicePixelRatio || 1;
    this.#canvas.width = Math.max(3, Math.round(width * ratio));
    this.#canvas.height = Math.max(1, Math.round(height * ratio));
    const context = this.#context;
    if (!context) return;
    context.fillStyle = "#090b0d";
    context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#drawn = [null, null];
  }

  paint(source: MeterSource, now: number): void {
    if (!this.visible || !this.#context) return;
    const { height } = this.#canvas;
    for (const side of [0, 1] as const) {
      const tops = {
        peak: Math.round(heightOf(source.peak[side].level(now)) * height),
        rms: Math.round(heightOf(source.rms[side].level(now)) * height),
        hold: Math.round(heightOf(source.peak[side].hold(now)) * height),
      };
      const drawn = this.#drawn[side];
      if (drawn?.peak === tops.peak && drawn.rms === tops.rms && drawn.hold === tops.hold) continue;
      this.#paintSide(this.#context, side, tops);
      this.#drawn[side] = tops;
    }
  }

  #paintSide(context: CanvasRenderingContext2D, side: 0 | 1, tops: Tops): void {
    const { width, height } = this.#canvas;
    const gap = Math.max(1, Math.round(width / 16));
    const bar = Math.floor((width - gap) / 2);
    const left = side === 0 ? 0 : width - bar;
    context.fillStyle = UNLIT;
    context.fillRect(left, 0, bar, height);
    let above = height;
    for (const zone of ZONES) {
      const from = Math.round(heightOf(zone.from) * height);
      fill(context, zone.peak, left, bar, height, Math.max(from, tops.rms), Math.min(tops.peak, above));
      fill(context, zone.rms, left, bar, height, from, Math.min(tops.rms, above));
      above = from;
    }
    const line = Math.max(1, Math.round(height / 220));
    if (tops.hold > line) fill(context, HOLD, left, bar, height, tops.hold - line, tops.hold);
  }
}

/** Fills from `bottom` to `top`, both counted from the bottom of the canvas. */
function fill(
  context: CanvasRenderingContext2D,
  colour: string,
  left: number,
  width: number,
  height: number,
  bottom: number,
  top: number,
): void {
  if (top <= bottom) return;
  context.fillStyle = colour;
  context.fillRect(left, height - top, width, top - bottom);
}
