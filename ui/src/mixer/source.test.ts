import { describe, expect, test } from "vitest";

import { INTERFACE } from "../platform/fakeDevices";
import { testSnapshot } from "../platform/fakeSnapshot";
import { channelPicks, channelsText, inputText, programsText, sourceDetail, sourceName } from "./source";

const { devices } = testSnapshot();

describe("a source", () => {
  test("that programs play into says where, or that there is nowhere", () => {
    expect(programsText("ws://127.0.0.1:8081/")).toContain("ws://127.0.0.1:8081/?strip=Name");
    expect(programsText(null)).toContain("--daemon-port");
  });

  test("is called what the operator knows it by", () => {
    const channels = { type: "mono", channel: 0 } as const;
    expect(sourceName({ type: "device", device: INTERFACE, channels }, devices)).toBe("Studio 4i4 Analogue");
    expect(sourceName({ type: "device", device: "alsa:hw:9", channels }, devices)).toBe("hw:9");
    expect(sourceName({ type: "file", path: "C:\\Jingles\\ident.wav", looped: true }, devices)).toBe("ident.wav");
    expect(sourceName({ type: "material", material: "voice" }, devices)).toBe("Voice");
    expect(sourceName({ type: "silent" }, devices)).toBe("No source");
  });

  test("counts channels from one, as on the device's front", () => {
    expect(sourceDetail({ type: "device", device: INTERFACE, channels: { type: "pair", left: 2, right: 3 } })).toBe(
      "ch 3 + 4",
    );
  });

  test("offers the usual pairs and every channel of its device in one step", () => {
    expect(channelPicks(5).map(channelsText).slice(0, 3)).toEqual(["ch 1 + 2", "ch 3 + 4", "ch 1"]);
    expect(channelPicks(3).map(channelsText)).toEqual(["ch 1 + 2", "ch 1", "ch 2", "ch 3"]);
    expect(channelPicks(0)).toEqual([]);
  });
});

describe("a source's state", () => {
  test("is silent about what is as it should be", () => {
    const running = {
      state: "running",
      latency: 0.01,
      ppm: 3,
      error: 0.000004,
      locked: true,
      framesLost: 0,
      framesMissing: 0,
    } as const;
    expect(inputText(running, false)).toEqual({ text: "", warn: false });
    expect(inputText({ state: "silent" }, false)).toEqual({ text: "", warn: false });
  });

  test("tells lost frames from missing ones, and warns only while they become more", () => {
    const running = {
      state: "running",
      latency: 0.01,
      ppm: 3,
      error: 0.000004,
      locked: true,
      framesLost: 2,
      framesMissing: 3,
    } as const;
    expect(inputText(running, true)).toEqual({ text: "2 frames lost, 3 frames missing", warn: true });
    expect(inputText({ ...running, framesLost: 0, framesMissing: 640 }, false)).toEqual({
      text: "640 frames missing",
      warn: false,
    });
  });
});
