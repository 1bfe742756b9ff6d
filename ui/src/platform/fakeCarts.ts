// Cart walls without sound: the rules of pads that a console can see.
import type { AudioCommand, CartCommand, CartsState, Event, PadSettings, PadState, Snapshot } from "../bindings";
import { refusal } from "./fakeStation";

const PADS = 16;

export function testPad(name: string, changes: Partial<PadSettings> = {}): PadState {
  const path = `/home/studio/Jingles/${name}.wav`;
  return {
    settings: { path, name, colour: "blue", mode: "oneShot", level: 0, group: 0, ducks: false, ...changes },
    sound: { state: "ready", seconds: 4.2 },
  };
}

/** A wall of one bank with these pads on it. */
export function testCarts(strip: number, pads: PadState[] = []): CartsState {
  return {
    strip,
    banks: [{ name: "Jingles", pads: Array.from({ length: PADS }, (_, place) => pads[place] ?? null) }],
    playing: { strip, pads: [], gaveWay: 0 },
  };
}

export function obeyCarts(desk: Snapshot, { strip, command }: Extract<AudioCommand, { type: "carts" }>): Event {
  const wall = desk.carts.find((wall) => wall.strip === strip);
  if (!wall) throw refusal("invalid", `strip ${strip} is no cart wall; choose one that is`);
  if (sounds(wall, command)) return { type: "cartsPlaying", value: structuredClone(wall.playing) };
  return { type: "carts", value: structuredClone(wall) };
}

/** Does what a wall is told. Says whether only what sounds may have changed. */
function sounds(wall: CartsState, command: CartCommand): boolean {
  switch (command.type) {
    case "setPad": {
      const pad = testPad("", command.settings);
      return put(wall, command.bank, command.pad, pad);
    }
    case "clearPad":
      return put(wall, command.bank, command.pad, null);
    case "setBanks":
      wall.banks = command.names.map((name, place) => ({
        name,
        pads: wall.banks[place]?.pads ?? Array.from({ length: PADS }, () => null),
      }));
      return false;
    case "fire": {
      const pad = wall.banks[command.bank]?.pads[command.pad];
      if (!pad) throw refusal("invalid", "the pad is not set; choose a file for it first");
      if (pad.sound.state === "faulty") throw refusal("invalid", pad.sound.reason);
      stop(wall, command);
      wall.playing.pads.push({ bank: command.bank, pad: command.pad, left: 4.2 });
      return true;
    }
    case "release": {
      const pad = wall.banks[command.bank]?.pads[command.pad];
      if (pad?.settings.mode === "hold") stop(wall, command);
      return true;
    }
    case "stop":
      stop(wall, command);
      return true;
    case "stopAll":
      wall.playing.pads = [];
      return true;
  }
}

function put(wall: CartsState, bank: number, pad: number, state: PadState | null): boolean {
  const pads = wall.banks[bank]?.pads;
  if (pads) pads[pad] = state;
  return false;
}

function stop(wall: CartsState, { bank, pad }: { bank: number; pad: number }): void {
  wall.playing.pads = wall.playing.pads.filter((playing) => playing.bank !== bank || playing.pad !== pad);
}
