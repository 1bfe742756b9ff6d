import { screen, within } from "@testing-library/svelte";
import { expect, test } from "vitest";

import type { PlaybackState } from "../bindings";
import { openConsole } from "../test-desk";
import { outputText } from "./output";

const playing: PlaybackState = {
  state: "playing",
  name: "Headphones",
  rate: 44_100,
  latency: 0.012,
  held: 0,
  ppm: 3,
  error: 0,
  locked: true,
  framesMissing: 0,
};

test("what an output's device holds by itself is told beside the desk's latency", () => {
  expect(outputText(playing).text).not.toContain("held");
  expect(outputText({ ...playing, held: 0.25 }).text).toMatch(/· 12(\.0)? ms \+ 250(\.0)? ms held$/);
});

test("the list of devices has the rate that each runs at and all that it can", () => {
  openConsole();
  const item = screen.getAllByRole("listitem", { hidden: true }).find((entry) => /^Headphones/.test(entry.textContent));
  expect(item).toHaveTextContent("48 kHz · also 44.1 kHz, 96 kHz");
});

test("how a strip's device is resampled is chosen with its source", async () => {
  const { fake, user } = openConsole();
  await user.click(screen.getByRole("button", { name: /^Source of Mic 1/ }));
  const dialog = within(screen.getByRole("dialog", { name: "Source of Mic 1" }));
  const resampling = dialog.getByRole("combobox", { name: "Resampling" });
  expect(resampling).toHaveValue("balanced");
  await user.selectOptions(resampling, "Best: 2.7 ms, to 22 kHz");
  await user.click(dialog.getByRole("button", { name: "Use this source" }));
  expect(fake.desk.strips[0]?.source).toMatchObject({ type: "device", resampling: "best" });
});
