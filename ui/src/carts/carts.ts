// What a cart wall does, in words and numbers.
import type {
  CartCommand,
  CartsPlaying,
  CartsState,
  PadColour,
  PadMode,
  PadPlaying,
  PadSettings,
  PadState,
} from "../bindings";
import { clock } from "../ui/format";

export const COLOURS: { value: PadColour; text: string }[] = [
  { value: "grey", text: "Grey" },
  { value: "blue", text: "Blue" },
  { value: "green", text: "Green" },
  { value: "yellow", text: "Yellow" },
  { value: "orange", text: "Orange" },
  { value: "pink", text: "Pink" },
  { value: "violet", text: "Violet" },
  { value: "turquoise", text: "Turquoise" },
];

export const MODES: { value: PadMode; text: string }[] = [
  { value: "oneShot", text: "Once, to its end" },
  { value: "loop", text: "Again and again, until it is pressed again" },
  { value: "hold", text: "While it is held" },
];

/** Every key that can fire a pad. */
export const HOTKEYS: string[] = [
  ..."ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
  ...Array.from({ length: 12 }, (_, n) => `F${n + 1}`),
];

/** A pad as it is found on the desk. */
export interface PadPlace {
  strip: number;
  bank: number;
  pad: number;
  state: PadState;
}

/** A pad with nothing on it. */
export function emptyPad(): PadSettings {
  return { path: "", name: "", colour: "grey", mode: "oneShot", level: 0, group: 0, ducks: false };
}

/** What is read on a pad: its name, else its file's. */
export function padName({ name, path }: PadSettings): string {
  return name || (path.split(/[/\\]/).at(-1) ?? path).replace(/(.)\.[^.]*$/, "$1");
}

/** How a pad sounds now; `undefined`: it does not. */
export function playingOf({ pads }: CartsPlaying, bank: number, pad: number): PadPlaying | undefined {
  return pads.find((playing) => playing.bank === bank && playing.pad === pad);
}

/** Seconds as a pad shows them: tenths near the end. */
export function padTime(seconds: number): string {
  return seconds < 10 ? seconds.toFixed(1) : clock(seconds);
}

/** What is read below a pad's name. */
export function padText({ sound }: PadState, playing: PadPlaying | undefined): string {
  if (playing) return `−${padTime(playing.left)}`;
  switch (sound.state) {
    case "loading":
      return "Reading…";
    case "ready":
      return padTime(sound.seconds);
    case "faulty":
      return "Cannot be played";
  }
}

/** What pressing a pad asks for: a loop that sounds is stopped, everything else begins. Who wants it to `stop` is never
 * given a sound: what is told of it may be late. */
export function pressed(bank: number, pad: number, mode: PadMode, sounds: boolean, stop: boolean): CartCommand {
  return { type: stop || (sounds && mode === "loop") ? "stop" : "fire", bank, pad };
}

/** Every pad of the desk that is set. */
export function padsOf(walls: CartsState[]): PadPlace[] {
  return walls.flatMap(({ strip, banks }) =>
    banks.flatMap(({ pads }, bank) => pads.flatMap((state, pad) => (state ? [{ strip, bank, pad, state }] : []))),
  );
}

/** Names somebody has written down, one in each line. */
export function namesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
