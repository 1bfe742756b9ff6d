import { fireEvent, screen, within } from "@testing-library/svelte";
import { tick } from "svelte";
import { describe, expect, test, vi } from "vitest";

import type { Snapshot } from "../bindings";
import { INTERFACE } from "../platform/fakeDevices";
import { testStrip } from "../platform/fakeStrip";
import { openConsole } from "../test-desk";

const fader = (): HTMLElement => screen.getByRole("slider", { name: "Fader, Mic 1" });

describe("a strip's switches", () => {
  test("show what the station confirmed and ask for the opposite", async () => {
    const { fake, user } = openConsole();
    const mute = screen.getByRole("button", { name: "Mute Mic 1" });
    expect(mute).toHaveAttribute("aria-pressed", "false");
    await user.click(mute);
    expect(fake.sent).toContainEqual({ type: "setMute", strip: 1, on: true });
    expect(mute).toHaveAttribute("aria-pressed", "true");
  });

  test("stay as they are when the station refuses, and the reason is shown", async () => {
    const { fake, user } = openConsole();
    fake.refuse = () => ({ code: "unavailable", message: "the engine is stopping" });
    await user.click(screen.getByRole("button", { name: "Cue Mic 1" }));
    expect(screen.getByRole("button", { name: "Cue Mic 1" })).toHaveAttribute("aria-pressed", "false");
    expect(await screen.findByText("The engine is stopping")).toBeVisible();
  });

  test("are named after their strip", () => {
    openConsole();
    for (const name of ["Mute Mic 2", "Solo Mic 2", "Solo safe Mic 2", "Cue Mic 2"]) {
      expect(screen.getByRole("button", { name })).toBeVisible();
    }
  });
});

describe("a fader", () => {
  test("says its level in dB", () => {
    openConsole({ strips: [testStrip(1, { fader: -6 }), testStrip(2, { fader: null })] });
    expect(fader()).toHaveAttribute("aria-valuenow", "-6");
    expect(fader()).toHaveAttribute("aria-valuetext", "-6.0 dB");
    expect(screen.getByRole("slider", { name: "Fader, Mic 2" })).toHaveAttribute("aria-valuetext", "off");
  });

  test("follows the keys: half a dB, with Shift a tenth, pages 3 dB, Home off, End unity", async () => {
    const { fake, user } = openConsole();
    fader().focus();
    const levels = async (keys: string): Promise<unknown> => {
      await user.keyboard(keys);
      const last = fake.sent.at(-1);
      return last?.type === "setFader" ? last.level : "nothing was sent";
    };
    expect(await levels("{ArrowDown}")).toBe(-0.5);
    expect(await levels("{Shift>}{ArrowUp}{/Shift}")).toBe(-0.4);
    expect(await levels("{PageDown}")).toBe(-3.4);
    expect(await levels("{Home}")).toBeNull();
    expect(await levels("{End}")).toBe(0);
  });

  test("takes a typed level, and leaves it as it was on Escape", async () => {
    const { fake, user } = openConsole();
    fader().focus();
    await user.keyboard("-12,5{Enter}");
    expect(fake.sent).toContainEqual({ type: "setFader", strip: 1, level: -12.5 });
    expect(fader()).toHaveFocus();
    fake.sent.length = 0;
    await user.keyboard("-9{Escape}");
    expect(fake.sent).toEqual([]);
  });

  test("keeps asking when what was typed is no level", async () => {
    const { fake, user } = openConsole();
    fader().focus();
    await user.keyboard("{Enter}");
    await user.keyboard("loud{Enter}");
    expect(fake.sent).toEqual([]);
    expect(screen.getByRole("textbox", { name: "Fader, Mic 1, level in dB" })).toBeInvalid();
  });

  test("moves from where it is grabbed, and shows its own value until it is let go", async () => {
    const { fake } = openConsole();
    vi.spyOn(fader(), "clientHeight", "get").mockReturnValue(400);
    await fireEvent.pointerDown(fader(), { button: 0, clientY: 30, pointerId: 1 });
    await fireEvent.pointerMove(fader(), { clientY: 130, pointerId: 1 });
    expect(fader()).toHaveAttribute("aria-valuetext", "-10.0 dB");
    fake.emit({ type: "strip", value: testStrip(1, { fader: 5 }) });
    await tick();
    expect(fader()).toHaveAttribute("aria-valuetext", "-10.0 dB");
    await fireEvent.pointerUp(fader(), { pointerId: 1 });
    expect(fake.sent).toEqual([{ type: "setFader", strip: 1, level: -10 }]);
  });

  test("does not jump when it is only pressed", async () => {
    const { fake } = openConsole();
    await fireEvent.pointerDown(fader(), { button: 0, clientY: 390, pointerId: 1 });
    await fireEvent.pointerUp(fader(), { pointerId: 1 });
    expect(fake.sent).toEqual([]);
  });

  test("goes to unity on a double click", async () => {
    const { fake } = openConsole({ strips: [testStrip(1, { fader: -30 })] });
    await fireEvent.dblClick(fader());
    expect(fake.sent).toContainEqual({ type: "setFader", strip: 1, level: 0 });
  });

  test("follows the wheel", async () => {
    const { fake } = openConsole();
    await fireEvent.wheel(fader(), { deltaY: 120 });
    expect(fake.sent).toContainEqual({ type: "setFader", strip: 1, level: -0.5 });
  });
});

