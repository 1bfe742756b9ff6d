import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { ServerMessage } from "../bindings";
import { testSnapshot } from "./fakeSnapshot";
import type { Connection, DeskMessage } from "./platform";
import { controlUrl, WebSocketPlatform } from "./websocket";

/** A WebSocket whose other end is the test. */
class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  static get last(): FakeSocket {
    const socket = FakeSocket.all.at(-1);
    if (!socket) throw new Error("no socket was opened");
    return socket;
  }
  readyState = 0;
  binaryType = "blob";
  sent: string[] = [];
  closed = false;
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(text);
  }
  close(): void {
    this.closed = true;
  }
  accept(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  say(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  drop(): void {
    this.readyState = 3;
    this.onclose?.();
  }
}

const snapshot: ServerMessage = { type: "snapshot", snapshot: testSnapshot() };
let ends: (() => void)[] = [];

function openConsole(): {
  platform: WebSocketPlatform;
  states: Connection[];
  messages: DeskMessage[];
  end: () => void;
} {
  const platform = new WebSocketPlatform("ws://desk/control");
  const states: Connection[] = [];
  const messages: DeskMessage[] = [];
  const end = platform.connect({
    connection: (state) => states.push(state),
    message: (message) => messages.push(message),
    meters: vi.fn(),
    closing: vi.fn(),
  });
  ends.push(end);
  return { platform, states, messages, end };
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  vi.stubGlobal("WebSocket", FakeSocket);
});

afterEach(() => {
  for (const end of ends) end();
  ends = [];
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test("the address follows the page's host and its encryption", () => {
  expect(controlUrl({ protocol: "http:", host: "127.0.0.1:8765" })).toBe("ws://127.0.0.1:8765/control");
  expect(controlUrl({ protocol: "https:", host: "desk.example" })).toBe("wss://desk.example/control");
});

describe("the state of the connection", () => {
  test("is connected only once the desk has shown itself", () => {
    const { states } = openConsole();
    FakeSocket.last.accept();
    expect(states).toEqual([{ state: "connecting" }]);
    FakeSocket.last.say(snapshot);
    expect(states.at(-1)).toEqual({ state: "connected" });
  });

  test("is lost at once when the line breaks, and comes back by itself", () => {
    const { states, messages } = openConsole();
    FakeSocket.last.accept();
    FakeSocket.last.say(snapshot);
    FakeSocket.last.drop();
    expect(states.at(-1)).toEqual({ state: "lost", attempt: 1 });
    vi.advanceTimersByTime(300);
    expect(FakeSocket.all).toHaveLength(2);
    FakeSocket.last.accept();
    FakeSocket.last.say(snapshot);
    expect(states.at(-1)).toEqual({ state: "connected" });
    expect(messages).toHaveLength(2);
  });

  test("is lost when the line stays open but nothing comes any more", () => {
    const { states } = openConsole();
    const first = FakeSocket.last;
    first.accept();
    first.say(snapshot);
    vi.advanceTimersByTime(6001);
    expect(states.at(-1)).toEqual({ state: "lost", attempt: 1 });
    expect(first.closed).toBe(true);
  });

  test("is asked for at growing intervals that stay within five seconds", () => {
    openConsole();
    for (let attempt = 0; attempt < 10; attempt++) {
      FakeSocket.last.drop();
      vi.advanceTimersByTime(5000);
    }
    const tried = FakeSocket.all.length;
    expect(tried).toBe(11);
    FakeSocket.last.drop();
    vi.advanceTimersByTime(3000);
    expect(FakeSocket.all).toHaveLength(tried);
  });

  test("is tried again at once when the network returns", () => {
    openConsole();
    FakeSocket.last.drop();
    window.dispatchEvent(new window.Event("online"));
    expect(FakeSocket.all).toHaveLength(2);
  });

  test("stays ended once the console has gone", () => {
    const { end, states } = openConsole();
    end();
    FakeSocket.last.drop();
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(states).toEqual([{ state: "connecting" }]);
  });
});

describe("a command", () => {
  test("is answered by the reply with its number", async () => {
    const { platform } = openConsole();
    FakeSocket.last.accept();
    const first = platform.send({ type: "goLive", target: null });
    const second = platform.send({ type: "startRecording", recorder: null });
    expect(FakeSocket.last.sent.map((text): unknown => JSON.parse(text))).toEqual([
      { id: 1, command: { type: "goLive", target: null } },
      { id: 2, command: { type: "startRecording", recorder: null } },
    ]);
    FakeSocket.last.say({ type: "reply", id: 2, reply: { type: "done" } });
    FakeSocket.last.say({ type: "error", id: 1, error: { code: "invalid", message: "the mount has no name" } });
    await expect(second).resolves.toEqual({ type: "done" });
    await expect(first).rejects.toEqual({ code: "invalid", message: "the mount has no name" });
  });

  test("is refused, not kept for later, while there is no line", async () => {
    const { platform } = openConsole();
    await expect(platform.send({ type: "goLive", target: null })).rejects.toMatchObject({ code: "unavailable" });
    FakeSocket.last.accept();
    expect(FakeSocket.last.sent).toEqual([]);
  });

  test("that was not answered before the line broke is refused", async () => {
    const { platform } = openConsole();
    FakeSocket.last.accept();
    const pending = platform.send({ type: "goLive", target: null });
    FakeSocket.last.drop();
    await expect(pending).rejects.toMatchObject({ code: "unavailable" });
  });
});

test("binary messages are meter frames", () => {
  const platform = new WebSocketPlatform("ws://desk/control");
  const meters = vi.fn();
  platform.connect({ connection: vi.fn(), message: vi.fn(), meters, closing: vi.fn() });
  FakeSocket.last.accept();
  const frame = new ArrayBuffer(52);
  FakeSocket.last.onmessage?.({ data: frame });
  expect(meters).toHaveBeenCalledWith(frame);
});
