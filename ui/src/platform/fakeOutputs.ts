// What listens to the buses, to draw without a desk: recorder, black box, targets, mounts, HLS and what guards them.
import type {
  AirDelayState,
  AirState,
  BlackBoxState,
  BroadcastSettings,
  DeadAirState,
  HlsState,
  ListeningState,
  RecorderState,
  RecordingSettings,
  StreamCodec,
  TargetState,
} from "../bindings";

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
    secondsWaiting: null,
    listenBack: null,
    running: null,
  };
}

/** The same, doing that. */
export function onAir(target: TargetState, air: AirState): TargetState {
  return { ...target, air, running: air.state === "off" ? null : structuredClone(target.settings) };
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
