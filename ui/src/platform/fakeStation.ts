// A station without sound: obeys commands on a snapshot and says which events follow. It keeps the
// rules that a console can see (ids, refusals, states), so that the console can be tried and tested.
import type {
  AudioCommand,
  BusName,
  BusState,
  CommandError,
  Event,
  LoudnessState,
  RecorderState,
  RecordingSettings,
  Reply,
  Snapshot,
  StripState,
} from "../bindings";
import { BUSES } from "../meter/frame";
import { obeyAnnouncer } from "./fakeAnnouncer";
import { obeyBroadcast } from "./fakeBroadcast";
import { obeyCarts, testCarts } from "./fakeCarts";
import { obeyDeck, testDeck } from "./fakeDeck";
import { obeyLibrary } from "./fakeLibrary";
import { unheard } from "./fakeLoudness";
import { testAirDelay, testRecorder } from "./fakeOutputs";
import { INSTANT, testStrip } from "./fakeStrip";

/** Obeys `command` on `desk`. Throws a {@link CommandError} when it is refused. */
export function obey(desk: Snapshot, command: AudioCommand): { reply: Reply; events: Event[] } {
  if (command.type === "setStripWatch") return done(watchStrip(desk, command));
  if (command.type === "deck") return done(obeyDeck(desk, command));
  if (command.type === "library") return done(obeyLibrary(desk, command));
  if (command.type === "announcer") return obeyAnnouncer(desk, command.command);
  if (command.type === "carts") return done(obeyCarts(desk, command));
  if ("strip" in command) return done(obeyOnStrip(desk, command));
  switch (command.type) {
    case "addStrip":
      return addStrip(desk, command);
    case "setBusFader":
      return done(...changeBus(desk, command.bus, { fader: command.level }));
    case "setBusStages":
      return done(...changeBus(desk, command.bus, { stages: command.stages }));
    case "setMixMinus":
      return done(...changeBus(desk, command.bus, { without: command.without }));
    case "setVcaFader":
      return done(
        ...change(desk.vcas, ({ vca }) => vca === command.vca, { fader: command.level }).map((value): Event => ({
          type: "vca",
          value,
        })),
      );
    case "setTalkover":
      desk.talkover = command.settings;
      return done({ type: "talkover", value: command.settings });
    case "setLimiter":
      desk.limiter = command.settings;
      return done({ type: "limiter", value: command.settings });
    case "measureLoudness":
      return done(measure(desk, command));
    case "resetLoudness":
      return done({ type: "loudness", value: putLoudness(desk, unheard(command.bus)) });
    case "showSpectrum":
    case "readTimeline":
    case "searchTracks":
    case "readPlays":
    case "readWaveform": // the fake platform does it
      return done();
    case "storeScene":
      desk.scenes = [...desk.scenes.filter((name) => name !== command.name), command.name];
      return done({ type: "scenes", value: desk.scenes });
    case "removeScene":
      desk.scenes = desk.scenes.filter((name) => name !== command.name);
      return done({ type: "scenes", value: desk.scenes });
    case "recallScene":
      if (!desk.scenes.includes(command.name)) throw refusal("invalid", `there is no scene "${command.name}"`);
      return done();
    case "undo":
    case "redo":
      return done(); // the fake desk's history does it
    case "setOutput":
      return done(setOutput(desk, command));
    case "setOutputSettings": {
      const { output, settings } = command;
      const state = desk.outputs.find((item) => item.output === output);
      if (!state) return done();
      state.settings = settings;
      return done({ type: "output", value: { ...state } });
    }
    case "refreshDevices":
      return done({ type: "devices", value: desk.devices });
    case "setRecording":
    case "startRecording":
    case "stopRecording":
    case "splitRecording":
    case "removeRecorder":
      return done(...obeyRecorder(desk, command));
    case "addRecorder":
      return addRecorder(desk, command.settings);
    case "setAirDelay":
      desk.airDelay = { ...desk.airDelay, ...testAirDelay(command.settings.seconds, desk.airDelay.held) };
      desk.airDelay.settings = command.settings;
      return done({ type: "airDelay", value: desk.airDelay });
    case "dump":
      if (desk.airDelay.held === 0) throw refusal("notRunning", "nothing is held that could be dropped");
      desk.airDelay = {
        ...desk.airDelay,
        held: 0,
        phase: "building",
        dumped: desk.airDelay.dumped + desk.airDelay.held,
      };
      return done({ type: "airDelay", value: desk.airDelay });
    case "setBlackBox": {
      const { settings } = command;
      desk.blackBox = { ...desk.blackBox, settings, phase: { state: settings.on ? "turning" : "off" } };
      return done({ type: "blackBox", value: desk.blackBox });
    }
    case "keepLast":
      return keep(desk, command);
    case "setDeadAir":
      desk.deadAir = {
        ...desk.deadAir,
        settings: command.settings,
        programme: { state: command.settings.on ? "alive" : "unwatched" },
        fallback: { state: command.settings.fallback === null ? "none" : "ready" },
      };
      return done({ type: "deadAir", value: desk.deadAir });
    case "setListening":
      desk.listening = {
        ...desk.listening,
        on: command.on,
        urls: command.on ? desk.listening.mounts.map(({ path }) => `http://127.0.0.1:8765${path}`) : [],
        mounts: desk.listening.mounts.map((mount) => ({ ...mount, openSeconds: command.on ? 0 : null })),
      };
      return done({ type: "listening", value: desk.listening });
    case "setMounts":
      desk.listening = { ...desk.listening, settings: command.settings };
      return done({ type: "listening", value: desk.listening });
    case "setHls":
      desk.hls = {
        ...desk.hls,
        settings: command.settings,
        folder: command.settings.folder || desk.hls.folder,
        writing: { state: command.settings.on ? "starting" : "off" },
      };
      return done({ type: "hls", value: desk.hls });
    case "dismissNotice":
      desk.notices = desk.notices.filter(({ id }) => id !== command.id);
      return done({ type: "noticeDismissed", value: command.id });
    case "clearClips":
      return done();
    default:
      return obeyBroadcast(desk, command);
  }
}

