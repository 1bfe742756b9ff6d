import { describe, expect, it } from "vitest";

import type { AirState } from "../bindings";
import { airFacts } from "./air";

describe("a stream that tries again", () => {
  it.each([
    [12.2, "3, in 13 s"],
    [0, "3, under way"],
  ])("%s s before its attempt says when that is", (seconds, text) => {
    const facts = airFacts({ state: "retrying", reason: "nothing answers", attempt: 3, seconds });
    expect(facts).toContainEqual({ name: "Attempt", value: text });
  });
});

describe("a stream that is live", () => {
  const live = (listeners: number | null, bitRate: number | null): AirState => ({
    state: "live",
    seconds: 60,
    bytesSent: 960_000,
    secondsDropped: 0,
    reconnects: 0,
    title: { state: "notSet" },
    statistics: { listeners, listenersPeak: 20, server: null, bitRate },
  });

  it.each([
    [0, { name: "Waiting", value: "nothing" }],
    [0.5, { name: "Waiting", value: "0.5 s" }],
    [1.5, { name: "Waiting", value: "1.5 s: the line is slow", tone: "warn" }],
  ])("says what waits for its line: %s s", (waiting, fact) => {
    expect(airFacts(live(12, 128), waiting)).toContainEqual(fact);
  });

  it("says what the server says, and nothing where it says nothing", () => {
    expect(airFacts(live(12, 96))).toContainEqual({ name: "Listeners", value: "12, 20 at most" });
    expect(airFacts(live(12, 96))).toContainEqual({ name: "Server says", value: "96 kbit/s" });
    const names = airFacts(live(null, null)).map(({ name }) => name);
    expect(names).not.toContain("Listeners");
    expect(names).not.toContain("Server says");
    expect(names).not.toContain("Waiting");
  });
});
