// What can be set of every stage, and how a knob for it turns. Ranges and defaults are those of the
// station, in `parameters.json`.
import { type KnobLaw, linear, logarithmic, withEnd } from "../ui/knobLaw";
import { readNumber } from "../ui/number";
import type { Steps } from "../ui/sliderKeys";
import RANGES from "./parameters.json";
import { decibels, gainText, hertz, parseDecibels, parseHertz, parseRatio, parseTime, ratio, time } from "./units";

/** A parameter as `parameters.json` has it. One that is usually `null` can be off. */
export interface Parameter {
  min: number;
  max: number;
  usual: number | null;
  unit: string;
}

/** How a knob for a parameter turns. Off is 0, and a limit is infinite. */
export interface Dial {
  min: number;
  max: number;
  neutral: number;
  law: KnobLaw;
  steps: Steps;
  format: (value: number) => string;
  parse: (text: string) => number | undefined;
}

const OF_LEVEL: Steps = { step: 0.5, fine: 0.1, coarse: 3 };
/** In octaves. */
const OF_RATIO: Steps = { step: 1 / 6, fine: 1 / 48, coarse: 1 };
/** Below this a time that may be none is set evenly, ms. */
const EVEN_BELOW_MS = 10;

/** The knob for `parameter`. With `limit` its top is a limit; with `signed` it raises and lowers. */
function dial({ min, max, usual, unit }: Parameter, special?: "limit" | "signed"): Dial {
  const neutral = usual ?? 0;
  switch (unit) {
    case "dB": {
      const format = special === "signed" ? gainText : decibels;
      return { min, max, neutral, law: linear(min, max), steps: OF_LEVEL, format, parse: parseDecibels };
    }
    case "Hz": {
      const law = logarithmic(min, max);
      const format = (value: number): string => (value === 0 ? "off" : hertz(value));
      const ended = usual === null ? withEnd(law, "bottom", min, 0) : law;
      return { min, max, neutral, law: ended, steps: OF_RATIO, format, parse: parseHertz };
    }
    case "ms": {
      const law = logarithmic(min, max, min === 0 ? EVEN_BELOW_MS : 0);
      return { min, max, neutral, law, steps: OF_RATIO, format: time, parse: parseTime };
    }
    case ":1": {
      const law = logarithmic(min, max);
      const ended = special === "limit" ? withEnd(law, "top", max, Infinity) : law;
      return { min, max, neutral, law: ended, steps: { ...OF_RATIO, fine: 1 / 24 }, format: ratio, parse: parseRatio };
    }
    default: {
      const format = (value: number): string => value.toFixed(2);
      return { min, max, neutral, law: logarithmic(min, max), steps: OF_RATIO, format, parse: readNumber };
    }
  }
}

/** A knob for every parameter of a stage. */
function dials<S extends Record<string, Parameter>>(
  stage: S,
  special: Partial<Record<keyof S, "limit" | "signed">> = {},
) {
  const made = Object.entries(stage).map(([key, parameter]) => [key, dial(parameter, special[key])] as const);
  return Object.fromEntries(made) as Record<keyof S, Dial>;
}

export const DELAY = dials(RANGES.delay);
export const HIGH_PASS = dials(RANGES.highPass);
export const GATE = dials(RANGES.gate);
export const COMPRESSOR = dials(RANGES.compressor, { ratio: "limit", makeUpDb: "signed" });
export const DE_ESSER = dials(RANGES.deEsser);
export const TALKOVER = dials(RANGES.talkover);
export const LIMITER = RANGES.limiter;

/** The knobs of each band of the equaliser. */
export const BANDS = RANGES.equaliser.frequency.usual.map((usual) => ({
  frequency: dial({ ...RANGES.equaliser.frequency, usual }),
  gain: dial(RANGES.equaliser.gain, "signed"),
  q: dial(RANGES.equaliser.q),
}));
