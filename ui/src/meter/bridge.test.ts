import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { METER_FLOOR } from "./ballistics";
import { MeterBridge, type MeterSource } from "./bridge.svelte";
import { atRest, type Levels, meterFrameBytes, quietFrame, silence } from "./frame";

let frames: (() => void)[] = [];

function drawFrames(count: number): void {
  for (let i = 0; i < count; i++) {
    vi.advanceTimersByTime(16);
    const due = frames;
    frames = [];
    for (const run of due) run();
  }
}

function frameOf(strip: Partial<Levels>): ArrayBuffer {
  const levels = { ...silence(), ...strip };
  return meterFrameBytes(quietFrame({ strips: [{ id: 3, levels, reductions: { ...atRest(), gate: -20 } }] }));
}

beforeEach(() => {
  vi.useFakeTimers();
  frames = [];
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => frames.push(run));
  vi.stubGlobal("cancelAnimationFrame", () => (frames = []));
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("the meters", () => {
  test("are all drawn in one loop, with the newest frame's levels", () => {
    const bridge = new MeterBridge();
    const drawn: number[] = [];
    const face = { paint: (source: MeterSource, now: number) => drawn.push(source.level(now)) };
    bridge.show(3, face);
    bridge.show("programme", { paint: () => undefined });
    expect(frames).toHaveLength(1);
    bridge.take(frameOf({ peak: [0.1, 0.5] }));
    drawFrames(1);
    expect(drawn.at(-1)).toBeCloseTo(-6, 0);
  });

  test("never miss a peak between two drawn frames", () => {
    const bridge = new MeterBridge();
    let held = METER_FLOOR;
    bridge.show(3, { paint: (source, now) => (held = source.held(now)) });
    bridge.take(frameOf({ peak: [1, 0] }));
    bridge.take(frameOf({ peak: [0, 0] }));
    drawFrames(1);
    expect(held).toBe(0);
  });

  test("rest when nothing has come for long, and wake with the next frame", () => {
    const bridge = new MeterBridge();
    bridge.show(3, { paint: () => undefined });
    bridge.take(frameOf({ peak: [1, 1] }));
    drawFrames(1000);
    expect(frames).toHaveLength(0);
    bridge.take(frameOf({ peak: [1, 1] }));
    expect(frames).toHaveLength(1);
  });

  test("keep a clip lit until the station has cleared it", () => {
    const bridge = new MeterBridge();
    const source = bridge.source(3);
    bridge.take(frameOf({ clips: 2 }));
    drawFrames(500);
    expect(source.clips).toBe(2);
    bridge.take(frameOf({ clips: 0 }));
    expect(source.clips).toBe(0);
  });

  test("show the newest frame as numbers for diagnosis", () => {
    const bridge = new MeterBridge();
    expect(bridge.latest()).toBeNull();
    bridge.take(frameOf({ peak: [0.5, 0.25] }));
    expect(bridge.latest()?.strips[0]).toMatchObject({ id: 3, levels: { peak: [0.5, 0.25] } });
  });

  test("say what the dynamics of a strip do", () => {
    const bridge = new MeterBridge();
    const source = bridge.source(3);
    expect(source.reductions).toEqual(atRest());
    bridge.take(frameOf({}));
    expect(source.reductions).toEqual({ gate: -20, compressor: 0, deEsser: 0 });
  });
});
