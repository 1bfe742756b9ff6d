// Undo, redo and scenes of a desk without sound: copies of the console as it was.
import type { AudioCommand, Event, HistoryState, ScenePart, Snapshot, StripState } from "../bindings";

/** What undo brings back. */
type Console = Pick<Snapshot, "strips" | "buses" | "vcas" | "limiter" | "talkover">;

interface Step {
  what: string;
  state: Console;
}

/** What is taken back is called by what was changed; a command that is not here cannot be taken back. */
const WORDS: Partial<Record<AudioCommand["type"], string>> = {
  addStrip: "new strip",
  removeStrip: "removal",
  renameStrip: "name",
  setSource: "source",
  setTrim: "trim",
  setChannels: "channels",
  setInverted: "polarity",
  setDelay: "delay",
  setStages: "stages",
  setFader: "fader",
  setPan: "pan",
  setPanLaw: "pan law",
  setSend: "send",
  setVca: "VCA group",
  setTalkoverPart: "part in talkover",
  setMute: "mute",
  setSolo: "solo",
  setSoloSafe: "solo safe",
  setCue: "cue",
  setBusFader: "bus fader",
  setBusStages: "bus stages",
  setMixMinus: "mix-minus",
  setVcaFader: "VCA fader",
  setTalkover: "talkover",
  setLimiter: "limiter",
  recallScene: "scene",
};

/** What of a strip belongs to each part of a scene. */
const STRIP_PARTS: Partial<Record<ScenePart, (keyof StripState)[]>> = {
  sources: ["source", "input"],
  levels: ["trim", "fader", "pan"],
  switches: ["mute", "solo", "soloSafe", "cue"],
  stages: ["channels", "inverted", "delay", "chain"],
  sends: ["sends"],
  groups: ["vca", "talkover"],
};

export class FakeHistory {
  #past: Step[] = [];
  #future: Step[] = [];
  #scenes: Record<string, Console> = {};

  /** Before `command` is obeyed. Says what has changed of the history. */
  note(desk: Snapshot, command: AudioCommand): Event[] {
    if (command.type === "storeScene") this.#scenes[command.name] = copy(desk);
    const word = WORDS[command.type];
    if (word === undefined) return [];
    const strip = "strip" in command ? desk.strips.find(({ id }) => id === command.strip) : undefined;
    const what = strip ? `${word} of ${strip.name}` : word;
    this.#future = [];
    // Many movements of one control are one action.
    if (this.#past.at(-1)?.what !== what) this.#past.push({ what, state: copy(desk) });
    return [this.#tell(desk)];
  }

  /** Takes back or does again. Says what has changed, or `null` when there is nothing. */
  turn(desk: Snapshot, back: boolean): Event[] | null {
    const [from, to] = back ? [this.#past, this.#future] : [this.#future, this.#past];
    const step = from.pop();
    if (!step) return null;
    to.push({ what: step.what, state: copy(desk) });
    return [...put(desk, step.state), this.#tell(desk)];
  }

  /** Recalls the parts of a scene that concern strips which are there. */
  recall(desk: Snapshot, { name, parts, strips: only }: Extract<AudioCommand, { type: "recallScene" }>): Event[] {
    const scene = this.#scenes[name];
    if (!scene) return [];
    const keys = parts.flatMap((part) => STRIP_PARTS[part] ?? []);
    const strips = desk.strips.map((strip) => {
      const asked = only.length === 0 || only.includes(strip.id);
      const stored = asked && scene.strips.find((item) => item.name === strip.name);
      const wanted = stored ? Object.fromEntries(keys.map((key) => [key, stored[key]])) : {};
      return { ...strip, ...wanted };
    });
    return put(desk, { ...copy(desk), strips });
  }

  #tell(desk: Snapshot): Event {
    const value: HistoryState = { undo: this.#past.at(-1)?.what ?? null, redo: this.#future.at(-1)?.what ?? null };
    desk.history = value;
    return { type: "history", value };
  }
}

function copy({ strips, buses, vcas, limiter, talkover }: Snapshot): Console {
  return structuredClone({ strips, buses, vcas, limiter, talkover });
}

function put(desk: Snapshot, state: Console): Event[] {
  Object.assign(desk, structuredClone(state));
  return [
    { type: "strips", value: desk.strips },
    ...desk.buses.map((value): Event => ({ type: "bus", value })),
    ...desk.vcas.map((value): Event => ({ type: "vca", value })),
    { type: "limiter", value: desk.limiter },
    { type: "talkover", value: desk.talkover },
  ];
}
