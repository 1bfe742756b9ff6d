import { screen, within } from "@testing-library/svelte";
import type { UserEvent } from "@testing-library/user-event";
import { tick } from "svelte";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { LoudnessState } from "../bindings";
import type { FakePlatform } from "../platform/fake";
import { unheard } from "../platform/fakeLoudness";
import { openConsole } from "../test-desk";
import { placeOf } from "./scale";

const MEASURED: LoudnessState = {
  ...unheard("programme"),
  momentary: -20.1,
  shortTerm: -21.4,
  integrated: -22.96,
  range: 5.2,
  truePeakMax: -0.4,
  correlation: 0.75,
  seconds: 754,
};

async function openLoudness(state: LoudnessState = MEASURED): Promise<ReturnType<typeof openConsole>> {
  const opened = openConsole({ loudness: [state] });
  await opened.user.click(screen.getByRole("button", { name: "Loudness" }));
  return opened;
}

const bar = (name: string): HTMLElement => screen.getByRole("meter", { name: `${name} loudness, Programme` });

beforeEach(() => localStorage.clear());
afterEach(() => vi.useRealTimers());

test("the scale goes from 18 LU below the target to 9 LU above it", () => {
  expect([-50, -41, -23, -14, 0].map((lufs) => placeOf(lufs, -23))).toEqual([0, 0, 2 / 3, 1, 1]);
  expect(placeOf(null, -23)).toBe(0);
});

describe("the loudness of the programme", () => {
  test("is shown as the station measures it", async () => {
    const { fake } = await openLoudness();
    expect(bar("Momentary")).toHaveAttribute("aria-valuetext", "-20.1 LUFS");
    expect(bar("Integrated")).toHaveAttribute("aria-valuetext", "-23.0 LUFS");
    const panel = within(screen.getByTestId("loudness-programme"));
    for (const text of ["5.2 LU", "-0.4 dBTP", "+0.75", "12:34"]) expect(panel.getByText(text)).toBeVisible();
    expect(panel.getByText("-0.4 dBTP")).toHaveClass("warn");
    fake.emit({ type: "loudness", value: { ...MEASURED, shortTerm: -19 } });
    await tick();
    expect(bar("Short-term")).toHaveAttribute("aria-valuetext", "-19.0 LUFS");
  });

  test("that was not heard long enough claims nothing", async () => {
    await openLoudness(unheard("programme"));
    expect(bar("Integrated")).toHaveAttribute("aria-valuetext", "not measured yet");
  });

  test("is begun anew", async () => {
    const { fake, user } = await openLoudness();
    await user.click(screen.getByRole("button", { name: "Reset loudness of Programme" }));
    expect(fake.sent).toEqual([{ type: "resetLoudness", bus: "programme" }]);
  });

  test("is judged by the target, which this console keeps", async () => {
    const { user } = await openLoudness();
    expect(bar("Momentary")).toHaveAttribute("aria-valuemax", "-14");
    await user.selectOptions(screen.getByRole("combobox", { name: "Loudness target" }), "-16 LUFS, streams");
    expect(bar("Momentary")).toHaveAttribute("aria-valuemax", "-7");
    await user.click(screen.getByRole("button", { name: "Show" }));
    await user.click(screen.getByRole("button", { name: "Loudness" }));
    expect(bar("Momentary")).toHaveAttribute("aria-valuemax", "-7");
  });
});

test("another bus is measured on demand, and the programme always", async () => {
  const { fake, user } = await openLoudness();
  expect(screen.queryByRole("button", { name: "Measure Programme no more" })).toBeNull();
  const list = screen.getByRole("combobox", { name: "Measure another bus" });
  await user.selectOptions(list, "Aux 2");
  expect(fake.sent.at(-1)).toEqual({ type: "measureLoudness", bus: "aux2", on: true });
  expect(await screen.findByTestId("loudness-aux2")).toBeVisible();
  expect(list).toHaveValue("none");
  await user.click(screen.getByRole("button", { name: "Measure Aux 2 no more" }));
  expect(screen.queryByTestId("loudness-aux2")).toBeNull();
});

