// The keys that fire pads, wherever the wall is on the screen, or not.
import type { Desk } from "../state/desk.svelte";
import { type PadPlace, padsOf, playingOf, pressed } from "./carts";

type Key = Pick<KeyboardEvent, "key" | "code">;
type Keys = Key & Pick<KeyboardEvent, "shiftKey" | "ctrlKey" | "altKey" | "metaKey" | "repeat">;

export class CartKeys {
  readonly #desk: Desk;
  /** The pads whose keys are down, by the places of those on the keyboard: what a key is called changes with Shift. */
  readonly #held = new Map<string, PadPlace>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** A key goes down. Says whether it is a pad's. */
  down({ key, code, shiftKey, ctrlKey, altKey, metaKey, repeat }: Keys): boolean {
    if (shiftKey || ctrlKey || altKey || metaKey) return false;
    const walls = this.#desk.snapshot?.carts ?? [];
    const place = padsOf(walls).find(({ state }) => state.settings.hotkey === key.toUpperCase());
    if (!place) return false;
    // A key that is held down fires once.
    if (repeat) return true;
    // A key that is held already went up where nobody saw it.
    this.up({ key, code });
    this.#held.set(keyOf({ key, code }), place);
    const { strip, bank, pad, state } = place;
    const wall = walls.find((wall) => wall.strip === strip);
    const sounds = wall !== undefined && playingOf(wall.playing, bank, pad) !== undefined;
    const command = pressed(bank, pad, state.settings.mode, sounds, false);
    void this.#desk.send({ type: "carts", strip, command });
    return true;
  }

  /** A key goes up: what sounds while it is held ends. */
  up(key: Key): void {
    this.#letGo(keyOf(key));
  }

  /** The window is left: keys go up unseen. */
  leave(): void {
    for (const held of [...this.#held.keys()]) this.#letGo(held);
  }

  #letGo(held: string): void {
    const place = this.#held.get(held);
    this.#held.delete(held);
    if (place?.state.settings.mode !== "hold") return;
    const { strip, bank, pad } = place;
    void this.#desk.send({ type: "carts", strip, command: { type: "release", bank, pad } });
  }
}

/** What tells one key from another. Keyboards on a screen have no places. */
function keyOf({ key, code }: Key): string {
  return code || key.toUpperCase();
}
