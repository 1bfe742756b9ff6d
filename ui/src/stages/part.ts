// A part of what is under the finger: a stage of a chain that is sent as a whole.
import type { UnderFinger } from "../state/underFinger.svelte";

/** What a stage's controls work on. */
export interface Part<S> {
  /** What to draw. */
  readonly value: S;
  hold(): void;
  /** The finger changes some of it. */
  move(changes: Partial<S>): void;
  release(): void;
  /** Changes some of it in one step. */
  set(changes: Partial<S>): void;
}

export function partOf<W extends object, K extends keyof W>(whole: UnderFinger<W>, key: K): Part<W[K]> {
  const changed = (changes: Partial<W[K]>): W => ({ ...whole.value, [key]: { ...whole.value[key], ...changes } });
  return {
    get value() {
      return whole.value[key];
    },
    hold: () => whole.hold(),
    move: (changes) => whole.move(changed(changes)),
    release: () => whole.release(),
    set: (changes) => whole.set(changed(changes)),
  };
}

/** All of it, where one stage is sent by itself. */
export function allOf<W extends object>(whole: UnderFinger<W>): Part<W> {
  return {
    get value() {
      return whole.value;
    },
    hold: () => whole.hold(),
    move: (changes) => whole.move({ ...whole.value, ...changes }),
    release: () => whole.release(),
    set: (changes) => whole.set({ ...whole.value, ...changes }),
  };
}

/** Whether two settings are alike, whatever objects they are. */
export function alike(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
