// The keys that fire pads, wherever the wall is on the screen, or not.
import type { Desk } from "../state/desk.svelte";
import { type PadPlace, padsOf, playingOf, pressed } from "./carts";

type Keys = Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "altKey" | "metaKey" | "repeat">;

export class CartKeys {
  readonly #desk: Desk;
  /** The pads whose keys are down. */
  readonly #held = new Map<string, PadPlace>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** A key goes down. Says whether it is a pad's. */
  down({ key, shiftKey, ctrlKey, altKey, metaKey, repeat }: Keys): boolean {
    if (shiftKey || ctrlKey || altKey || metaKey) return false;
    const walls = this.#desk.snapshot?.carts ?? [];
    const place = padsOf(walls).find(({ state }) => state.settings.hotkey === key.toUpperCase());
    if (!place) return false;
    // A key that is held down fires once.
    if (repeat || this.#held.has(key.toUpperCase())) return true;
    this.#held.set(key.toUpperCase(), place);
    const { strip, bank, pad, state } = place;
    const wall = walls.find((wall) => wall.strip === strip);
    const sounds = wall !== undefined && playingOf(wall.playing, bank, pad) !== undefined;
    const command = pressed(bank, pad, state.settings.mode, sounds, false);
    void this.#desk.send({ type: "carts", strip, command });
    return true;
  }

  /** A key goes up: what sounds while it is held ends. */
  up({ key }: Pick<KeyboardEvent, "key">): void {
    const place = this.#held.get(key.toUpperCase());
    this.#held.delete(key.toUpperCase());
    if (place?.state.settings.mode !== "hold") return;
    const { strip, bank, pad } = place;
    void this.#desk.send({ type: "carts", strip, command: { type: "release", bank, pad } });
  }

  /** The window is left: keys go up unseen. */
  leave(): void {
    for (const key of [...this.#held.keys()]) this.up({ key });
  }
}
