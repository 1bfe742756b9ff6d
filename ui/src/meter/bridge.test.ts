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

  test("move the needles of a bus by the engine's time, however the frames arrive", () => {
    const bridge = new MeterBridge();
    const source = bridge.source("programme");
    for (let frame = 0; frame <= 120; frame++) {
      const seconds = 100 + frame / 60;
      const rectified: [number, number] = [(0.1 * 2 * seconds) / Math.PI, 0];
      const needles = { typeI: [0.5, 0] as [number, number], typeIIa: [0.25, 0] as [number, number], rectified };
      bridge.take(
        meterFrameBytes(
          quietFrame({ seconds, buses: { programme: { levels: silence(), reductions: atRest(), needles } } }),
        ),
      );
    }
    const now = performance.now();
    expect((["vu", "typeI", "typeIIa", "peak"] as const).map((kind) => source.level(now, kind))).toEqual([
      -20,
      -6,
      -12,
      METER_FLOOR,
    ]);
  });

  test("say what the dynamics of a strip do", () => {
    const bridge = new MeterBridge();
    const source = bridge.source(3);
    expect(source.reductions).toEqual(atRest());
    bridge.take(frameOf({}));
    expect(source.reductions).toEqual({ gate: -20, compressor: 0, deEsser: 0 });
  });
});
