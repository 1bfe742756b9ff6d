import { screen, within } from "@testing-library/svelte";
import { tick } from "svelte";
import { describe, expect, test, vi } from "vitest";

import type { OutputName, OutputState, PlaybackState } from "../bindings";
import { testSnapshot } from "../platform/fakeSnapshot";
import { openConsole } from "../test-desk";
import { outputFacts, outputLine, outputText } from "./output";

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

/** What is told of an output under a name; `null` when nothing is. */
function told(output: RegExp, name: string): HTMLElement | null {
  const group = within(screen.getByRole("group", { name: output }));
  return (group.queryByText(name)?.nextElementSibling as HTMLElement | null | undefined) ?? null;
}

test("what an output's device holds by itself is told beside the desk's latency", () => {
  expect(outputText(playing)).not.toContain("held");
  expect(outputText({ ...playing, held: 0.25 })).toMatch(/· 12(\.0)? ms \+ 250(\.0)? ms held$/);
});

test("frames that an output lacked are told on its bus, too", () => {
  expect(outputLine(playing)).toBe(outputText(playing));
  expect(outputLine({ ...playing, framesMissing: 640 })).toMatch(/ · 640 frames missing$/);
  openConsole({ outputs: outputsWith(testOutput("cue", { framesMissing: 1 })) });
  expect(screen.getByTestId("bus-cue")).toHaveTextContent("1 frame missing");
});

describe("the clock of an output", () => {
  test("is told against the desk's, with how well it is followed", () => {
    openConsole({
      outputs: outputsWith(testOutput("cue"), testOutput("aux1", { ppm: 4, locked: false, error: 0.0021 })),
    });
    expect(told(/^Cue/, "Clock against the desk")).toHaveTextContent("-21 ppm");
    expect(told(/^Cue/, "Followed")).toHaveTextContent("within 30 µs");
    expect(told(/^Cue/, "Followed")).not.toHaveClass("warn");
    expect(told(/^Cue/, "Missing")).toHaveTextContent("none");
    expect(told(/^Aux 1/, "Clock against the desk")).toHaveTextContent("+4 ppm");
    expect(told(/^Aux 1/, "Followed")).toHaveTextContent("not yet, 2.1 ms off");
    expect(told(/^Aux 1/, "Followed")).toHaveClass("warn");
  });

  test("is never said to be followed more exactly than the desk tells", () => {
    const followed = outputFacts(testOutput("cue", { error: 0 }), false).find(({ name }) => name === "Followed");
    expect(followed).toEqual({ name: "Followed", value: "within 10 µs" });
  });

  test("is told against the machine's where the desk follows it", () => {
    openConsole();
    expect(told(/^Main/, "Clock against the machine")).toHaveTextContent("+8 ppm");
    expect(told(/^Main/, "Followed")).toHaveTextContent(/^within \d+ µs$/);
    expect(told(/^Main/, "Missing")).toHaveTextContent("none");
  });

  test("is not told of an output that does not play", () => {
    const playback = { state: "missing", reason: "the headphones are not connected" } as const;
    openConsole({ outputs: outputsWith({ ...testOutput("cue"), playback }) });
    expect(told(/^Cue/, "Clock against the desk")).toBeNull();
    expect(screen.getByRole("combobox", { name: /^Cue output/ })).toHaveAccessibleDescription(
      "The headphones are not connected",
    );
  });
});

test("frames missing at an output ask for attention only while they become more", async () => {
  const now = vi.spyOn(performance, "now").mockReturnValue(0);
  const { fake } = openConsole({ outputs: outputsWith(testOutput("cue", { framesMissing: 64 })) });
  const name = "Missing";
  expect(told(/^Cue/, name)).toHaveTextContent("64 frames");
  expect(told(/^Cue/, name)).not.toHaveClass("warn");
  now.mockReturnValue(60_000);
  fake.emit({ type: "output", value: testOutput("cue", { framesMissing: 128 }) });
  await tick();
  expect(told(/^Cue/, name)).toHaveTextContent("128 frames");
  expect(told(/^Cue/, name)).toHaveClass("warn");
  now.mockRestore();
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
