// Desks to draw without a desk: a plain one for tests, and a show in full swing to look at.
import type {
  AirDelayState,
  AirState,
  Band,
  BandKind,
  BlackBoxState,
  BroadcastSettings,
  BusName,
  BusState,
  ChainSettings,
  CompressorSettings,
  DeadAirState,
  DeviceState,
  EqualiserSettings,
  HlsState,
  InputState,
  ListeningState,
  OutputName,
  RecorderState,
  RecordingSettings,
  RecordingState,
  SendSettings,
  Snapshot,
  StreamCodec,
  StripState,
  TargetState,
} from "../bindings";
import { BUSES } from "../meter/frame";
import { unheard } from "./fakeLoudness";

export const INTERFACE = "pipewire:alsa_input.usb-studio-4i4";
export const HEADSET = "pipewire:bluez_input.headset";
export const SPEAKERS = "pipewire:alsa_output.usb-studio-4i4";
export const PLAYER = "pipewire:monitor.alsa_output.usb-studio-4i4";

const OUTPUTS: OutputName[] = BUSES.map((bus) => (bus === "programme" ? "main" : bus));

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

export function testRecorder(id: number, settings?: RecordingSettings): RecorderState {
  return {
    id,
    settings: settings ?? {
      name: "Programme",
      source: "programme",
      stems: "none",
      folder: "/home/studio/Recordings",
      fallback: null,
      pattern: "Airdesk {date} {time}",
      show: "",
      buses: [],
      format: "pcm24",
      bitRate: 192,
      variable: true,
      split: { minutes: null, hourly: false, megabytes: null, titles: false },
      cueSheets: false,
      preRoll: 0,
      start: { withButton: true, withStream: false, signal: null, schedule: [] },
    },
    recording: { state: "stopped", lastFile: null },
    parts: 0,
    moved: null,
    seamFault: null,
    freeBytes: 212e9,
    hoursLeft: 204.5,
  };
}

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

function testDevice(id: string, name: string, changes: Partial<DeviceState> = {}): DeviceState {
  return {
    id,
    name,
    host: "PipeWire",
    inputChannels: 0,
    outputChannels: 0,
    rate: 48_000,
    inputRates: changes.inputChannels ? [44_100, 48_000, 96_000] : [],
    outputRates: changes.outputChannels ? [44_100, 48_000, 96_000] : [],
    monitor: false,
    defaultInput: false,
    defaultOutput: false,
    ...changes,
  };
}

/** A delay of `seconds`, of which so much is held. */
export function testAirDelay(seconds: number, held: number): AirDelayState {
  const phase = seconds === 0 ? "through" : held < seconds ? "building" : "held";
  return { settings: { seconds, stretchPercent: 8 }, phase, held, dumped: 0, framesLate: 0, lastDump: null };
}

/** A black box that holds so many seconds of the programme and two strips. */
export function testBlackBox(seconds: number, changes: Partial<BlackBoxState> = {}): BlackBoxState {
  const lanes = ["programme", "Mic 1", "Mic 2"].map((name) => ({ name, seconds, framesLost: 0 }));
  return {
    settings: { on: true, folder: null, minutes: 120, megabytes: null, lanes: "allStrips", format: "flac24" },
    folder: "/home/studio/.local/share/airdesk",
    phase: { state: "turning" },
    runs: [{ id: 1763913600000, current: true, began: "2026-11-23T16:00:00+00:00", seconds, lanes }],
    bytes: seconds * 780_000,
    bytesMax: 60e9,
    framesNotWritten: 0,
    keeping: null,
    kept: null,
    ...changes,
  };
}

/** Nothing is watched. */
export function testDeadAir(changes: Partial<DeadAirState> = {}): DeadAirState {
  return {
    settings: { on: false, watch: { levelDbfs: -50, seconds: 10 }, fallback: null, fallbackDb: 0 },
    programme: { state: "unwatched" },
    fallback: { state: "none" },
    strips: [],
    ...changes,
  };
}