describe("the spectrum", () => {
  const spectrum = { of: { bus: "cue" as const }, frequencies: [100, 1000, 10_000], levels: [-40, -20, null] };
  const choose = (name: string, user: UserEvent): Promise<void> =>
    user.selectOptions(screen.getByRole("combobox", { name: "Spectrum of" }), name);
  const asked = (fake: FakePlatform): unknown[] => fake.sent.filter(({ type }) => type === "showSpectrum");

  test("is asked for again while it is looked at, and no longer", async () => {
    const { fake, user } = await openLoudness();
    vi.useFakeTimers({ shouldAdvanceTime: true });
    await choose("Cue", user);
    fake.emit({ type: "spectrum", value: spectrum });
    expect(await screen.findByRole("img", { name: "Spectrum of Cue: loudest at 1 kHz, -20 dBFS" })).toBeVisible();
    expect(asked(fake)).toEqual([{ type: "showSpectrum", of: { bus: "cue" } }]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(asked(fake).length).toBeGreaterThanOrEqual(3);
    await choose("No spectrum", user);
    const last = asked(fake).length;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked(fake)).toHaveLength(last);
  });

  test("of a strip goes with the strip, and another console's is left alone", async () => {
    const { fake, user } = await openLoudness();
    const strip = fake.desk.strips[0];
    if (!strip) throw new Error("the desk has no strip");
    await choose(strip.name, user);
    expect(asked(fake)).toEqual([{ type: "showSpectrum", of: { strip: strip.id } }]);
    fake.emit({ type: "spectrum", value: spectrum });
    await tick();
    expect(screen.queryByTestId("spectrum")).toBeNull();
    fake.emit({ type: "spectrum", value: { ...spectrum, of: { strip: strip.id } } });
    const name = `Spectrum of ${strip.name}: loudest at 1 kHz, -20 dBFS`;
    expect(await screen.findByRole("img", { name })).toBeVisible();
    fake.emit({ type: "stripRemoved", value: strip.id });
    await tick();
    expect(screen.queryByTestId("spectrum")).toBeNull();
    expect(screen.getByRole("combobox", { name: "Spectrum of" })).toHaveDisplayValue("No spectrum");
  });

  test("that the desk refuses says why, and is not asked for for ever", async () => {
    const { fake, user } = await openLoudness();
    fake.refuse = ({ type }) =>
      type === "showSpectrum" ? { code: "tooManyStrips", message: "four strips are looked at already" } : null;
    vi.useFakeTimers({ shouldAdvanceTime: true });
    await choose("Cue", user);
    expect(await screen.findByText(/^Four strips are looked at already/)).toBeVisible();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked(fake)).toHaveLength(1);
  });

  test("does not stand still as if it were heard when no more of it comes", async () => {
    const { fake, user } = await openLoudness();
    await choose("Cue", user);
    vi.useFakeTimers();
    fake.emit({ type: "spectrum", value: spectrum });
    await tick();
    expect(screen.getByTestId("spectrum")).toBeVisible();
    vi.advanceTimersByTime(2_100);
    await tick();
    expect(screen.queryByTestId("spectrum")).toBeNull();
  });

  test("is behind the equaliser of an open channel, when it is wanted", async () => {
    const { fake, user } = await openLoudness();
    const strip = fake.desk.strips[0];
    if (!strip) throw new Error("the desk has no strip");
    await user.click(screen.getByRole("button", { name: new RegExp(`^Stages of ${strip.name}`) }));
    expect(asked(fake)).toEqual([]);
    await user.click(screen.getByRole("button", { name: `Spectrum, ${strip.name}` }));
    expect(asked(fake)).toEqual([{ type: "showSpectrum", of: { strip: strip.id } }]);
    fake.emit({ type: "spectrum", value: { ...spectrum, of: { strip: strip.id } } });
    const equaliser = within(screen.getByRole("group", { name: `Equaliser, ${strip.name}` }));
    expect(await equaliser.findByRole("img", { name: /^Spectrum of .*: loudest at 1 kHz/ })).toBeVisible();
  });
});
