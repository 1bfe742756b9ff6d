// Levels for a desk without sound: speech-like and music-like movements that follow the controls.
import type { Snapshot, StripState } from "../bindings";
import {
  atRest,
  type DeskMeters,
  type Levels,
  type Needles,
  needlesAtRest,
  quietFrame,
  type Reductions,
  silence,
} from "../meter/frame";

/** The levels of `desk` at `seconds`. */
export function metersOf(desk: Snapshot, sequence: number, seconds: number): DeskMeters {
  const programme = silence();
  const cue = silence();
  const soloing = desk.strips.some(({ solo }) => solo);
  const strips = desk.strips.map((strip) => {
    const levels = levelsOf(strip, seconds);
    const heard = !strip.mute && (!soloing || strip.solo || strip.soloSafe);
    if (heard) add(programme, levels, gain(strip.fader), strip.pan);
    if (strip.cue) add(cue, levels, 1, 0);
    return { id: strip.id, levels, reductions: reductionsOf(strip, levels) };
  });
  scale(programme, gain(desk.buses[0]?.fader ?? null));
  scale(cue, gain(desk.buses[1]?.fader ?? null));
  const peak = Math.max(...programme.peak);
  programme.clips = peak >= 1 ? 1 : 0;
  const ceiling = desk.limiter.on ? 10 ** (desk.limiter.ceilingDbtp / 20) : Infinity;
  const limited = Math.min(1, ceiling / Math.max(peak, 1e-9));
  scale(programme, limited);
  const metered = (levels: Levels) => ({ levels, reductions: atRest() });
  const buses = { programme: metered(programme), cue: metered(cue) };
  const speaking = strips.some(({ levels }, at) => desk.strips[at]?.talkover === "key" && levels.peak[0] > 0.05);
  const ducking = desk.talkover.on && speaking ? -desk.talkover.depthDb : 0;
  return quietFrame({ sequence, load: 0.06, limiter: 20 * Math.log10(limited), ducking, buses, strips });
}

/** Gives the buses of one frame after the other the needles that go with their levels. */
export class FakeNeedles {
  #seconds = 0;
  #known = new Map<string, Needles>();

  add(meters: DeskMeters, seconds: number): DeskMeters {
    const passed = Math.min(0.1, seconds - this.#seconds);
    this.#seconds = seconds;
    for (const [bus, metered] of Object.entries(meters.buses)) {
      const needles = structuredClone(this.#known.get(bus) ?? needlesAtRest());
      for (const side of [0, 1] as const) {
        const { peak, rms } = metered.levels;
        // Quasi-peaks rise a little less than the peaks and return at their own pace.
        needles.typeI[side] = Math.max(0.8 * peak[side], needles.typeI[side] * 10 ** (-passed * (20 / 1.7 / 20)));
        needles.typeIIa[side] = Math.max(0.7 * peak[side], needles.typeIIa[side] * 10 ** (-passed * (24 / 2.8 / 20)));
        needles.rectified[side] += 0.85 * rms[side] * passed;
      }
      this.#known.set(bus, needles);
      metered.needles = needles;
    }
    return { ...meters, seconds };
  }
}

function levelsOf(strip: StripState, seconds: number): Levels {
  if (strip.input.state !== "running") return silence();
  const phase = strip.id * 1.7;
  // Phrases of some seconds, syllables within them, and a little unrest on each side.
  const phrase = Math.max(0, Math.sin(seconds * 0.5 + phase * 2) + 0.6) / 1.6;
  const syllable = 0.55 + 0.45 * Math.sin(seconds * 9 + phase * 5) * Math.sin(seconds * 3.1 + phase);
  const level = 0.62 * phrase * syllable * (0.85 + 0.15 * Math.random());
  const other = level * (0.92 + 0.08 * Math.sin(seconds * 2 + phase));
  return { peak: [level, other], rms: [level * 0.45, other * 0.45], clips: strip.id === 2 ? 3 : 0 };
}

/** What dynamics would do to such a level, by their static curves. */
function reductionsOf({ chain }: StripState, { peak }: Levels): Reductions {
  const level = 20 * Math.log10(Math.max(...peak, 1e-5));
  const { gate, compressor } = chain;
  const ratio = compressor.ratio === "limit" ? Infinity : compressor.ratio.to;
  const over = Math.max(0, level - compressor.thresholdDbfs);
  return {
    gate: gate.on && level < gate.thresholdDbfs ? -gate.rangeDb : 0,
    compressor: compressor.on ? -over * (1 - 1 / ratio) : 0,
    deEsser: 0,
  };
}

function add(bus: Levels, levels: Levels, factor: number, pan: number): void {
  const angle = ((pan + 1) * Math.PI) / 4;
  const sides = [Math.cos(angle), Math.sin(angle)] as const;
  for (const side of [0, 1] as const) {
    bus.peak[side] = Math.hypot(bus.peak[side], levels.peak[side] * factor * sides[side]);
    bus.rms[side] = Math.hypot(bus.rms[side], levels.rms[side] * factor * sides[side]);
  }
}

function scale(bus: Levels, factor: number): void {
  for (const side of [0, 1] as const) {
    bus.peak[side] *= factor;
    bus.rms[side] *= factor;
  }
}

function gain(level: number | null): number {
  return level === null ? 0 : 10 ** (level / 20);
}