function measure(desk: Snapshot, { bus, on }: { bus: BusName; on: boolean }): Event {
  if (on) return { type: "loudness", value: putLoudness(desk, unheard(bus)) };
  if (bus === "programme") throw refusal("invalid", "the programme is always measured; choose another bus");
  desk.loudness = desk.loudness.filter((state) => state.bus !== bus);
  return { type: "loudnessEnded", value: bus };
}

/** Takes the place of what was measured of the bus before. */
export function putLoudness(desk: Snapshot, value: LoudnessState): LoudnessState {
  desk.loudness = [...desk.loudness.filter(({ bus }) => bus !== value.bus), value];
  return value;
}

function changeBus(desk: Snapshot, name: BusName, changes: Partial<BusState>): Event[] {
  return change(desk.buses, ({ bus }) => bus === name, changes).map((value) => ({ type: "bus", value }));
}

function watchStrip(desk: Snapshot, { strip, watch }: Extract<AudioCommand, { type: "setStripWatch" }>): Event {
  const others = desk.deadAir.strips.filter((watched) => watched.strip !== strip);
  const watched = watch ? [{ strip, settings: watch, signal: { state: "alive" as const } }] : [];
  desk.deadAir = { ...desk.deadAir, strips: [...others, ...watched] };
  return { type: "deadAir", value: desk.deadAir };
}

type OnStrip = Exclude<Extract<AudioCommand, { strip: number }>, { type: "setStripWatch" | "deck" | "carts" }>;

function obeyOnStrip(desk: Snapshot, command: OnStrip): Event {
  const at = desk.strips.findIndex(({ id }) => id === command.strip);
  const strip = desk.strips[at];
  if (!strip) throw refusal("noSuchStrip", `there is no strip ${command.strip}`);
  if (command.type === "removeStrip") {
    desk.strips.splice(at, 1);
    return { type: "stripRemoved", value: command.strip };
  }
  const value = { ...strip, ...changeOf(command, strip) };
  desk.strips[at] = value;
  return { type: "strip", value };
}

function changeOf(command: Exclude<OnStrip, { type: "removeStrip" }>, strip: StripState): Partial<StripState> {
  switch (command.type) {
    case "renameStrip":
      if (!command.name.trim()) throw refusal("invalid", "a strip needs a name of 1 to 40 characters");
      return { name: command.name.trim() };
    case "setSource":
      return { source: command.source, input: inputOf(command.source) };
    case "setChannels":
      return { channels: command.mode };
    case "setInverted":
      return { inverted: [command.left, command.right] };
    case "setTrim":
      return { trim: command.level };
    case "setDelay":
      return { delay: command.settings };
    case "setStages":
      return { chain: command.stages };
    case "setFader":
      return { fader: command.level };
    case "setPan":
      return { pan: command.pan };
    case "setPanLaw":
      return { panLaw: command.law };
    case "setSend": {
      const { level, tap } = command;
      const aux = BUSES.indexOf(command.to) - 2;
      const sends: StripState["sends"] = [...strip.sends];
      sends[aux] = { level, tap };
      return { sends };
    }
    case "setVca":
      return { vca: command.vca };
    case "setTalkoverPart":
      return { talkover: command.part };
    case "setMute":
      return { mute: command.on };
    case "setSolo":
      return { solo: command.on };
    case "setSoloSafe":
      return { soloSafe: command.on };
    case "setCue":
      return { cue: command.on };
  }
}

function inputOf(source: StripState["source"]): StripState["input"] {
  if (source.type === "silent") return { state: "silent" };
  if (source.type === "deck" || source.type === "carts") return { state: "ready" };
  return source.type === "device" ? testStrip(1).input : INSTANT;
}

