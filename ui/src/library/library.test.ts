import { screen, waitFor, within } from "@testing-library/svelte";
import { describe, expect, test, vi } from "vitest";

import type { Snapshot } from "../bindings";
import { testDeck, testItem } from "../platform/fakeDeck";
import { testLibrary, testPlay, testTrack } from "../platform/fakeLibrary";
import { testStrip } from "../platform/fakeStrip";
import { openConsole } from "../test-desk";
import { spanAt } from "../decks/waveform";
import { partOf, playedText, progressText, summaryText } from "./words";

const deck = {
  strips: [testStrip(1, { name: "Music", source: { type: "deck" } })],
  decks: [testDeck(1)],
} satisfies Partial<Snapshot>;

const nothing = { cancelled: false, broken: null, looked: 3, added: 0, changed: 0, back: 0, gone: 0, unreadable: 0 };

/** The console with the library before the operator. */
async function openLibrary(changes: Partial<Snapshot> = {}) {
  const opened = openConsole({ ...deck, library: testLibrary({ tracks: 3 }), ...changes });
  opened.fake.library.tracks = [
    testTrack(1, "Kiara", {
      artist: "Bonobo",
      album: "Black Sands",
      plays: 2,
      lastPlayed: "2026-11-22T17:04:05.123+01:00",
    }),
    testTrack(2, "Kerala", { artist: "Bonobo", cover: true }),
    testTrack(3, "Notes", { fault: "notes.mp3 is no sound file; choose another" }),
  ];
  opened.fake.library.plays = [testPlay(2, "Kerala"), testPlay(1, "Kiara", { artist: "Bonobo" })];
  await opened.user.click(screen.getByRole("button", { name: "Library" }));
  return opened;
}

