import { fireEvent, screen, within } from "@testing-library/svelte";
import { tick } from "svelte";
import { describe, expect, test, vi } from "vitest";

import type { DeckState } from "../bindings";
import type { FakePlatform } from "../platform/fake";
import { testDeck, testItem } from "../platform/fakeDeck";
import { testStrip } from "../platform/fakeStrip";
import { openConsole } from "../test-desk";
import { itemName, lengthOf, pathsOf, times } from "./deck";

const items = [
  testItem(1, "Near Light", { artist: "Ólafur Arnalds" }),
  testItem(2, "Kiara"),
  testItem(3, "Notes", { fault: "notes.mp3 is no sound file; choose another" }),
];

/** The console with its decks before the operator. */
async function openDecks(decks: DeckState[]) {
  const strips = decks.map(({ strip }) => testStrip(strip, { name: `Deck ${strip}`, source: { type: "deck" } }));
  const opened = openConsole({ strips, decks });
  await opened.user.click(screen.getByRole("button", { name: "Decks" }));
  return opened;
}

/** What was sent, but for what the console looks at by itself. */
const asked = ({ sent }: FakePlatform) => sent.filter(({ type }) => type !== "readWaveform");

const told = (command: object) => ({ type: "deck", strip: 1, command });

describe("a deck", () => {
  test("is played, paused and passed on, and says what is on, what follows and what is left", async () => {
    const { fake, user } = await openDecks([testDeck(1, items)]);
    await user.click(screen.getByRole("button", { name: "Play" }));
    expect(screen.getByText("Playing")).toBeVisible();
    const on = screen.getByRole("group", { name: "On Deck 1" });
    expect(on).toHaveTextContent("Ólafur Arnalds – Near Light");
    expect(on).toHaveTextContent("−3:21");
    expect(screen.getByText("Then: Kiara")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Pause" }));
    expect(screen.getByText("Ready")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Next" }));
    expect(asked(fake).slice(-3)).toEqual([{ type: "play" }, { type: "pause" }, { type: "next" }].map(told));
  });

  test("draws where it is as it is told, and nothing else anew", async () => {
    const { fake, user } = await openDecks([testDeck(1, items)]);
    await user.click(screen.getByRole("button", { name: "Play" }));
    const value = { strip: 1, phase: "playing", item: 1, seconds: 83.4, length: 201, passing: false } as const;
    fake.emit({ type: "deckPosition", value });
    expect(await screen.findByText("1:23")).toBeVisible();
    expect(screen.getByText("−1:57")).toBeVisible();
  });

  test("keeps its slider where a hand has it until the deck is there", async () => {
    const { fake, user } = await openDecks([testDeck(1, items)]);
    await user.click(screen.getByRole("button", { name: "Play" }));
    const slider = screen.getByRole("slider", { name: /^Place in Near Light/ });
    const tell = (seconds: number) =>
      fake.emit({
        type: "deckPosition",
        value: { strip: 1, phase: "playing", item: 1, seconds, length: 201, passing: false },
      });
    await fireEvent.input(slider, { target: { value: "120" } });
    tell(10.2);
    tell(10.4);
    await tick();
    expect(slider).toHaveValue("120");
    expect(screen.getByText("2:00")).toBeVisible();
    await fireEvent.change(slider, { target: { value: "130" } });
    expect(fake.sent.at(-1)).toEqual(told({ type: "seek", seconds: 130 }));
    tell(130.2);
    await vi.waitFor(() => expect(slider).toHaveValue("130.2"));
  });

  test("never has an item put on in place of what plays", async () => {
    const { fake, user } = await openDecks([testDeck(1, items)]);
    await user.click(screen.getByRole("button", { name: "Play" }));
    const kiara = within(screen.getByRole("list", { name: "Playlist" })).getByRole("button", { name: /Kiara/ });
    const sent = fake.sent.length;
    await user.dblClick(kiara);
    expect(fake.sent.length).toBe(sent);
    await user.click(kiara);
    const chosen = screen.getByRole("group", { name: "Kiara" });
    expect(within(chosen).getByRole("button", { name: "Put on" })).toBeDisabled();
    expect(within(chosen).getByRole("button", { name: "Put on" })).toHaveAttribute(
      "title",
      expect.stringMatching(/Pause/),
    );
    await user.click(within(chosen).getByRole("button", { name: "Play now" }));
    expect(fake.sent.findLast(({ type }) => type === "deck")).toEqual(told({ type: "load", item: 2, play: true }));
    await user.click(screen.getByRole("button", { name: "Pause" }));
    expect(within(chosen).getByRole("button", { name: "Put on" })).toBeEnabled();
  });

  test("repeats a part from one press to the next, and no more with a third", async () => {
    const { fake, user } = await openDecks([testDeck(1, items)]);
    await user.click(screen.getByRole("button", { name: "Play" }));
    const at = (seconds: number) =>
      fake.emit({ type: "deckPosition", value: { strip: 1, phase: "playing", item: 1, seconds, passing: false } });
    at(10);
    await user.click(await screen.findByRole("button", { name: "Loop from here" }));
    at(14.5);
    await user.click(await screen.findByRole("button", { name: "Loop to here" }));
    expect(asked(fake).at(-1)).toEqual(told({ type: "loop", part: { from: 10, to: 14.5 } }));
    await user.click(screen.getByRole("button", { name: "End loop" }));
    expect(asked(fake).at(-1)).toEqual(told({ type: "loop", part: null }));
  });

  test("has its items put on, moved, set and taken off", async () => {
    const { fake, user } = await openDecks([testDeck(1, items)]);
    const list = screen.getByRole("list", { name: "Playlist" });
    await user.click(within(list).getByRole("button", { name: /Kiara/ }));
    const chosen = screen.getByRole("group", { name: "Kiara" });
    await user.click(within(chosen).getByRole("button", { name: "Put on" }));
    await user.click(within(chosen).getByRole("button", { name: "Move up" }));
    await user.click(within(chosen).getByRole("button", { name: "Move down" }));
    expect(asked(fake).slice(-3)).toEqual([
      told({ type: "load", item: 2, play: false }),
      told({ type: "move", item: 2, before: 1 }),
      told({ type: "move", item: 2, before: 3 }),
    ]);
    await user.click(within(chosen).getByRole("button", { name: "Set…" }));
    await user.click(screen.getByRole("checkbox", { name: "Stop behind it" }));
    await user.type(screen.getByRole("spinbutton", { name: "Ends at, seconds" }), "90");
    await user.click(screen.getByRole("button", { name: "Save" }));
    const settings = { stops: true, cueIn: 0, gain: 0, cueOut: 90 };
    expect(asked(fake).at(-1)).toEqual(told({ type: "setItem", item: 2, settings }));
    await user.click(within(chosen).getByRole("button", { name: "Take off" }));
    expect(within(list).queryByText("Kiara")).toBeNull();
  });

  test("says why an item cannot be played", async () => {
    const { user } = await openDecks([testDeck(1, items)]);
    await user.click(screen.getByRole("button", { name: /Notes/ }));
    expect(screen.getByText("notes.mp3 is no sound file; choose another")).toBeVisible();
  });

  test("takes files by their paths, one in each line", async () => {
    const { fake, user } = await openDecks([testDeck(1)]);
    await user.click(screen.getByRole("button", { name: "Add files…" }));
    await user.type(screen.getByRole("textbox", { name: "Files" }), "/music/a.mp3{enter}/music/b.flac");
    await user.click(screen.getByRole("button", { name: "Add" }));
    expect(asked(fake).at(-1)).toEqual(told({ type: "add", paths: ["/music/a.mp3", "/music/b.flac"] }));
    expect(screen.getByRole("list", { name: "Playlist" })).toHaveTextContent("b");
  });

  test("is set as it goes from one item to the next", async () => {
    const { fake, user } = await openDecks([testDeck(1, items)]);
    await user.click(screen.getByRole("button", { name: "Deck settings" }));
    const seconds = screen.getByRole("spinbutton", { name: "Crossfade, seconds" });
    await user.clear(seconds);
    await user.type(seconds, "3.5");
    await user.click(screen.getByRole("button", { name: "Save" }));
    const settings = { ...testDeck(1).settings, crossfade: 3.5 };
    expect(asked(fake).at(-1)).toEqual(told({ type: "set", settings }));
  });

  test("is added as a strip", async () => {
    const { fake, user } = await openDecks([]);
    await user.click(screen.getByRole("button", { name: "Add deck" }));
    expect(asked(fake).at(-1)).toEqual({ type: "addStrip", name: "Deck 1", source: { type: "deck" } });
  });
});

test("an item lasts from its beginning to its end, and is called by artist and title", () => {
  expect(lengthOf(testItem(1, "A", { seconds: 100, settings: { stops: false, cueIn: 10, cueOut: 60, gain: 0 } }))).toBe(
    50,
  );
  expect(lengthOf({ ...testItem(1, "A"), seconds: undefined } as never)).toBeNull();
  expect(itemName(testItem(1, "A", { artist: "B" }))).toBe("B – A");
});

test("what is left is unknown where the length is", () => {
  expect(times({ strip: 1, phase: "playing", seconds: 61.9, passing: false })).toEqual({ played: "1:01", left: null });
});

test("paths are lines, without what file managers put around them", () => {
  expect(pathsOf('/a.mp3\n\n  "/b c.mp3" \n')).toEqual(["/a.mp3", "/b c.mp3"]);
});
