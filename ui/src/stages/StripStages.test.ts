import { fireEvent, screen, within } from "@testing-library/svelte";
import { tick } from "svelte";
import { describe, expect, test, vi } from "vitest";

import type { AudioCommand, ChainSettings } from "../bindings";
import { atRest, quietFrame, silence } from "../meter/frame";
import { testBus, testChain, testStrip } from "../platform/fakeStrip";
import { openConsole } from "../test-desk";

type Open = ReturnType<typeof openConsole>;

async function openStages(of = "Mic 1", changes: Parameters<typeof openConsole>[0] = {}): Promise<Open> {
  const opened = openConsole(changes);
  await opened.user.click(screen.getByRole("button", { name: new RegExp(`^Stages of ${of}:`) }));
  return opened;
}

const knob = (name: string): HTMLElement => screen.getByRole("slider", { name });
const last = (sent: AudioCommand[]): AudioCommand | undefined => sent.at(-1);
const stages = (sent: AudioCommand[]): ChainSettings => {
  const command = last(sent);
  if (command?.type !== "setStages") throw new Error(`not stages but ${command?.type}`);
  return command.stages;
};

describe("the button of the stages", () => {
  test("says which stages are on, and a flat equaliser is not", async () => {
    const chain = testChain();
    chain.highPass.on = true;
    chain.compressor.on = true;
    openConsole({ strips: [testStrip(1, { chain }), testStrip(2)] });
    expect(screen.getByRole("button", { name: "Stages of Mic 1: high-pass, compressor on" })).toBeVisible();
    expect(screen.getByRole("button", { name: "Stages of Mic 2: no stage on" })).toBeVisible();
  });

  test("opens the stages above the faders, which stay in reach, and Escape gives the focus back", async () => {
    const { fake, user } = await openStages();
    const button = screen.getByRole("button", { name: /^Stages of Mic 1:/ });
    expect(button).toHaveAttribute("aria-expanded", "true");
    await user.click(screen.getByRole("button", { name: "Mute Mic 2" }));
    expect(last(fake.sent)).toEqual({ type: "setMute", strip: 2, on: true });
    knob("Gate threshold, Mic 1").focus();
    await user.keyboard("m{Escape}");
    expect(last(fake.sent)).toEqual({ type: "setMute", strip: 1, on: true });
    expect(screen.queryByTestId("stages")).toBeNull();
    expect(button).toHaveFocus();
  });

  test("has a key, E, on the strip that has the focus", async () => {
    const { user } = openConsole();
    await user.keyboard("e");
    expect(screen.queryByTestId("stages")).toBeNull();
    screen.getByRole("slider", { name: "Fader, Mic 2" }).focus();
    await user.keyboard("e");
    expect(screen.getByRole("heading", { name: "Stages of Mic 2" })).toBeVisible();
    await user.keyboard("e");
    expect(screen.queryByTestId("stages")).toBeNull();
    expect(screen.getByRole("slider", { name: "Fader, Mic 2" })).toHaveFocus();
  });

  test("shows another strip's stages in their place, and none when that strip is gone", async () => {
    const { fake, user } = await openStages();
    await user.click(screen.getByRole("button", { name: /^Stages of Mic 2:/ }));
    expect(screen.getByRole("heading", { name: "Stages of Mic 2" })).toBeVisible();
    expect(screen.getAllByTestId("stages")).toHaveLength(1);
    fake.emit({ type: "stripRemoved", value: 2 });
    await tick();
    expect(screen.queryByTestId("stages")).toBeNull();
  });
});

