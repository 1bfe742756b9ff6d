import { screen, within } from "@testing-library/svelte";
import { tick } from "svelte";
import { describe, expect, test } from "vitest";

import type { OutputName, OutputState, PlaybackState } from "../bindings";
import { testSnapshot } from "../platform/fakeSnapshot";
import { openConsole } from "../test-desk";
import { outputText } from "./output";

type Playing = Extract<PlaybackState, { state: "playing" }>;

const HEADPHONES = "pipewire:alsa_output.headphones";

const playing: Playing = {
  state: "playing",
  name: "Headphones",
  rate: 44_100,
  latency: 0.012,
  held: 0,
  ppm: -21,
  error: -0.00003,
  locked: true,
  framesMissing: 0,
};

function testOutput(output: OutputName, changes: Partial<Playing> = {}): OutputState {
  return {
    output,
    device: { type: "device", device: HEADPHONES },
    settings: { resampling: "balanced", exclusive: false },
    playback: { ...playing, ...changes },
  };
}

/** The desk's outputs with these in their places. */
function outputsWith(...wanted: OutputState[]): OutputState[] {
  return testSnapshot().outputs.map((state) => wanted.find(({ output }) => output === state.output) ?? state);
}

test("what an output's device holds by itself is told beside the desk's latency", () => {
  expect(outputText(playing).text).not.toContain("held");
  expect(outputText({ ...playing, held: 0.25 }).text).toMatch(/· 12(\.0)? ms \+ 250(\.0)? ms held$/);
});

describe("the settings of an output", () => {
  test("are reached with Tab and set with keys, and say whose they are", async () => {
    const { fake, user } = openConsole({ exclusiveOutputs: true, outputs: outputsWith(testOutput("cue")) });
    const cue = within(screen.getByRole("group", { name: /^Cue output/ }));
    cue.getByRole("combobox", { name: /^Cue output/ }).focus();
    await user.tab();
    expect(cue.getByRole("combobox", { name: "Resampling for Cue" })).toHaveFocus();
    await user.tab();
    const box = cue.getByRole("checkbox", { name: "Keep other programs away" });
    expect(box).toHaveFocus();
    await user.keyboard(" ");
    expect(fake.sent).toEqual([
      { type: "setOutputSettings", output: "cue", settings: { resampling: "balanced", exclusive: true } },
    ]);
    expect(box).toBeChecked();
    await user.keyboard(" ");
    expect(box).not.toBeChecked();
  });

  test("are shown as they are when the desk refuses others", async () => {
    const { fake, user } = openConsole({ exclusiveOutputs: true });
    fake.refuse = () => ({ code: "unavailable", message: "the engine is stopping" });
    const box = screen.getByRole("checkbox", { name: "Keep other programs away" });
    await user.click(box);
    expect(await screen.findByText("The engine is stopping")).toBeVisible();
    expect(box).not.toBeChecked();
  });

  test("stay under the finger while the device is opened anew", async () => {
    const main = testOutput("main");
    const devices = testSnapshot().devices.map((device) =>
      device.id === HEADPHONES ? { ...device, rate: 44_100 } : device,
    );
    const { fake } = openConsole({ devices, outputs: outputsWith(main) });
    const resampling = screen.getByRole("combobox", { name: "Resampling for Programme" });
    resampling.focus();
    fake.emit({ type: "output", value: { ...main, playback: { state: "opening" } } });
    await tick();
    expect(resampling).toHaveFocus();
    fake.emit({ type: "output", value: { ...main, playback: { ...playing, rate: 48_000 } } });
    await tick();
    expect(resampling).not.toBeInTheDocument();
  });
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