/** Two microphones, nothing recorded, nothing on air. */
export function testSnapshot(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    version: "0.1.0",
    session: "/home/studio/airdesk/evening.toml",
    strips: [testStrip(1), testStrip(2)],
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
    airDelay: testAirDelay(0, 0),
    blackBox: testBlackBox(4330),
    deadAir: testDeadAir(),
    listening: testListening(),
    hls: testHls(),
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

/** A target that is off air, at `/live.mp3` unless said otherwise. */
export function testTarget(id: number, settings: Partial<BroadcastSettings> = {}): TargetState {
  return {
    id,
    settings: {
      label: "",
      enabled: true,
      bus: "programme",
      gain: 0,
      loudness: null,
      titleTemplate: "{artist} - {title}",
      titleDelay: 0,
      host: "icecast.example.org",
      port: 8443,
      tls: true,
      pinnedCertificate: null,
      mount: "/live.mp3",
      user: "source",
      codec: "mp3",
      bitRate: 128,
      variable: false,
      protocol: "icecast",
      shoutcastStream: null,
      name: "Night Shift",
      description: "Slow music until morning",
      genre: "Ambient",
      url: "https://nightshift.example.org",
      public: false,
      transport: "native",
      listenBack: "show",
      listenBackUrl: null,
      ...settings,
    },
    password: "keyStore",
    air: { state: "off" },
    listenBack: null,
    running: null,
  };
}

/** The same, doing that. */
export function onAir(target: TargetState, air: AirState): TargetState {
  return { ...target, air, running: air.state === "off" ? null : structuredClone(target.settings) };
}

const LIVE: AirState = {
  state: "live",
  seconds: 4521,
  bytesSent: 72_336_000,
  secondsDropped: 0,
  reconnects: 1,
  title: { state: "notSet" },
  statistics: null,
};

const AIR: Record<string, AirState> = {
  off: { state: "off" },
  connecting: { state: "connecting" },
  live: LIVE,
  retrying: {
    state: "retrying",
    reason: "the connection to icecast.example.org:8443 was closed",
    attempt: 3,
    seconds: 4.2,
  },
  failed: {
    state: "failed",
    reason: "icecast.example.org:8443 refused the password for /live.mp3: correct it in the server settings",
    certificate: null,
  },
  certificate: {
    state: "failed",
    reason:
      "the certificate of icecast.example.org:8443 is signed by itself: compare it with the server's and trust it",
    certificate: "3b1f9a0c44de7718c2f05e6a9d8b7c6150f2e1d3c4b5a69788796a5b4c3d2e1f",
  },
};

const FILE = "/home/studio/Recordings/2026-11-20 22-00-00.wav";

const ON_DISK = { file: FILE, bytes: 1_434_240_000, framesLost: 0, gapsLogged: true };

const RECORDING: RecordingState = { state: "recording", seconds: 4980, ...ON_DISK };

const REC: Record<string, RecordingState> = {
  off: { state: "stopped", lastFile: null },
  stalled: { state: "stalled", seconds: 12, recorded: 4980, ...ON_DISK, framesLost: 128 },
  finishing: { state: "finishing", seconds: 4980, ...ON_DISK },
};

/** A show in full swing; the page's address may ask for `strips`, `air`, `targets` and `rec`. */
export function showcase(wanted: URLSearchParams): Snapshot {
  const desk = testSnapshot({ strips: showStrips(Number(wanted.get("strips") ?? 8)) });
  const air = AIR[wanted.get("air") ?? "live"] ?? LIVE;
  const labels = ["", "Relay in the north", "Talk only", "Archive"].slice(0, Number(wanted.get("targets") ?? 1));
  desk.targets = labels.map((label, n) => onAir(testTarget(n + 1, { label }), n === 0 ? air : LIVE));
  desk.talkover.on = true;
  desk.title = { title: "Near Light", artist: "Ólafur Arnalds", show: "" };
  const here = { openSeconds: 4980, listeners: 17, peak: 31, total: 120, evicted: 2, bytesSent: 1_350_000_000 };
  desk.listening = testListening({
    on: true,
    urls: ["http://192.168.1.20:8765/live.mp3"],
    mounts: testListening().mounts.map((mount) => (mount.codec === "mp3" ? { ...mount, ...here } : mount)),
    listeners: 17,
  });
  desk.recorders = [{ ...testRecorder(1), recording: REC[wanted.get("rec") ?? ""] ?? RECORDING, parts: 1 }];
  desk.outputs[1] = {
    output: "cue",
    device: { type: "device", device: "pipewire:alsa_output.headphones" },
    settings: { resampling: "balanced", exclusive: false },
    playback: {
      state: "playing",
      name: "Headphones",
      rate: 44_100,
      latency: 0.012,
      held: 0,
      ppm: -21,
      error: 0.000004,
      locked: true,
      framesMissing: 0,
    },
  };
  if (wanted.get("notices") !== "off") {
    desk.notices = [
      {
        id: 1,
        severity: "warning",
        text: "Bluetooth headset has gone: Guest is silent until it returns",
        time: "22:41:07",
      },
    ];
  }
  return desk;
}

/** A voice as it is usually set. */
function voiceChain(): ChainSettings {
  const chain = testChain();
  chain.highPass.on = true;
  chain.equaliser.bands[1].gain = -3;
  chain.equaliser.bands[2].gain = 2.5;
  chain.compressor.on = true;
  return chain;
}

function showStrips(count: number): StripState[] {
  const strips: StripState[] = [
    testStrip(1, { name: "Presenter", trim: 24, fader: -1.5, soloSafe: true, talkover: "key" }),
    testStrip(2, { name: "Co-host", trim: 22.5, fader: -3, pan: 0.25, talkover: "key", chain: voiceChain() }),
    testStrip(3, {
      name: "Guest",
      source: { type: "device", device: HEADSET, channels: { type: "mono", channel: 0 } },
      input: { state: "missing", reason: "Bluetooth headset is not connected" },
      fader: -4,
    }),
    testStrip(4, {
      name: "Music player",
      source: { type: "device", device: PLAYER, channels: { type: "pair", left: 0, right: 1 } },
      fader: -12,
      cue: true,
      talkover: "ducked",
    }),
    testStrip(5, { name: "Bed", source: { type: "material", material: "pad" }, input: INSTANT, fader: -18, pan: -0.4 }),
    testStrip(6, {
      name: "Rhythm",
      source: { type: "material", material: "rhythm" },
      input: INSTANT,
      fader: null,
      mute: true,
    }),
    testStrip(7, {
      name: "Station ident",
      source: { type: "file", path: "/home/studio/Jingles/ident-long-version.wav", looped: false },
      input: { state: "ended" },
      fader: -6,
    }),
    testStrip(8, { name: "Phone", source: { type: "silent" }, input: { state: "silent" }, fader: null }),
  ];
  for (let id = 9; id <= count; id++)
    strips.push(testStrip(id, { name: `Line ${id}`, fader: -id, pan: (id % 5) / 2 - 1 }));
  return strips.slice(0, count);
}

/** The listener mounts, closed unless told otherwise. */
export function testListening(changes: Partial<ListeningState> = {}): ListeningState {
  const settings: ListeningState["settings"] = {
    mp3: { open: true, bitRate: 128 },
    opus: { open: true, bitRate: 96 },
    vorbis: { open: true, bitRate: 128 },
    flac: { open: true, bits: 16 },
    listenersMax: 1000,
    burstSeconds: 2,
  };
  const mount = (path: string, codec: StreamCodec, bitRate: number) => ({
    path,
    codec,
    bitRate,
    openSeconds: null,
    listeners: 0,
    peak: 0,
    total: 0,
    evicted: 0,
    bytesSent: 0,
  });
  return {
    on: false,
    settings,
    urls: [],
    mounts: [
      mount("/live.mp3", "mp3", 128),
      mount("/live.opus", "opus", 96),
      mount("/live.ogg", "vorbis", 128),
      mount("/live.flac", "flac16", 998),
    ],
    listeners: 0,
    framesLost: 0,
    ...changes,
  };
}

/** HLS, off unless told otherwise. */
export function testHls(changes: Partial<HlsState> = {}): HlsState {
  return {
    settings: {
      on: false,
      folder: "",
      mp3: { open: true, bitRate: 128 },
      opus: { open: true, bitRate: 96 },
      flac: { open: false, bits: 16 },
      segmentSeconds: 6,
      segments: 6,
    },
    folder: "/home/desk/.local/share/airdesk/hls",
    writing: { state: "off" },
    ...changes,
  };
}
