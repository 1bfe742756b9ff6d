// How keys and the wheel move a slider, the same for every one: arrows one step, with Shift a fine
// one, Page Up and Page Down a coarse one.

export interface Steps {
  step: number;
  fine: number;
  coarse: number;
}

/** The distance that a key moves by; `null` when the key does not move it. */
export function keyStep(event: Pick<KeyboardEvent, "key" | "shiftKey">, steps: Steps): number | null {
  const step = event.shiftKey ? steps.fine : steps.step;
  switch (event.key) {
    case "ArrowUp":
    case "ArrowRight":
      return step;
    case "ArrowDown":
    case "ArrowLeft":
      return -step;
    case "PageUp":
      return steps.coarse;
    case "PageDown":
      return -steps.coarse;
    default:
      return null;
  }
}

/** The distance that a turn of the wheel moves by; `null` for a sideways turn, which scrolls. */
export function wheelStep(event: Pick<WheelEvent, "deltaX" | "deltaY" | "shiftKey">, steps: Steps): number | null {
  // Browsers turn the wheel sideways while Shift is held.
  const delta = event.shiftKey ? event.deltaY || event.deltaX : event.deltaY;
  if (delta === 0 || (!event.shiftKey && Math.abs(event.deltaX) > Math.abs(event.deltaY))) return null;
  return (delta < 0 ? 1 : -1) * (event.shiftKey ? steps.fine : steps.step);
}

/** Whether a key starts typing a value in. Digits do not: they go to the strips. */
export function startsEntry(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey">): boolean {
  return !event.ctrlKey && !event.metaKey && !event.altKey && /^(Enter|[+-])$/.test(event.key);
}
