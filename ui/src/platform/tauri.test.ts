import { clearMocks, mockIPC } from "@tauri-apps/api/mocks";
import { emit } from "@tauri-apps/api/event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { testSnapshot } from "./fakeSnapshot";
import type { Connection, DeskMessage } from "./platform";
import { TauriPlatform } from "./tauri";

class SilentSocket {
  binaryType = "blob";
  close = vi.fn();
}

beforeEach(() => vi.stubGlobal("WebSocket", SilentSocket));

afterEach(() => {
  clearMocks();
  vi.unstubAllGlobals();
});

test("the window shows the snapshot and then what changes", async () => {
  mockIPC((command) => (command === "snapshot" ? testSnapshot() : "ws://127.0.0.1:1/meters"), {
    shouldMockEvents: true,
  });
  const states: Connection[] = [];
  const messages: DeskMessage[] = [];
  const end = new TauriPlatform().connect({
    connection: (state) => states.push(state),
    message: (message) => messages.push(message),
    meters: vi.fn(),
    closing: vi.fn(),
  });
  await vi.waitFor(() => expect(states.at(-1)).toEqual({ state: "connected" }));
  await emit("desk", { type: "event", event: { type: "stripRemoved", value: 1 } });
  expect(messages.map(({ type }) => type)).toEqual(["snapshot", "event"]);
  end();
});

test("the window waits for a station that is still starting", async () => {
  let asked = 0;
  mockIPC(
    (command) => {
      if (command !== "snapshot") return "ws://127.0.0.1:1/meters";
      if (++asked === 1) throw new Error("the station is starting");
      return testSnapshot();
    },
    { shouldMockEvents: true },
  );
  const states: Connection[] = [];
  const end = new TauriPlatform().connect({
    connection: (state) => states.push(state),
    message: vi.fn(),
    meters: vi.fn(),
    closing: vi.fn(),
  });
  await vi.waitFor(() => expect(states.at(-1)).toEqual({ state: "connected" }), 2000);
  expect(states).toContainEqual({ state: "lost", attempt: 1 });
  end();
});

test("a station that has fallen silent is shown as lost until it speaks again", async () => {
  vi.useFakeTimers();
  mockIPC((command) => (command === "snapshot" ? testSnapshot() : "ws://127.0.0.1:1/meters"), {
    shouldMockEvents: true,
  });
  const states: Connection[] = [];
  const end = new TauriPlatform().connect({
    connection: (state) => states.push(state),
    message: vi.fn(),
    meters: vi.fn(),
    closing: vi.fn(),
  });
  await vi.advanceTimersByTimeAsync(5900);
  expect(states.at(-1)).toEqual({ state: "connected" });
  await vi.advanceTimersByTimeAsync(200);
  expect(states.at(-1)).toEqual({ state: "lost", attempt: 1 });
  await emit("desk", { type: "event", event: { type: "stripRemoved", value: 1 } });
  expect(states.at(-1)).toEqual({ state: "connected" });
  end();
  vi.useRealTimers();
});

test("a refusal reaches the console as the station gave it", async () => {
  mockIPC(() => {
    throw { code: "noSuchStrip", message: "there is no strip 7" };
  });
  await expect(new TauriPlatform().send({ type: "removeStrip", strip: 7 })).rejects.toEqual({
    code: "noSuchStrip",
    message: "there is no strip 7",
  });
});

test("the window's question whether to close is answered to the host", async () => {
  const answers: unknown[] = [];
  mockIPC(
    (command, payload) => {
      if (command === "answer_closing") answers.push(payload);
      return command === "snapshot" ? testSnapshot() : "ws://127.0.0.1:1/meters";
    },
    { shouldMockEvents: true },
  );
  const states: Connection[] = [];
  const end = new TauriPlatform().connect({
    connection: (state) => states.push(state),
    message: vi.fn(),
    meters: vi.fn(),
    closing: (answer) => answer(true),
  });
  await vi.waitFor(() => expect(states.at(-1)).toEqual({ state: "connected" }));
  await emit("closing");
  await vi.waitFor(() => expect(answers).toEqual([{ stop: true }]));
  end();
});

test("what the desk's face serves is had from where the meters are", async () => {
  mockIPC((command) => (command === "snapshot" ? testSnapshot() : "ws://127.0.0.1:8765/meters"), {
    shouldMockEvents: true,
  });
  const platform = new TauriPlatform();
  expect(platform.served("/api/tracks/1/cover")).toBeNull();
  const end = platform.connect({ connection: vi.fn(), message: vi.fn(), meters: vi.fn(), closing: vi.fn() });
  await vi.waitFor(() =>
    expect(platform.served("/api/tracks/1/cover")).toBe("http://127.0.0.1:8765/api/tracks/1/cover"),
  );
  end();
});
