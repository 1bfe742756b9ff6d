// Strips and buses to draw without a desk.
import type {
  Band,
  BandKind,
  BusName,
  BusState,
  ChainSettings,
  CompressorSettings,
  EqualiserSettings,
  InputState,
  SendSettings,
  StripState,
} from "../bindings";
import { INTERFACE } from "./fakeDevices";

/** A source that runs by the desk's own clock: material, a file. */
export const INSTANT: InputState = {
  state: "running",
  latency: 0,
  ppm: 0,
  error: 0.000004,
  locked: true,
  framesLost: 0,
  framesMissing: 0,
};

export function testStrip(id: number, changes: Partial<StripState> = {}): StripState {
  return {
    id,
    name: `Mic ${id}`,
    source: { type: "device", device: INTERFACE, channels: { type: "mono", channel: id - 1 } },
    input: {
      state: "running",
      latency: 0.0107,
      ppm: 12.4,
      error: 0.000004,
      locked: true,
      framesLost: 0,
      framesMissing: 0,
    },
    channels: "stereo",
    inverted: [false, false],
    trim: 0,
    delay: { delayMs: 0 },
    chain: testChain(),
    fader: 0,
    pan: 0,
    panLaw: "pan",
    sends: [unsent(), unsent(), unsent(), unsent(), unsent(), unsent(), unsent(), unsent()],
    vca: null,
    talkover: "off",
    mute: false,
    solo: false,
    soloSafe: false,
    cue: false,
    ...changes,
  };
}

function unsent(): SendSettings {
  return { level: null, tap: "postFader" };
}

/** Every stage as it is before anybody has touched it. */
export function testChain(): ChainSettings {
  const dynamics = { attackMs: 10, releaseMs: 150, sideHighPassHz: null };
  return {
    highPass: { on: false, frequency: 80, slope: "gentle" },
    gate: {
      ...dynamics,
      on: false,
      thresholdDbfs: -50,
      hysteresisDb: 4,
      rangeDb: 20,
      ratio: 3,
      attackMs: 1,
      holdMs: 50,
    },
    equaliser: testEqualiser(),
    compressor: testCompressor(),
    deEsser: { on: false, frequencyHz: 6000, thresholdDbfs: -24, rangeDb: 8 },
  };
}

function testEqualiser(): EqualiserSettings {
  const flat = (kind: BandKind, frequency: number): Band => ({ kind, on: true, frequency, gain: 0, q: Math.SQRT1_2 });
  return {
    on: true,
    bands: [flat("lowShelf", 80), flat("bell", 400), flat("bell", 2500), flat("highShelf", 12_000)],
  };
}

function testCompressor(): CompressorSettings {
  return {
    on: false,
    thresholdDbfs: -18,
    ratio: { to: 3 },
    kneeDb: 6,
    attackMs: 10,
    releaseMs: 150,
    makeUpDb: 0,
    sideHighPassHz: null,
  };
}

export function testBus(bus: BusName, changes: Partial<BusState> = {}): BusState {
  const stages = { equaliser: testEqualiser(), compressor: testCompressor() };
  return { bus, fader: 0, stages, without: null, ...changes };
}
