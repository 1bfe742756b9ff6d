import { screen, within } from "@testing-library/svelte";
import { expect, test } from "vitest";

import { testHls, testListening } from "../platform/fakeOutputs";
import { openConsole } from "../test-desk";

test("each open mount says how many listen, and who was too slow", () => {
  const [mp3, ...others] = testListening().mounts;
  if (!mp3) throw new Error("there is a mount for MP3");
  const open = { ...mp3, openSeconds: 60, listeners: 3, peak: 5, total: 9, evicted: 1, bytesSent: 2_000_000 };
  openConsole({ listening: testListening({ on: true, listeners: 3, mounts: [open, ...others] }) });
  expect(screen.getByText("MP3 128 kbit/s").nextElementSibling).toHaveTextContent(
    "3 now, 5 at most, 9 in all, 1 too slow; 2.00 MB sent",
  );
  expect(screen.queryByText(/^Vorbis 128/)).toBeNull();
});

test("a mount is closed, sounds otherwise and serves as many as are chosen", async () => {
  const { fake, user } = openConsole();
  const usual = testListening().settings;
  const panel = within(screen.getByRole("region", { name: "Listeners" }));
  await user.click(panel.getByText("Mounts"));
  await user.click(panel.getByRole("checkbox", { name: "/live.flac" }));
  await user.selectOptions(panel.getByRole("combobox", { name: "Bit rate of Opus listeners" }), "64 kbit/s");
  await user.selectOptions(panel.getByRole("combobox", { name: "Most listeners" }), "5,000 listeners");
  await user.selectOptions(panel.getByRole("combobox", { name: "Burst for a new listener" }), "5 s");
  const flac = { open: false, bits: 16 };
  const opus = { open: true, bitRate: 64 };
  expect(fake.sent.map((command) => ("settings" in command ? command.settings : command))).toEqual([
    { ...usual, flac },
    { ...usual, flac, opus },
    { ...usual, flac, opus, listenersMax: 5000 },
    { ...usual, flac, opus, listenersMax: 5000, burstSeconds: 5 },
  ]);
});

test("HLS is turned on, and says when nothing reaches its folder", async () => {
  const { fake, user } = openConsole();
  await user.click(screen.getByRole("button", { name: "Write HLS" }));
  expect(fake.sent).toEqual([{ type: "setHls", settings: { ...testHls().settings, on: true } }]);
  expect(screen.getByText("the first segment is on its way")).toBeVisible();
  const reason = "the disk of /srv/hls is full; make room there, or choose another folder";
  fake.emit({ type: "hls", value: testHls({ writing: { state: "fault", reason, secondsLost: 6 } }) });
  expect(await screen.findByText(reason)).toBeVisible();
  expect(screen.getByText("6.0 s of the programme")).toBeVisible();
});
