// What a deck does, in words and numbers.
import type { DeckItem, DeckPosition, DeckState } from "../bindings";
import { clock } from "../ui/format";

/** Seconds of an item as it is played: from its beginning to its end. */
export function lengthOf(item: DeckItem): number | null {
  const end = item.settings.cueOut ?? item.seconds;
  return end === undefined ? null : Math.max(0, end - item.settings.cueIn);
}

/** The item that is on. */
export function itemOn({ items, position }: DeckState): DeckItem | undefined {
  return items.find(({ id }) => id === position.item);
}

/** Its artist and title, in one line. */
export function itemName({ artist, title }: DeckItem): string {
  return artist ? `${artist} – ${title}` : title;
}

/** What the deck is doing. */
export function phaseText({ phase, passing }: DeckPosition): string {
  switch (phase) {
    case "empty":
      return "Nothing is on";
    case "loading":
      return "Loading…";
    case "paused":
      return "Ready";
    case "playing":
      return passing ? "Passing into the next" : "Playing";
    case "ended":
      return "Played to its end";
  }
}

/** What has been played and what is left, as clocks; what is left is unknown for some files. */
export function times({ seconds, length }: DeckPosition): { played: string; left: string | null } {
  return { played: clock(seconds), left: length === undefined ? null : `−${clock(Math.max(0, length - seconds))}` };
}

/** The files that somebody has written down, one in each line; quotes around a line are a file manager's. */
export function pathsOf(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim().replace(/^"(.*)"$/, "$1"));
  return lines.filter((line) => line !== "");
}
