// A show in full swing, to look at.
import type { AirState, ChainSettings, RecordingState, Snapshot, StripState } from "../bindings";
import { HEADSET, PLAYER } from "./fakeDevices";
import { onAir, testListening, testRecorder, testTarget } from "./fakeOutputs";
import { testSnapshot } from "./fakeSnapshot";
import { INSTANT, testChain, testStrip } from "./fakeStrip";

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
