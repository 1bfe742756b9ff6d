import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { UnderFinger } from "./underFinger.svelte";

let frames: (() => void)[] = [];
let confirmed = 0;
let sent: number[] = [];
let obey: () => Promise<boolean> = () => Promise.resolve(true);

function frame(): void {
  const due = frames;
  frames = [];
  for (const run of due) run();
}

function control(): UnderFinger<number> {
  return new UnderFinger(
    () => confirmed,
    (value) => {
      sent.push(value);
      return obey();
    },
  );
}

beforeEach(() => {
  vi.useFakeTimers();
  frames = [];
  confirmed = 0;
  sent = [];
  obey = () => Promise.resolve(true);
  vi.stubGlobal("requestAnimationFrame", (run: () => void) => frames.push(run));
  vi.stubGlobal("cancelAnimationFrame", () => (frames = []));
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("at rest a control shows what the station confirmed", () => {
  const fader = control();
  expect(fader.value).toBe(0);
  confirmed = -6;
  expect(fader.value).toBe(-6);
});

test("while it is held the finger decides, whatever the station says", () => {
  const fader = control();
  fader.hold();
  fader.move(-3);
  confirmed = -40;
  expect(fader.value).toBe(-3);
});

test("many movements within one drawn frame are sent as one, the last", () => {
  const fader = control();
  fader.hold();
  for (const level of [-1, -2, -3]) fader.move(level);
  expect(sent).toEqual([]);
  frame();
  expect(sent).toEqual([-3]);
});

test("the last value is sent when the finger leaves, without waiting for a frame", () => {
  const fader = control();
  fader.hold();
  fader.move(-1);
  frame();
  fader.move(-2);
  fader.release();
  expect(sent).toEqual([-1, -2]);
  frame();
  expect(sent).toEqual([-1, -2]);
});

test("let go, it shows what the station confirms, without flickering back in between", async () => {
  const fader = control();
  fader.set(-5);
  await vi.advanceTimersByTimeAsync(10);
  expect(fader.value).toBe(-5);
  confirmed = -5;
  await vi.advanceTimersByTimeAsync(1000);
  confirmed = -7;
  expect(fader.value).toBe(-7);
});

test("a value that the station never confirms does not stay on the screen", async () => {
  const fader = control();
  fader.set(-5);
  await vi.advanceTimersByTimeAsync(1000);
  expect(fader.value).toBe(0);
});

test("a refused value goes back at once to where the control really is", async () => {
  obey = () => Promise.resolve(false);
  const fader = control();
  fader.set(-5);
  await vi.advanceTimersByTimeAsync(0);
  expect(fader.value).toBe(0);
});

test("nothing is sent when nothing moved", () => {
  const fader = control();
  fader.hold();
  fader.move(0);
  fader.release();
  expect(sent).toEqual([]);
});
