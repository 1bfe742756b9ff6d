import { screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import type { StreamState } from "../bindings";
import { testStrip } from "../platform/fakeStrip";
import { openConsole } from "../test-desk";
import { streamFacts, streamName, streamText } from "./stream";

function stream(changes: Partial<StreamState> = {}): StreamState {
  return {
    strip: 1,
    url: "radio.example.org/live.mp3",
    phase: "playing",
    reason: null,
    title: "Björk - Jóga",
    station: "Lab FM",
    codec: "MP3",
    kbits: 128,
    buffered: 3.24,
    target: 0.3,
    underruns: 0,
    reconnects: 0,
    spoilt: 0,
    driftPpm: 0,
    timeToFirstByte: 12,
    timeToFirstAudio: 48.6,
    ...changes,
  };
}

const source = { type: "stream", url: "https://radio.example.org/live.mp3?token=secret" } as const;

describe("a stream", () => {
  test("is called by the end of its address, and never by what is in its query", () => {
    expect(streamName(source.url)).toBe("live.mp3 (radio.example.org)");
    expect(streamName("http://radio:8000/")).toBe("radio:8000");
    expect(streamName("")).toBe("Stream");
  });

  test("says what is on while it plays, and why where it does not", () => {
    expect(streamText(stream())).toEqual({ text: "Björk - Jóga", warn: false });
    expect(streamText(stream({ title: null, station: null }))).toEqual({ text: "Playing", warn: false });
    const reason = "radio has sent nothing for 10 s";
    expect(streamText(stream({ phase: "reconnecting", reason }))).toEqual({
      text: `Connecting again: ${reason}`,
      warn: true,
    });
    expect(streamText(stream({ phase: "failed", reason: "radio sends a web page" })).warn).toBe(true);
  });

  test("tells its figures, and warns of gaps", () => {
    const facts = Object.fromEntries(streamFacts(stream({ underruns: 2 })).map((fact) => [fact.name, fact]));
    expect(facts["Codec"]?.value).toBe("MP3, 128 kbit/s");
    expect(facts["Buffered"]?.value).toBe("3.2 s");
    expect(facts["Gaps"]?.tone).toBe("warn");
    expect(facts["Heard after"]?.value).toBe("49 ms");
  });
});

describe("a strip with a stream", () => {
  test("shows what is on, on its button and in its dialog", async () => {
    const strips = [testStrip(1, { name: "Relay", source })];
    const { fake, user } = openConsole({ strips, streams: [stream()] });
    expect(screen.getByRole("button", { name: /Source of Relay/ })).toHaveTextContent("Björk - Jóga");
    fake.emit({ type: "stream", value: stream({ phase: "rebuffering", title: "Hunter" }) });
    expect(await screen.findByText("Buffering again… Hunter")).toBeVisible();
    await user.click(screen.getByRole("button", { name: /Source of Relay/ }));
    expect(screen.getByText("3.2 s")).toBeVisible();
  });

  test("is given an address and, where nothing says so, what its samples are", async () => {
    const { fake, user } = openConsole({ strips: [testStrip(1, { name: "Relay", source: { type: "silent" } })] });
    await user.click(screen.getByRole("button", { name: /Source of Relay/ }));
    await user.selectOptions(screen.getByLabelText("Source"), "Stream from a URL…");
    await user.type(screen.getByLabelText("Address of the stream"), "http://radio:8000/pcm");
    await user.click(screen.getByLabelText("Samples without a header"));
    await user.selectOptions(screen.getByLabelText("Channels"), "1");
    await user.click(screen.getByLabelText("Its titles are the desk's"));
    await user.click(screen.getByRole("button", { name: "Use this source" }));
    expect(fake.sent.at(-1)).toEqual({
      type: "setSource",
      strip: 1,
      source: {
        type: "stream",
        url: "http://radio:8000/pcm",
        raw: { encoding: "s16", channels: 1, rate: 48_000 },
        titles: true,
      },
    });
  });
});
