import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { DeskClock } from "./busLine";
import { PlayLine, type PlayListener, type StreamStart } from "./playLine";

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
  sent: { type: string; data?: Record<string, unknown> }[] = [];
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text) as FakeSocket["sent"][number]);
  }
  close(): void {
    this.readyState = 3;
  }
  accept(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  drop(): void {
    this.readyState = 3;
    this.onclose?.();
  }
  say(type: string, data?: object): void {
    this.onmessage?.({ data: JSON.stringify({ type, data }) });
  }
  start(epoch: number, track = 7): void {
    this.say("audio_stream_start", { track_id: track, stream_epoch: epoch, sample_rate: 48_000, channels: 2 });
  }
  frame(epoch: number, seq: number, floats = 4): void {
    this.say("audio_chunk_meta", { stream_epoch: epoch, seq, sample_count: floats });
    this.onmessage?.({ data: new ArrayBuffer(4 * floats) });
  }
  /** The types of what was sent since it was asked last. */
  types(): string[] {
    return this.sent.splice(0).map(({ type }) => type);
  }
}

class Heard implements PlayListener {
  at = 0;
  starts: StreamStart[] = [];
  pieces = 0;
  ends: string[] = [];
  faults: string[] = [];
  lines: boolean[] = [];
  connected = (on: boolean): void => void this.lines.push(on);
  start = (start: StreamStart): void => void this.starts.push(start);
  samples = (): void => void (this.pieces += 1);
  end = (reason: string): void => void this.ends.push(reason);
  measuring = (): void => undefined;
  fault = (text: string): void => void this.faults.push(text);
  position = (): number => this.at;
}

const WISH = { track: 7, preset: null, intensity: 1 } as const;
let heard: Heard;
let line: PlayLine;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  FakeSocket.all = [];
  heard = new Heard();
  line = new PlayLine("ws://desk/ws", heard);
});

afterEach(() => {
  line.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a line to tracks", () => {
  test("says what it was told before it was there, and answers when it is asked", () => {
    line.play(WISH, 3);
    FakeSocket.last.accept();
    expect(FakeSocket.last.sent).toEqual([{ type: "play_normal", data: { track_id: 7, start_position: 3 } }]);
    FakeSocket.last.types();
    FakeSocket.last.say("ping");
    expect(FakeSocket.last.types()).toEqual(["pong"]);
  });

  test("hears one stream only, and no samples that nobody has announced", () => {
    line.play(WISH);
    const socket = FakeSocket.last;
    socket.accept();
    socket.frame(1, 0);
    socket.start(2);
    socket.frame(1, 5);
    socket.frame(2, 0);
    socket.onmessage?.({ data: new ArrayBuffer(16) });
    socket.say("audio_chunk_meta", { stream_epoch: 2, seq: 1, sample_count: 4 });
    socket.say("audio_stream_error", { error: "Failed to process audio chunk 1" });
    socket.onmessage?.({ data: new ArrayBuffer(16) });
    expect(heard).toMatchObject({ pieces: 1, faults: ["Failed to process audio chunk 1"] });
    socket.say("audio_stream_end", { stream_epoch: 1, reason: "completed" });
    socket.say("audio_stream_end", { stream_epoch: 2, reason: "completed" });
    expect(heard.ends).toEqual(["completed"]);
  });

  test("fetches again what is missing, from where it is heard", () => {
    line.play(WISH);
    const socket = FakeSocket.last;
    socket.accept();
    socket.start(2);
    socket.frame(2, 0);
    socket.types();
    heard.at = 12.5;
    socket.frame(2, 2);
    expect(socket.sent).toEqual([{ type: "play_normal", data: { track_id: 7, start_position: 12.5 } }]);
    socket.frame(2, 3);
    expect(heard.pieces).toBe(1);
    socket.start(3);
    socket.frame(3, 0);
    expect(heard.pieces).toBe(2);
  });

  test("comes back and goes on, but not what was stopped, nor twice", () => {
    line.play(WISH);
    FakeSocket.last.accept();
    FakeSocket.last.start(1);
    heard.at = 20;
    FakeSocket.last.drop();
    vi.advanceTimersByTime(1000);
    FakeSocket.last.accept();
    expect(FakeSocket.last.sent).toEqual([{ type: "play_normal", data: { track_id: 7, start_position: 20 } }]);
    FakeSocket.last.drop();
    line.play({ ...WISH, track: 8 });
    vi.advanceTimersByTime(2000);
    FakeSocket.last.accept();
    expect(FakeSocket.last.sent.map(({ data }) => data?.["track_id"])).toEqual([8]);
    line.stop();
    FakeSocket.last.drop();
    vi.advanceTimersByTime(8000);
    FakeSocket.last.accept();
    expect(FakeSocket.last.types()).toEqual([]);
  });

  test("that was paused when it broke goes on from where it is heard when it is told to", () => {
    line.play(WISH);
    FakeSocket.last.accept();
    FakeSocket.last.start(1);
    line.pause();
    heard.at = 5;
    FakeSocket.last.drop();
    vi.advanceTimersByTime(1000);
    FakeSocket.last.accept();
    expect(FakeSocket.last.types()).toEqual([]);
    line.resume();
    expect(FakeSocket.last.sent).toEqual([{ type: "play_normal", data: { track_id: 7, start_position: 5 } }]);
  });

  test("is given up after ten attempts, which are a second to half a minute apart", () => {
    for (let attempt = 0; attempt < 40; attempt++) {
      FakeSocket.last.drop();
      vi.advanceTimersByTime(30_000);
    }
    expect(FakeSocket.all.length).toBe(11);
  });

  test("says when it has enough, and when it has room again, once each", () => {
    line.play(WISH);
    FakeSocket.last.accept();
    FakeSocket.last.types();
    for (const seconds of [10, 45, 46, 50, 31, 29, 28, 46]) line.buffered(seconds, 60);
    expect(FakeSocket.last.types()).toEqual(["buffer_full", "buffer_ready", "buffer_full"]);
  });
});

test("the fastest answer tells what time the desk has", () => {
  const clock = new DeskClock();
  expect(clock.here(5000)).toBeNull();
  clock.hear(100, 5150, 180);
  clock.hear(200, 5201, 202);
  clock.hear(300, 5390, 400);
  expect(clock.here(5201)).toBe(201);
});
