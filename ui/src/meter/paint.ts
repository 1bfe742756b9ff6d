// Draws one stereo meter on a canvas: a dim bar for the peak, a bright one for RMS, a line for the hold; or the one
// bright bar of a VU or quasi-peak meter. Works in whole device pixels and touches a side only when one of its three
// has moved.
import type { MeterFace, MeterSource } from "./bridge.svelte";
import { type MeterKind, type MeterScale, scaleOf } from "./scale";

/** Dim and bright colours of each zone, from the top. */
const WARM = { dim: "#8a6428", bright: "#f2b04a" } as const;
const COOL = { dim: "#22654a", bright: "#4cc38a" } as const;
const UNLIT = "#15181c";
const HOLD = "#e6e9ed";

/** Tops of the three marks of one side, device pixels from the bottom. */
interface Tops {
  dim: number;
  bright: number;
  hold: number;
}

export class MeterPainter implements MeterFace {
  /** Off the screen nothing is drawn. */
  visible = true;
  #canvas: HTMLCanvasElement;
  #context: CanvasRenderingContext2D | null;
  #drawn: [Tops | null, Tops | null] = [null, null];
  #kind: MeterKind = "peak";
  #scale: MeterScale = scaleOf("peak", -18);

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
  }

  /** From now on it is a meter of this kind. */
  become(kind: MeterKind, scale: MeterScale): void {
    this.#kind = kind;
    this.#scale = scale;
    this.#drawn = [null, null];
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
    for (const side of [0, 1] as const) {
      const tops = this.#tops(source, side, now);
      const drawn = this.#drawn[side];
      if (drawn?.dim === tops.dim && drawn.bright === tops.bright && drawn.hold === tops.hold) continue;
      this.#paintSide(this.#context, side, tops);
      this.#drawn[side] = tops;
    }
  }

  #tops(source: MeterSource, side: 0 | 1, now: number): Tops {
    const top = (level: number): number => Math.round(this.#scale.heightOf(level) * this.#canvas.height);
    if (this.#kind !== "peak") return { dim: 0, bright: top(source[this.#kind][side].level(now)), hold: 0 };
    const peak = source.peak[side];
    return { dim: top(peak.level(now)), bright: top(source.rms[side].level(now)), hold: top(peak.hold(now)) };
  }

  #paintSide(context: CanvasRenderingContext2D, side: 0 | 1, tops: Tops): void {
    const { width, height } = this.#canvas;
    const gap = Math.max(1, Math.round(width / 16));
    const bar = Math.floor((width - gap) / 2);
    const left = side === 0 ? 0 : width - bar;
    context.fillStyle = UNLIT;
    context.fillRect(left, 0, bar, height);
    const warm = Math.round(this.#scale.heightOf(this.#scale.warmFrom) * height);
    for (const [zone, from, to] of [
      [WARM, warm, height],
      [COOL, 0, warm],
    ] as const) {
      fill(context, zone.dim, left, bar, height, Math.max(from, tops.bright), Math.min(tops.dim, to));
      fill(context, zone.bright, left, bar, height, from, Math.min(tops.bright, to));
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
