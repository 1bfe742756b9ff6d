import { screen, within } from "@testing-library/svelte";
import { expect, test } from "vitest";

import type { BlackBoxRun } from "../bindings";
import { testBlackBox } from "../platform/fakeOutputs";
import { openConsole } from "../test-desk";
import { length, minutesText } from "./blackBox";

const OLD: BlackBoxRun = { id: 7, current: false, began: "2026-11-22T20:15:30+01:00", seconds: 754, lanes: [] };

function panel(): ReturnType<typeof within> {
  return within(screen.getByRole("region", { name: "Black box" }));
}

test("how much is held is told in hours and bytes", () => {
  openConsole();
  expect(panel().getByText("1 h 12 min, 3.38 GB")).toBeVisible();
  expect(panel().getByText("programme, 2 strips")).toBeVisible();
});

test("the last minutes are kept and their files are named", async () => {
  const { fake, user } = openConsole();
  await user.selectOptions(panel().getByRole("combobox", { name: "How much to keep" }), "the last 30 minutes");
  await user.click(panel().getByRole("button", { name: "Keep" }));
  expect(fake.sent).toEqual([{ type: "keepLast", seconds: 1800, run: null, folder: null }]);
  expect(await panel().findByText("/home/studio/Recordings/kept - Mic 2.flac")).toBeVisible();
});

test("what an earlier desk held can be chosen", async () => {
  const now = testBlackBox(60);
  const { fake, user } = openConsole({ blackBox: { ...now, runs: [OLD, ...now.runs] } });
  await user.selectOptions(panel().getByRole("combobox", { name: "Of which run" }), "before: 2026-11-22 20:15, 12 min");
  await user.click(panel().getByRole("button", { name: "Keep" }));
  expect(fake.sent).toEqual([{ type: "keepLast", seconds: 600, run: 7, folder: null }]);
  // It has made room since.
  fake.emit({ type: "blackBox", value: now });
  await user.click(await panel().findByRole("button", { name: "Keep" }));
  expect(fake.sent.at(-1)).toMatchObject({ run: null });
});

test("while something is kept its progress is told, and nothing else can be kept", async () => {
  const { fake } = openConsole();
  fake.emit({ type: "blackBox", value: testBlackBox(60, { keeping: { seconds: 600, progress: 0.42 } }) });
  expect(await panel().findByRole("status")).toHaveTextContent("Keeping 10 min: 42 %");
  expect(panel().getByRole("button", { name: "Keep" })).toBeDisabled();
});

test("a fault is told in words, and one that is off holds nothing", async () => {
  const { fake } = openConsole();
  const reason = "the black box has stopped: there is no room for it in /data; make room";
  const phase = { state: "halted", reason, triesAgain: true } as const;
  fake.emit({ type: "blackBox", value: testBlackBox(60, { phase, framesNotWritten: 24_000 }) });
  expect(await panel().findByText(/^The black box has stopped: there is no room/)).toBeVisible();
  expect(panel().getByText("24,000 frames")).toBeVisible();
  fake.emit({ type: "blackBox", value: testBlackBox(0, { phase: { state: "off" }, runs: [], bytes: 0 }) });
  expect(await panel().findByText("off")).toBeVisible();
  expect(panel().queryByRole("button", { name: "Keep" })).toBeNull();
});

test("it is switched off and limited in its settings, and an empty folder is the desk's own", async () => {
  const { fake, user } = openConsole();
  await user.click(panel().getByRole("button", { name: "Black box settings" }));
  const dialog = within(screen.getByRole("dialog", { name: "Black box settings" }));
  await user.click(dialog.getByRole("checkbox", { name: "Hold what is heard" }));
  await user.type(dialog.getByRole("spinbutton", { name: "At the most, MB" }), "5000");
  await user.type(dialog.getByRole("textbox", { name: "Folder" }), "  ");
  await user.selectOptions(dialog.getByRole("combobox", { name: "Kept as" }), "WAV, 24-bit");
  expect(dialog.queryByRole("option", { name: "MP3" })).toBeNull();
  await user.click(dialog.getByRole("button", { name: "Save" }));
  const settings = { on: false, folder: null, minutes: 120, megabytes: 5000, lanes: "allStrips", format: "pcm24" };
  expect(fake.sent).toEqual([{ type: "setBlackBox", settings }]);
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("times are written as people say them", () => {
  expect([length(12.9), length(61), length(7200)]).toEqual(["12 s", "1 min", "2 h 0 min"]);
  expect([minutesText(1), minutesText(30), minutesText(120)]).toEqual(["1 minute", "30 minutes", "2 hours"]);
});