function addStrip(
  desk: Snapshot,
  command: Extract<AudioCommand, { type: "addStrip" }>,
): { reply: Reply; events: Event[] } {
  const id = Math.max(0, ...desk.strips.map((strip) => strip.id)) + 1;
  const { name, source } = command;
  const value = testStrip(id, { name, source, input: inputOf(source), fader: null });
  desk.strips.push(value);
  const events: Event[] = [{ type: "strip", value }];
  if (source.type === "deck") {
    const deck = testDeck(id);
    desk.decks.push(deck);
    events.push({ type: "deck", value: deck });
  }
  if (source.type === "carts") {
    const wall = testCarts(id);
    desk.carts.push(wall);
    events.push({ type: "carts", value: wall });
  }
  return { reply: { type: "strip", id }, events };
}

function setOutput(desk: Snapshot, command: Extract<AudioCommand, { type: "setOutput" }>): Event {
  const { output, device } = command;
  const chosen = desk.devices.find(({ id, defaultOutput }) =>
    device?.type === "device" ? id === device.device : defaultOutput,
  );
  const playback = !device
    ? { state: "off" as const }
    : chosen
      ? {
          state: "playing" as const,
          name: chosen.name,
          rate: chosen.rate,
          latency: 0.011,
          held: 0,
          ppm: 0,
          error: 0.000004,
          locked: true,
          framesMissing: 0,
        }
      : { state: "missing" as const, reason: "the device is not connected" };
  const settings = desk.outputs.find((state) => state.output === output)?.settings;
  const value = { output, device, settings: settings ?? { resampling: "balanced", exclusive: false }, playback };
  desk.outputs = desk.outputs.map((state) => (state.output === output ? value : state));
  return { type: "output", value };
}

/** Keeps what is held: the programme and every strip. */
function keep(desk: Snapshot, command: Extract<AudioCommand, { type: "keepLast" }>): { reply: Reply; events: Event[] } {
  const { runs } = desk.blackBox;
  const run = command.run === null ? runs.at(-1) : runs.find(({ id }) => id === command.run);
  if (!run) throw refusal("notRunning", "the black box holds nothing of that (any more); choose what it holds");
  const folder = command.folder ?? desk.recorders[0]?.settings.folder ?? "";
  const files = run.lanes.map(({ name }) => ({ name, path: `${folder}/kept - ${name}.flac`, framesLost: 0 }));
  const kept = { began: run.began, seconds: Math.min(command.seconds, run.seconds), files };
  desk.blackBox = { ...desk.blackBox, kept };
  return { reply: { type: "kept", kept }, events: [{ type: "blackBox", value: desk.blackBox }] };
}

type OnRecorder = Extract<
  AudioCommand,
  { type: "setRecording" | "startRecording" | "stopRecording" | "splitRecording" | "removeRecorder" }
>;

function addRecorder(desk: Snapshot, settings: RecordingSettings): { reply: Reply; events: Event[] } {
  const id = Math.max(0, ...desk.recorders.map((recorder) => recorder.id)) + 1;
  const value = testRecorder(id, settings);
  desk.recorders.push(value);
  return { reply: { type: "recorder", id }, events: [{ type: "recorder", value }] };
}

function obeyRecorder(desk: Snapshot, command: OnRecorder): Event[] {
  if (command.type === "removeRecorder") {
    desk.recorders = desk.recorders.filter(({ id }) => id !== command.recorder);
    return [{ type: "recorderRemoved", value: command.recorder }];
  }
  const chosen = desk.recorders.filter(({ id }) => command.recorder === null || id === command.recorder);
  return (command.type === "setRecording" ? chosen.slice(0, 1) : chosen).map((recorder) => {
    obeyOnRecorder(recorder, command);
    return { type: "recorder", value: { ...recorder } };
  });
}

function obeyOnRecorder(recorder: RecorderState, command: Exclude<OnRecorder, { type: "removeRecorder" }>): void {
  const running = recorder.recording.state === "recording";
  if (command.type === "setRecording") recorder.settings = command.settings;
  else if (command.type === "startRecording") {
    if (running) throw refusal("alreadyRunning", "it is being recorded already");
    const file = `${recorder.settings.folder}/take.wav`;
    recorder.recording = { state: "recording", file, seconds: 0, bytes: 0, framesLost: 0, gapsLogged: true };
    recorder.parts = 1;
  } else if (recorder.recording.state !== "recording") throw refusal("notRunning", "nothing is being recorded");
  else if (command.type === "splitRecording") recorder.parts += 1;
  else recorder.recording = { state: "stopped", lastFile: recorder.recording.file };
}

function change<T>(list: T[], which: (item: T) => boolean, changes: Partial<T>): T[] {
  const at = list.findIndex(which);
  const item = list[at];
  if (!item) return [];
  list[at] = { ...item, ...changes };
  return [list[at]];
}

export function done(...events: Event[]): { reply: Reply; events: Event[] } {
  return { reply: { type: "done" }, events };
}

export function refusal(code: CommandError["code"], message: string): CommandError {
  return { code, message };
}