describe("trim and pan", () => {
  test("are knobs with their units, back to neutral on a double click", async () => {
    const { fake } = openConsole({ strips: [testStrip(1, { trim: 24, pan: -0.4 })] });
    expect(screen.getByRole("slider", { name: "Trim, Mic 1" })).toHaveAttribute("aria-valuetext", "+24.0 dB");
    const pan = screen.getByRole("slider", { name: "Pan, Mic 1" });
    expect(pan).toHaveAttribute("aria-valuetext", "L 40");
    await fireEvent.dblClick(pan);
    expect(fake.sent).toContainEqual({ type: "setPan", strip: 1, pan: 0 });
  });

  test("stay within their range", async () => {
    const { fake, user } = openConsole({ strips: [testStrip(1, { trim: 39 })] });
    screen.getByRole("slider", { name: "Trim, Mic 1" }).focus();
    await user.keyboard("{PageUp}");
    expect(fake.sent.at(-1)).toEqual({ type: "setTrim", strip: 1, level: 40 });
  });
});

test("a strip whose device is gone says why", () => {
  openConsole({
    strips: [testStrip(1, { input: { state: "missing", reason: "the headset is not connected" } })],
  });
  const source = screen.getByRole("button", { name: /^Source of Mic 1/ });
  expect(source).toHaveTextContent("The headset is not connected");
});

describe("the channels of a strip's device", () => {
  type Opened = ReturnType<typeof openConsole> & { dialog: ReturnType<typeof within> };

  async function openSource(changes: Partial<Snapshot> = {}): Promise<Opened> {
    const opened = openConsole(changes);
    await opened.user.click(screen.getByRole("button", { name: /^Source of Mic 2/ }));
    return { ...opened, dialog: within(screen.getByRole("dialog", { name: "Source of Mic 2" })) };
  }

  const box = ({ dialog }: Opened, name: string): HTMLElement => dialog.getByRole("combobox", { name });

  async function use({ dialog, user, fake }: Opened): Promise<unknown> {
    await user.click(dialog.getByRole("button", { name: "Use this source" }));
    expect(screen.queryByRole("dialog")).toBeNull();
    const source = fake.desk.strips[1]?.source;
    return source?.type === "device" ? source.channels : "no device";
  }

  test("are a usual pair in one step", async () => {
    const opened = await openSource();
    await opened.user.selectOptions(box(opened, "Channels"), "Stereo, ch 3 + 4");
    expect(await use(opened)).toEqual({ type: "pair", left: 2, right: 3 });
  });

  test("are any two, left and right each by itself", async () => {
    const opened = await openSource();
    await opened.user.selectOptions(box(opened, "Channels"), "Stereo, ch 1 + 2");
    await opened.user.selectOptions(box(opened, "Right channel"), "3");
    expect(box(opened, "Channels")).toHaveDisplayValue("Stereo, ch 1 + 3");
    expect(await use(opened)).toEqual({ type: "pair", left: 0, right: 2 });
  });

  test("are a pair the other way round, also of a device that has only two", async () => {
    const opened = await openSource();
    await opened.user.selectOptions(box(opened, "Source"), "JACK capture (JACK)");
    await opened.user.selectOptions(box(opened, "Left channel"), "2");
    await opened.user.selectOptions(box(opened, "Right channel"), "1");
    expect(box(opened, "Channels")).toHaveDisplayValue("Stereo, ch 2 + 1");
    expect(await use(opened)).toEqual({ type: "pair", left: 1, right: 0 });
  });

  test("are one on both sides, with no sides to choose", async () => {
    const opened = await openSource();
    await opened.user.selectOptions(box(opened, "Channels"), "Stereo, ch 1 + 2");
    await opened.user.selectOptions(box(opened, "Channels"), "Mono, ch 5");
    expect(opened.dialog.queryByRole("combobox", { name: "Left channel" })).toBeNull();
    expect(await use(opened)).toEqual({ type: "mono", channel: 4 });
  });

  test("are reached one after the other with Tab", async () => {
    const opened = await openSource();
    await opened.user.selectOptions(box(opened, "Channels"), "Stereo, ch 1 + 2");
    box(opened, "Channels").focus();
    for (const name of ["Left channel", "Right channel", "Resampling"]) {
      await opened.user.tab();
      expect(box(opened, name)).toHaveFocus();
    }
  });

  test("are named when the device does not have them, and stay until others are chosen", async () => {
    const channels = { type: "pair", left: 0, right: 8 } as const;
    const source = { type: "device", device: INTERFACE, channels } as const;
    const opened = await openSource({ strips: [testStrip(1), testStrip(2, { source })] });
    expect(box(opened, "Channels")).toHaveDisplayValue("Stereo, ch 1 + 9 (not on this device)");
    expect(box(opened, "Right channel")).toHaveDisplayValue("9 (not on this device)");
    await opened.user.selectOptions(box(opened, "Right channel"), "8");
    expect(box(opened, "Channels")).toHaveDisplayValue("Stereo, ch 1 + 8");
    expect(await use(opened)).toEqual({ type: "pair", left: 0, right: 7 });
  });
});

