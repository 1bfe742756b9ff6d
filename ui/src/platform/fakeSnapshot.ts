// A plain desk, as tests draw it, and the fake station before anything is asked of it.
import type { OutputName, Snapshot } from "../bindings";
import { BUSES } from "../meter/frame";
import { testAnnouncer } from "./fakeAnnouncer";
import { INTERFACE, PLAYER, SPEAKERS, testDevice } from "./fakeDevices";
import { testLibrary } from "./fakeLibrary";
import { unheard } from "./fakeLoudness";
import {
  testAirDelay,
  testBlackBox,
  testDeadAir,
  testHls,
  testListening,
  testRecorder,
  testTarget,
} from "./fakeOutputs";
import { testBus, testStrip } from "./fakeStrip";

const OUTPUTS: OutputName[] = BUSES.map((bus) => (bus === "programme" ? "main" : bus));

/** Two microphones, nothing recorded, nothing on air. */
export function testSnapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    version: "0.1.0",
    session: "/home/studio/airdesk/evening.toml",
    strips: [testStrip(1), testStrip(2)],
    decks: [],
    carts: [],
    streams: [],
    buses: BUSES.map((bus) => testBus(bus, bus === "cue" ? { fader: -6 } : {})),
    vcas: Array.from({ length: 8 }, (_, vca) => ({ vca, fader: 0 })),
    limiter: { on: true, ceilingDbtp: -1, releaseMs: 100 },
    talkover: { on: false, thresholdDbfs: -40, depthDb: 12, attackMs: 60, holdMs: 500, releaseMs: 600 },
    loudness: [unheard("programme")],
    scenes: [],
    history: { undo: null, redo: null },
    outputs: [
      {
        output: "main",
        device: { type: "default" },
        settings: { resampling: "balanced", exclusive: false },
        playback: {
          state: "playing",
          name: "Studio 4i4 Analogue",
          rate: 48_000,
          latency: 0.0107,
          held: 0,
          ppm: 8,
          error: 0.000004,
          locked: true,
          framesMissing: 0,
        },
      },
      ...OUTPUTS.slice(1).map((output) => ({
        output,
        device: null,
        settings: { resampling: "balanced" as const, exclusive: false },
        playback: { state: "off" as const },
      })),
    ],
    exclusiveOutputs: false,
    devices: [
      testDevice(INTERFACE, "Studio 4i4 Analogue", { inputChannels: 8, defaultInput: true }),
      testDevice(SPEAKERS, "Studio 4i4 Analogue", { outputChannels: 4, defaultOutput: true }),
      testDevice(PLAYER, "Monitor of Studio 4i4", { inputChannels: 2, monitor: true }),
      testDevice("pipewire:alsa_output.headphones", "Headphones", { outputChannels: 2 }),
      testDevice("jack:input", "JACK capture", { host: "JACK", inputChannels: 2 }),
    ],
    recorders: [testRecorder(1)],
    targets: [testTarget(1)],
    transports: ["native"],
    title: { title: "", artist: "", show: "" },
    titleFile: { path: "", reading: { state: "off" } },
    announcer: testAnnouncer(),
    airDelay: testAirDelay(0, 0),
    blackBox: testBlackBox(4330),
    deadAir: testDeadAir(),
    listening: testListening(),
    programsAt: "ws://127.0.0.1:8081/",
    hls: testHls(),
    library: testLibrary(),
    engine: {
      rate: 48_000,
      seconds: 4980,
      load: 0.06,
      loadPeak: 0.11,
      clock: { type: "device", name: "Studio 4i4 Analogue" },
      latency: 0.0213,
      blocksLate: 0,
      badSamples: 0,
      broken: false,
      realTime: true,
      losses: [],
    },
    notices: [],
    ...changes,
  };
}
