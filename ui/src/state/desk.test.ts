import { beforeEach, describe, expect, test } from "vitest";

import { FakePlatform } from "../platform/fake";
import { testListening, testRecorder, testTarget } from "../platform/fakeOutputs";
import { testSnapshot } from "../platform/fakeSnapshot";
import { testBus, testStrip } from "../platform/fakeStrip";
import { Desk } from "./desk.svelte";

let fake: FakePlatform;
let desk: Desk;

beforeEach(() => {
  fake = new FakePlatform();
  desk = new Desk(fake);
  desk.connect(() => undefined);
});

describe("the desk on the screen", () => {
  test("is the snapshot and what has changed since", () => {
    fake.emit({ type: "strip", value: testStrip(2, { fader: -12 }) });
    fake.emit({ type: "strip", value: testStrip(7, { name: "Phone" }) });
    fake.emit({ type: "stripRemoved", value: 1 });
    expect(desk.snapshot?.strips.map(({ id, fader }) => [id, fader])).toEqual([
      [2, -12],
      [7, 0],
    ]);
  });

  test("takes every kind of event", () => {
    const next = testSnapshot();
    fake.emit({ type: "bus", value: { ...testBus("cue"), fader: null } });
    fake.emit({ type: "vca", value: { vca: 3, fader: -12 } });
    fake.emit({ type: "talkover", value: { ...next.talkover, depthDb: 20 } });
    fake.emit({ type: "scenes", value: ["Opening"] });
    fake.emit({ type: "history", value: { undo: "mute of Mic 1", redo: null } });
    fake.emit({
      type: "output",
      value: {
        output: "main",
        device: null,
        settings: { resampling: "balanced", exclusive: false },
        playback: { state: "off" },
      },
    });
    fake.emit({ type: "devices", value: [] });
    fake.emit({ type: "recorder", value: { ...testRecorder(1), freeBytes: 1 } });
    fake.emit({ type: "title", value: { ...next.title, title: "Nocturne" } });
    fake.emit({ type: "target", value: testTarget(2, { label: "Relay" }) });
    fake.emit({ type: "targetRemoved", value: 1 });
    fake.emit({ type: "listening", value: testListening({ on: true, listeners: 4, framesLost: 0 }) });
    fake.emit({ type: "programsAt", value: null });
    fake.emit({ type: "engine", value: { ...next.engine, blocksLate: 2 } });
    fake.emit({ type: "notice", value: { id: 5, severity: "info", text: "Hello", time: "12:00:00" } });
    expect(desk.snapshot).toMatchObject({
      talkover: { depthDb: 20 },
      scenes: ["Opening"],
      history: { undo: "mute of Mic 1" },
      devices: [],
      recorders: [{ freeBytes: 1 }],
      title: { title: "Nocturne" },
      targets: [{ id: 2, settings: { label: "Relay" } }],
      listening: { listeners: 4 },
      programsAt: null,
      engine: { blocksLate: 2 },
      notices: [{ id: 5 }],
    });
    expect(desk.bus("cue")?.fader).toBeNull();
    expect(desk.snapshot?.vcas[3]).toEqual({ vca: 3, fader: -12 });
    expect(desk.snapshot?.outputs[0]?.playback.state).toBe("off");
    fake.emit({ type: "noticeDismissed", value: 5 });
    expect(desk.snapshot?.notices).toEqual([]);
  });

  test("does not change before the station has confirmed a wish", async () => {
    const sending = desk.send({ type: "setMute", strip: 1, on: true });
    expect(desk.strip(1)?.mute).toBe(false);
    expect(await sending).toBe(true);
    expect(desk.strip(1)?.mute).toBe(true);
  });

  test("is not current once the line is lost", () => {
    expect(desk.current).toBe(true);
    fake.setConnection({ state: "lost", attempt: 1 });
    expect(desk.current).toBe(false);
    expect(desk.snapshot).not.toBeNull();
  });
});

describe("a refused wish", () => {
  test("leaves the desk as it was and is shown to the operator", async () => {
    expect(await desk.send({ type: "setMute", strip: 99, on: true })).toBe(false);
    expect(desk.refusals.map(({ text }) => text)).toEqual(["There is no strip 99"]);
    desk.dismissRefusal(desk.refusals[0]?.id ?? 0);
    expect(desk.refusals).toEqual([]);
  });

  test("is said once, however often it is refused, and only the last few stay", async () => {
    for (const strip of [90, 91, 91, 91, 92, 93]) await desk.send({ type: "setMute", strip, on: true });
    expect(desk.refusals.map(({ text }) => text)).toEqual([
      "There is no strip 91",
      "There is no strip 92",
      "There is no strip 93",
    ]);
  });
});
