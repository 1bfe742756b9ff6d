import { screen, within } from "@testing-library/svelte";
import { tick } from "svelte";
import { describe, expect, test } from "vitest";

import type { TimelineEntry } from "../bindings";
import { openConsole } from "../test-desk";

function entry(number: number, text: string): Omit<TimelineEntry, "kind"> {
  return {
    number,
    desk: 1,
    time: `2026-11-${number < 100 ? "21" : "22"}T17:04:05.123+01:00`,
    seconds: number,
    frame: number * 48_000,
    subject: "programme",
    cause: null,
    position: null,
    text,
  };
}

function title(number: number, title = `Song ${number}`): TimelineEntry {
  return { ...entry(number, `title: ${title}`), kind: "title", title };
}

function loss(number: number, frames: number): TimelineEntry {
  return { ...entry(number, `lost ${frames} frames of stream`), kind: "loss", frames, seconds: 1 };
}

async function openTimeline(timeline: TimelineEntry[]): Promise<ReturnType<typeof openConsole>> {
  const opened = openConsole();
  opened.fake.timeline = timeline;
  await opened.user.click(screen.getByRole("button", { name: "Timeline" }));
  await settled();
  return opened;
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await tick();
}

/** What is drawn of the entries, without the headings of days. */
function shown(): string[] {
  const list = within(screen.getByRole("list", { name: "Timeline" }));
  return list
    .queryAllByRole("listitem")
    .filter((item) => item.querySelector("time"))
    .map((item) => item.querySelector("p")?.textContent?.trim() ?? "");
}

describe("the timeline", () => {
  test("shows the newest first, under their days, with why", async () => {
    const cause = { ...title(100), cause: "the key was pressed" };
    await openTimeline([title(99, "Evening"), cause]);
    expect(shown().map((text) => text.replace(/\s+/g, " "))).toEqual([
      "Title: Song 100 The key was pressed",
      "Title: Evening",
    ]);
    expect(screen.getByText("2026-11-22")).toBeVisible();
    expect(screen.getByText("2026-11-21")).toBeVisible();
  });

  test("follows what happens, and a loss that goes on stays one entry", async () => {
    const { fake } = await openTimeline([title(1)]);
    fake.emit({ type: "timeline", value: loss(2, 480) });
    fake.emit({ type: "timeline", value: loss(2, 960) });
    await settled();
    expect(shown()).toEqual(["Lost 960 frames of stream", "Title: Song 1"]);
  });

  test("is narrowed to a kind and to words, also what happens then", async () => {
    const { fake, user } = await openTimeline([title(1), loss(2, 480)]);
    await user.selectOptions(screen.getByRole("combobox", { name: "Show" }), "Titles");
    await settled();
    expect(fake.sent.at(-1)).toMatchObject({ type: "readTimeline", before: null, kinds: ["title"], words: "" });
    expect(shown()).toEqual(["Title: Song 1"]);
    fake.emit({ type: "timeline", value: loss(3, 1) });
    fake.emit({ type: "timeline", value: title(4, "Ночь") });
    await settled();
    expect(shown()).toEqual(["Title: Ночь", "Title: Song 1"]);
    await user.type(screen.getByRole("searchbox", { name: "With the words" }), "song");
    await settled();
    expect(shown()).toEqual(["Title: Song 1"]);
  });

  test("loads older entries with the keyboard until there are none", async () => {
    const { user } = await openTimeline(Array.from({ length: 120 }, (_, index) => title(index + 1)));
    expect(shown()).toHaveLength(50);
    screen.getByRole("button", { name: "Load older" }).focus();
    await user.keyboard("{Enter}");
    await settled();
    expect(shown()).toHaveLength(100);
    screen.getByRole("button", { name: "Load older" }).focus();
    await user.keyboard("{Enter}");
    await settled();
    expect(shown()).toHaveLength(120);
    expect(screen.queryByRole("button", { name: "Load older" })).toBeNull();
  });

  test("says why it cannot be read, and reads again when the line is back", async () => {
    const { fake, user } = openConsole();
    fake.timeline = [title(1)];
    fake.refuse = ({ type }) =>
      type === "readTimeline" ? { code: "storage", message: "the library is broken" } : null;
    await user.click(screen.getByRole("button", { name: "Timeline" }));
    await settled();
    expect(screen.getByText("The library is broken")).toBeVisible();
    fake.refuse = () => null;
    fake.showAgain();
    await settled();
    expect(shown()).toEqual(["Title: Song 1"]);
    expect(screen.queryByText("The library is broken")).toBeNull();
  });

  test("can be saved as a whole where the desk serves it", async () => {
    await openTimeline([]);
    expect(screen.getByText("Nothing like this has happened.")).toBeVisible();
    const link = screen.getByRole("link", { name: "Save all as CSV" });
    expect(link).toHaveAttribute("href", "/timeline.csv");
    expect(link).toHaveAttribute("download");
  });

  test("a title is text, whatever it holds", async () => {
    await openTimeline([title(1, "<img src=x onerror=alert(1)>")]);
    expect(document.querySelector("ol img")).toBeNull();
    expect(shown()).toEqual(["Title: <img src=x onerror=alert(1)>"]);
  });
});

describe("where the web view saves nothing by itself", () => {
  async function openSaving(saveTimeline: () => Promise<string | null>): Promise<ReturnType<typeof openConsole>> {
    const opened = openConsole();
    opened.fake.timelineTable = null;
    opened.fake.saveTimeline = saveTimeline;
    await opened.user.click(screen.getByRole("button", { name: "Timeline" }));
    await settled();
    return opened;
  }

  test("the whole timeline is written where the operator wants it, and that is told", async () => {
    const { user } = await openSaving(() => Promise.resolve("/home/ann/airdesk-timeline.csv"));
    await user.click(screen.getByRole("button", { name: "Save all as CSV…" }));
    expect(await screen.findByText("The timeline is in /home/ann/airdesk-timeline.csv.")).toBeVisible();
  });

  test("a disk that refuses is told", async () => {
    const refused = { code: "storage", message: "/media/ann cannot be written: it is full" };
    const { user } = await openSaving(() => Promise.reject(refused as unknown as Error));
    await user.click(screen.getByRole("button", { name: "Save all as CSV…" }));
    expect(await screen.findByText("/media/ann cannot be written: it is full")).toBeVisible();
  });
});