test("a strip is removed only after asking", async () => {
  const { fake, user } = openConsole();
  await user.click(screen.getByRole("button", { name: /^Source of Mic 2/ }));
  await user.click(screen.getByRole("button", { name: "Remove Mic 2…" }));
  expect(fake.desk.strips).toHaveLength(2);
  await user.click(screen.getByRole("button", { name: "Remove strip" }));
  expect(fake.desk.strips.map(({ id }) => id)).toEqual([1]);
});

test("a strip is renamed in place", async () => {
  const { fake, user } = openConsole();
  await user.click(screen.getByRole("button", { name: "Rename Mic 1" }));
  await user.keyboard("Guest{Enter}");
  expect(fake.sent).toEqual([{ type: "renameStrip", strip: 1, name: "Guest" }]);
  expect(screen.getByRole("slider", { name: "Fader, Guest" })).toBeVisible();
});

test("a new strip plays a file from the path that was given", async () => {
  const { fake, user } = openConsole();
  await user.click(screen.getByRole("button", { name: "Add strip" }));
  const dialog = within(screen.getByRole("dialog", { name: "New strip" }));
  await user.clear(dialog.getByRole("textbox", { name: "Name" }));
  await user.type(dialog.getByRole("textbox", { name: "Name" }), "Jingle");
  await user.selectOptions(dialog.getByRole("combobox", { name: "Source" }), "WAV file…");
  await user.type(dialog.getByRole("textbox", { name: "Path of the WAV file" }), "/music/jingle.wav");
  await user.click(dialog.getByRole("checkbox", { name: "Start again at its end" }));
  await user.click(dialog.getByRole("button", { name: "Add strip" }));
  expect(fake.sent).toEqual([
    { type: "addStrip", name: "Jingle", source: { type: "file", path: "/music/jingle.wav", looped: false } },
  ]);
});

test("a source is amber while frames go missing, and not for those of its start", async () => {
  vi.useFakeTimers();
  try {
    const { fake } = openConsole();
    const source = screen.getAllByTestId("source")[0];
    const miss = async (framesMissing: number): Promise<void> => {
      const input = {
        state: "running",
        latency: 0.01,
        ppm: 0,
        error: 0.000004,
        locked: true,
        framesLost: 0,
        framesMissing,
      } as const;
      fake.emit({ type: "strip", value: testStrip(1, { input }) });
      await tick();
    };
    await miss(640);
    expect(source).toHaveTextContent("640 frames missing");
    expect(source).not.toHaveClass("warn");
    vi.advanceTimersByTime(6_000);
    await miss(704);
    expect(source).toHaveTextContent("704 frames missing");
    expect(source).toHaveClass("warn");
    vi.advanceTimersByTime(31_000);
    await tick();
    expect(source).not.toHaveClass("warn");
  } finally {
    vi.useRealTimers();
  }
});

test("all solos are cleared from the programme bus", async () => {
  const { fake, user } = openConsole({ strips: [testStrip(1, { solo: true }), testStrip(2, { solo: true })] });
  await user.click(screen.getByRole("button", { name: "Clear solo" }));
  expect(fake.desk.strips.map(({ solo }) => solo)).toEqual([false, false]);
});
