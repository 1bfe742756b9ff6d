// How a knob's values lie along its way (0 lowest, 1 highest), and what one step is: equal amounts, as
// dB want it, or equal ratios, as frequencies and times do.

export interface KnobLaw {
  /** Where a value stands. */
  position(value: number): number;
  /** What stands at a position. */
  value(position: number): number;
  /** `value` after a step: an amount, or octaves. */
  step(value: number, distance: number): number;
  /** The nearest value that the knob can have. */
  bound(value: number): number;
}

/** Equal amounts; values are rounded to thousandths. */
export function linear(min: number, max: number): KnobLaw {
  const bound = (value: number): number => clamp(Math.round(value * 1000) / 1000, min, max);
  return {
    position: (value) => clamp((value - min) / (max - min), 0, 1),
    value: (position) => bound(min + clamp(position, 0, 1) * (max - min)),
    step: (value, distance) => bound(value + distance),
    bound,
  };
}

/** Equal ratios; values are rounded to three digits. From 0 up with `knee`: below it, ever more evenly. */
export function logarithmic(min: number, max: number, knee = 0): KnobLaw {
  const bound = (value: number): number => clamp(threeDigits(value), min, max);
  const octaves = (value: number): number => Math.log2(clamp(value, min, max) + knee);
  const [low, way] = [octaves(min), octaves(max) - octaves(min)];
  return {
    position: (value) => (octaves(value) - low) / way,
    value: (position) => bound(2 ** (low + clamp(position, 0, 1) * way) - knee),
    step: (value, distance) => bound(2 ** (octaves(value) + distance) - knee),
    bound,
  };
}

/** Of the knob's way, what belongs to a value at its end that is no number. */
const END = 0.08;

/** `inner` with one more value at an end of the way: "off" below `edge`, or "limit" above it. */
export function withEnd(inner: KnobLaw, end: "bottom" | "top", edge: number, beyond: number): KnobLaw {
  const sign = end === "bottom" ? -1 : 1;
  const offset = end === "bottom" ? END : 0;
  const isBeyond = (value: number): boolean => sign * (value - edge) > 0;
  return {
    position: (value) => (isBeyond(value) ? (sign + 1) / 2 : offset + inner.position(value) * (1 - END)),
    value: (position) => {
      const isEnd = end === "bottom" ? position < END / 2 : position > 1 - END / 2;
      return isEnd ? beyond : inner.value((position - offset) / (1 - END));
    },
    step: (value, distance) => {
      if (isBeyond(value)) return sign * distance < 0 ? edge : beyond;
      return value === edge && sign * distance > 0 ? beyond : inner.step(value, distance);
    },
    bound: (value) => (isBeyond(value) ? beyond : inner.bound(value)),
  };
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}

function threeDigits(value: number): number {
  return Number.isFinite(value) ? Number(value.toPrecision(3)) : value;
}