describe("the library", () => {
  test("finds tracks as words are typed, and says when each was played", async () => {
    const { user } = await openLibrary();
    const list = screen.getByRole("list", { name: "Tracks" });
    expect(await within(list).findAllByRole("button")).toHaveLength(3);
    await user.type(screen.getByRole("searchbox", { name: /Words/ }), "bonobo kia");
    await waitFor(() => expect(within(list).getAllByRole("button")).toHaveLength(1));
    expect(list).toHaveTextContent("Bonobo – Kiara");
    expect(list).toHaveTextContent("Played 2 times, last 2026-11-22, 17:04 · Black Sands");
    expect(screen.getByText("1 track")).toBeVisible();
    await user.type(screen.getByRole("searchbox", { name: /Words/ }), " nothing");
    expect(await screen.findByText("No track has these words.")).toBeVisible();
  });

  test("adds a track to a deck by keys alone", async () => {
    const { fake, user } = await openLibrary();
    const list = screen.getByRole("list", { name: "Tracks" });
    await within(list).findAllByRole("button");
    screen.getByRole("searchbox", { name: /Words/ }).focus();
    await user.keyboard("{ArrowDown}{ArrowDown}");
    expect(within(list).getByRole("button", { name: /Kerala/ })).toHaveFocus();
    await user.keyboard("{Enter}");
    await user.tab();
    await user.keyboard("{Enter}");
    const command = { type: "add", paths: ["/home/studio/Music/Kerala.flac"] };
    expect(fake.sent).toContainEqual({ type: "deck", strip: 1, command });
  });

  test("shows the cover of a track, and says why one cannot be played", async () => {
    const { user } = await openLibrary();
    await user.click(await screen.findByRole("button", { name: /Kerala/ }));
    expect(screen.getByRole("img", { name: "Cover of Kerala" })).toHaveAttribute("src", "/api/tracks/2/cover");
    await user.click(await screen.findByRole("button", { name: /Notes/ }));
    expect(screen.getByText("notes.mp3 is no sound file; choose another")).toBeVisible();
  });

  test("loads more where there is more", async () => {
    const { fake, user } = await openLibrary();
    fake.library.tracks = Array.from({ length: 120 }, (_, n) => testTrack(n + 1, `Track ${n + 1}`));
    await user.type(screen.getByRole("searchbox", { name: /Words/ }), "track");
    const list = screen.getByRole("list", { name: "Tracks" });
    await waitFor(() => expect(within(list).getAllByRole("button")).toHaveLength(50));
    await user.click(screen.getByRole("button", { name: "Load more" }));
    await waitFor(() => expect(within(list).getAllByRole("button")).toHaveLength(100));
    expect(fake.sent.at(-1)).toEqual({ type: "searchTracks", words: "track", offset: 50, limit: 50 });
    // A scan has found another in front of them: the last of what is drawn is the first of the next page.
    fake.library.tracks.unshift(testTrack(999, "Track 0"));
    await user.click(screen.getByRole("button", { name: "Load more" }));
    await waitFor(() => expect(list).toHaveTextContent("Track 120"));
    const drawn = within(list).getAllByRole("button");
    expect(new Set(drawn.map(({ title }) => title)).size).toBe(drawn.length);
  });

  test("adds a folder and scans it, shows how far that is, and stops when asked", async () => {
    const { fake, user } = await openLibrary();
    await user.click(screen.getByRole("button", { name: "Add folder…" }));
    await user.type(screen.getByRole("textbox", { name: "Folder" }), "/music");
    await user.click(screen.getByRole("button", { name: "Add and scan" }));
    const told = fake.sent.filter(({ type }) => type === "library");
    expect(told).toEqual([
      { type: "library", command: { type: "addFolder", path: "/music" } },
      { type: "library", command: { type: "scan" } },
    ]);
    const folders = [{ path: "/music", tracks: 0 }];
    const progress = { found: 400, counted: true, looked: 100, current: "/music/a.mp3" };
    fake.emit({ type: "library", value: testLibrary({ folders, scan: { state: "scanning", progress } }) });
    expect(await screen.findByText("100 of 400 files")).toBeVisible();
    expect(screen.getByRole("progressbar", { name: "Scan of the library" })).toHaveValue(0.25);
    expect(screen.getByText("/music/a.mp3")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    expect(fake.sent.at(-1)).toEqual({ type: "library", command: { type: "cancelScan" } });
    const last = { ...nothing, looked: 400, added: 398, unreadable: 2, faults: ["b.mp3 is damaged"] };
    fake.emit({ type: "library", value: testLibrary({ folders, last }) });
    expect(await screen.findByText("400 files looked at: 398 new, 2 could not be read.")).toBeVisible();
    expect(screen.getByRole("list", { name: "What could not be read" })).toHaveTextContent("b.mp3 is damaged");
  });

  test("asks before a folder is taken out", async () => {
    const { fake, user } = await openLibrary({ library: testLibrary({ folders: [{ path: "/music", tracks: 3 }] }) });
    await user.click(screen.getByRole("button", { name: "Take /music out" }));
    expect(fake.sent.filter(({ type }) => type === "library")).toEqual([]);
    await user.click(screen.getByRole("button", { name: "Take it out" }));
    expect(fake.sent.at(-1)).toEqual({ type: "library", command: { type: "removeFolder", path: "/music" } });
  });

  test("lists what decks have played", async () => {
    await openLibrary();
    const list = screen.getByRole("list", { name: "History" });
    const items = await within(list).findAllByRole("listitem");
    expect(items.map((item) => item.textContent.trim().replace(/\s+/g, " "))).toEqual([
      "2026-11-22, 17:02 Kerala 3:07",
      "2026-11-22, 17:01 Bonobo – Kiara 3:07",
    ]);
    expect(screen.getByRole("link", { name: "Save all as CSV" })).toHaveAttribute("href", "/plays.csv");
  });
});

describe("what is on a deck", () => {
  const on = testItem(1, "Kiara", { seconds: 100, cover: true });
  const position = { strip: 1, phase: "paused", item: 1, seconds: 25, length: 90, passing: false } as const;

  async function openDeck(peaks?: number[]) {
    const opened = openConsole({ ...deck, decks: [testDeck(1, [on], { position })] });
    if (peaks) opened.fake.library.waveforms.set(on.path, peaks);
    await opened.user.click(screen.getByRole("button", { name: "Decks" }));
    return opened;
  }

  test("shows its waveform and cover, and goes where the waveform is pressed", async () => {
    const { fake, user } = await openDeck(new Array<number>(2048).fill(7));
    const waveform = await screen.findByTestId("waveform");
    vi.spyOn(waveform, "getBoundingClientRect").mockReturnValue({ left: 10, width: 200 } as DOMRect);
    await user.pointer({ keys: "[MouseLeft]", target: waveform, coords: { clientX: 60 } });
    // A quarter of the whole file, also behind where the item ends.
    expect(fake.sent.at(-1)).toEqual({ type: "deck", strip: 1, command: { type: "seek", seconds: 25 } });
    expect(screen.getByRole("img", { name: "Cover of Kiara" })).toHaveAttribute("src", "/api/decks/1/1/cover");
  });

  test("has no waveform where the file cannot be decoded", async () => {
    const { fake } = await openDeck();
    await waitFor(() => expect(fake.sent).toContainEqual({ type: "readWaveform", path: on.path }));
    expect(screen.queryByTestId("waveform")).toBeNull();
  });
});

test("each pixel has the lowest and the highest of its columns", () => {
  const peaks = [-1, 1, -50, 2, -3, 90, -4, 4];
  expect([0, 1].map((x) => spanAt(peaks, x, 2))).toEqual([
    [-50, 2],
    [-4, 90],
  ]);
  expect([0, 7].map((x) => spanAt(peaks, x, 8))).toEqual([
    [-1, 1],
    [-4, 4],
  ]);
});

test("a scan is told in words and as a part of one, once that is known", () => {
  const counting = { found: 1200, counted: false, looked: 0, current: "" };
  expect([partOf(counting), progressText(counting)]).toEqual([null, "1,200 files found so far"]);
  expect(partOf({ ...counting, counted: true, looked: 300 })).toBe(0.25);
  expect(partOf({ ...counting, found: 0, counted: true })).toBe(1);
  expect(summaryText({ ...nothing, faults: [] })).toBe("3 files looked at: nothing has changed.");
  expect(summaryText({ ...nothing, cancelled: true, faults: [] })).toBe("The last scan was cancelled after 3 files.");
  expect(playedText(testTrack(1, "A"))).toBe("Never played");
});