describe("a strip's stages", () => {
  test("are sent whole, with what was changed in them", async () => {
    const { fake, user } = await openStages();
    await user.click(screen.getByRole("button", { name: "High-pass, Mic 1" }));
    expect(stages(fake.sent)).toEqual({ ...testChain(), highPass: { on: true, frequency: 80, slope: "gentle" } });
    await user.selectOptions(screen.getByRole("combobox", { name: "High-pass slope per octave, Mic 1" }), "24 dB");
    expect(stages(fake.sent).highPass).toEqual({ on: true, frequency: 80, slope: "steep" });
  });

  test("go once per drawn frame while a knob is dragged, the last value always", async () => {
    const { fake } = await openStages();
    let frames: (() => void)[] = [];
    vi.stubGlobal("requestAnimationFrame", (run: () => void) => frames.push(run));
    vi.stubGlobal("cancelAnimationFrame", () => (frames = []));
    try {
      const threshold = knob("Compressor threshold, Mic 1");
      await fireEvent.pointerDown(threshold, { button: 0, clientY: 200, pointerId: 1 });
      for (const clientY of [190, 180, 160]) await fireEvent.pointerMove(threshold, { clientY, pointerId: 1 });
      expect(fake.sent).toEqual([]);
      for (const run of frames.splice(0)) run();
      expect(fake.sent).toHaveLength(1);
      expect(stages(fake.sent).compressor.thresholdDbfs).toBe(-3);
      await fireEvent.pointerMove(threshold, { clientY: 168, pointerId: 1 });
      await fireEvent.pointerUp(threshold, { pointerId: 1 });
      expect(fake.sent).toHaveLength(2);
      expect(stages(fake.sent).compressor.thresholdDbfs).toBe(-6);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test("lose nothing of each other when two are changed before the station has confirmed", async () => {
    const { fake } = await openStages();
    fake.emit = () => undefined;
    await fireEvent.keyDown(knob("Gate range, Mic 1"), { key: "Home" });
    await fireEvent.keyDown(knob("De-esser range, Mic 1"), { key: "End" });
    expect(stages(fake.sent)).toMatchObject({ gate: { rangeDb: 0 }, deEsser: { rangeDb: 24 } });
  });

  test.each([
    ["Gate attack, Mic 1", "0.1 ms", "200 ms", "1 ms"],
    ["Gate hold, Mic 1", "0 ms", "2 s", "50 ms"],
    ["Gate ratio, Mic 1", "1.0:1", "100:1", "3.0:1"],
    ["Gate side-chain high-pass, Mic 1", "off", "500 Hz", "off"],
    ["Compressor ratio, Mic 1", "1.0:1", "limit", "3.0:1"],
    ["Compressor make-up, Mic 1", "-20.0 dB", "+24.0 dB", "0.0 dB"],
    ["De-esser frequency, Mic 1", "2 kHz", "12 kHz", "6 kHz"],
    ["Band 3 frequency, Mic 1", "20 Hz", "20 kHz", "2.5 kHz"],
    ["Band 1 Q, Mic 1", "0.10", "20.00", "0.71"],
  ])("%s goes from %s to %s, and back to %s with Delete", async (name, lowest, highest, usual) => {
    const { user } = await openStages();
    knob(name).focus();
    for (const [key, text] of [
      ["{Home}", lowest],
      ["{End}", highest],
      ["{Delete}", usual],
    ] as const) {
      await user.keyboard(key);
      expect(knob(name)).toHaveAttribute("aria-valuetext", text);
    }
  });

  test("take what is typed: a frequency in kHz, a limit", async () => {
    const { fake, user } = await openStages();
    for (const [name, typed] of [
      ["Band 2 frequency, Mic 1", "1.2k"],
      ["Compressor ratio, Mic 1", "limit"],
    ] as const) {
      knob(name).focus();
      await user.keyboard("{Enter}");
      const entry = screen.getByRole("textbox", { name: `${name}, value` });
      await user.clear(entry);
      await user.type(entry, `${typed}{Enter}`);
    }
    expect(stages(fake.sent).equaliser.bands[1].frequency).toBe(1200);
    expect(stages(fake.sent).compressor.ratio).toBe("limit");
  });

  test("show by how much they turn down", async () => {
    const { fake } = await openStages();
    const reductions = { ...atRest(), compressor: -6.25 };
    fake.emitMeters(quietFrame({ strips: [{ id: 1, levels: silence(), reductions }] }));
    const meter = screen.getByRole("meter", { name: "Compressor reduction, Mic 1" });
    await vi.waitFor(() => expect(meter).toHaveAttribute("aria-valuetext", "turns down by 6.3 dB"));
    expect(screen.getByRole("meter", { name: "Gate reduction, Mic 1" })).toHaveAttribute("aria-valuetext", "at rest");
  });
});

describe("what comes in and goes out of a strip", () => {
  test("is chosen at once", async () => {
    const { fake, user } = await openStages();
    const choose = async (name: string, text: string): Promise<AudioCommand | undefined> => {
      await user.selectOptions(screen.getByRole("combobox", { name: `${name}, Mic 1` }), text);
      return last(fake.sent);
    };
    expect(await choose("Channels", "Left only")).toEqual({ type: "setChannels", strip: 1, mode: "leftOnly" });
    expect(await choose("Pan law", "Balance")).toEqual({ type: "setPanLaw", strip: 1, law: "balance" });
    expect(await choose("VCA group", "VCA 3")).toEqual({ type: "setVca", strip: 1, vca: 2 });
    expect(await choose("VCA group", "None")).toEqual({ type: "setVca", strip: 1, vca: null });
    expect(await choose("Part in talkover", "Microphone")).toEqual({ type: "setTalkoverPart", strip: 1, part: "key" });
    await user.click(screen.getByRole("button", { name: "Turn polarity, right, Mic 1" }));
    expect(last(fake.sent)).toEqual({ type: "setInverted", strip: 1, left: false, right: true });
    knob("Delay, Mic 1").focus();
    await user.keyboard("{End}");
    expect(last(fake.sent)).toEqual({ type: "setDelay", strip: 1, settings: { delayMs: 500 } });
  });

  test("a send is off until it is turned up, and may leave before the fader", async () => {
    const { fake, user } = await openStages();
    const send = knob("Send to Aux 2, Mic 1");
    expect(send).toHaveAttribute("aria-valuetext", "off");
    send.focus();
    await user.keyboard("-6{Enter}");
    expect(last(fake.sent)).toEqual({ type: "setSend", strip: 1, to: "aux2", level: -6, tap: "postFader" });
    await user.click(screen.getByRole("button", { name: "Before the fader, Aux 2, Mic 1" }));
    expect(last(fake.sent)).toEqual({ type: "setSend", strip: 1, to: "aux2", level: -6, tap: "preFader" });
    await fireEvent.dblClick(send);
    expect(last(fake.sent)).toEqual({ type: "setSend", strip: 1, to: "aux2", level: null, tap: "preFader" });
  });
});

describe("the stages of a bus", () => {
  test("has an equaliser and a compressor, sent together", async () => {
    const { fake, user } = await openStages("Programme");
    await user.click(screen.getByRole("button", { name: "Compressor, Programme" }));
    const { stages } = testBus("programme");
    expect(last(fake.sent)).toEqual({
      type: "setBusStages",
      bus: "programme",
      stages: { ...stages, compressor: { ...stages.compressor, on: true } },
    });
    expect(within(screen.getByTestId("stages")).queryByText("Gate")).toBeNull();
  });

  test("of an aux bus chooses who hears the programme without himself", async () => {
    const buses = [testBus("programme"), testBus("cue"), testBus("aux1", { without: 2 })];
    const { fake, user } = await openStages("Aux 1", { buses });
    const mixMinus = screen.getByRole("combobox", { name: "Mix-minus, Aux 1" });
    expect(mixMinus).toHaveDisplayValue("Programme without Mic 2");
    await user.selectOptions(mixMinus, "Programme without Mic 1");
    expect(last(fake.sent)).toEqual({ type: "setMixMinus", bus: "aux1", without: 1 });
    await user.selectOptions(mixMinus, "Sends only");
    expect(last(fake.sent)).toEqual({ type: "setMixMinus", bus: "aux1", without: null });
  });
});
