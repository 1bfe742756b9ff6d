// Decks without sound: the rules of a playlist that a console can see.
import type { AudioCommand, DeckCommand, DeckItem, DeckState, Event, Snapshot } from "../bindings";
import { refusal } from "./fakeStation";

export function testItem(id: number, title: string, changes: Partial<DeckItem> = {}): DeckItem {
  return {
    id,
    path: `/home/studio/Music/${title}.flac`,
    title,
    artist: "",
    seconds: 200 + id,
    cover: false,
    settings: { stops: false, cueIn: 0, gain: 0 },
    ...changes,
  };
}

/** A deck with nothing on. */
export function testDeck(strip: number, items: DeckItem[] = [], changes: Partial<DeckState> = {}): DeckState {
  return {
    strip,
    items,
    settings: { advance: true, repeat: false, crossfade: 0, curve: "equalPower", levelling: true, titles: true },
    position: { strip, phase: "empty", seconds: 0, passing: false },
    ...changes,
  };
}

export function obeyDeck(desk: Snapshot, { strip, command }: Extract<AudioCommand, { type: "deck" }>): Event {
  const deck = desk.decks.find((deck) => deck.strip === strip);
  if (!deck) throw refusal("invalid", `strip ${strip} is no deck; choose one that is`);
  change(deck, command);
  return { type: "deck", value: structuredClone(deck) };
}

function change(deck: DeckState, command: DeckCommand): void {
  const { position } = deck;
  switch (command.type) {
    case "add": {
      const next = Math.max(0, ...deck.items.map(({ id }) => id)) + 1;
      const titles = command.paths.map((path) => path.replace(/^.*\/|\.[^.]*$/g, ""));
      deck.items.push(...titles.map((title, n) => testItem(next + n, title, { path: command.paths[n] ?? "" })));
      return;
    }
    case "remove":
      deck.items = deck.items.filter(({ id }) => !command.items.includes(id));
      return;
    case "move": {
      const item = deck.items.find(({ id }) => id === command.item);
      if (!item) return;
      deck.items = deck.items.filter(({ id }) => id !== command.item);
      const before = deck.items.findIndex(({ id }) => id === command.before);
      deck.items.splice(before < 0 ? deck.items.length : before, 0, item);
      return;
    }
    case "setItem":
      deck.items = deck.items.map((item) =>
        item.id === command.item ? { ...item, settings: command.settings } : item,
      );
      return;
    case "load":
      return put(deck, command.item, command.play);
    case "play":
      if (position.item === undefined) return put(deck, deck.items[0]?.id, true);
      position.phase = "playing";
      return;
    case "pause":
      position.phase = "paused";
      return;
    case "seek":
      position.seconds = command.seconds;
      return;
    case "loop":
      delete position.part;
      if (command.part) position.part = command.part;
      return;
    case "next":
      return put(deck, position.follows, position.phase === "playing");
    case "eject":
      deck.position = testDeck(deck.strip).position;
      return;
    case "set":
      deck.settings = command.settings;
  }
}

/** Puts an item on, and says what follows it. */
function put(deck: DeckState, item: number | undefined, play: boolean): void {
  const place = deck.items.findIndex(({ id }) => id === item);
  const on = deck.items[place];
  if (!on) throw refusal("invalid", `there is no item ${item} (any more)`);
  const follows = deck.items[place + 1]?.id;
  deck.position = {
    strip: deck.strip,
    phase: play ? "playing" : "paused",
    item: on.id,
    seconds: on.settings.cueIn,
    ...(on.seconds === undefined ? {} : { length: on.seconds }),
    ...(follows === undefined ? {} : { follows }),
    passing: false,
  };
}
