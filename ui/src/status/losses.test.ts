import { screen } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";

import { testSnapshot, testStrip } from "../platform/fakeSnapshot";
import { openConsole } from "../test-desk";
import { losses } from "./losses";

const running = { state: "running", latency: 0.01, ppm: 3, error: 0, locked: true } as const;

describe("the losses of the desk", () => {
  it("are none while nothing is lost", () => {
    expect(losses(testSnapshot())).toEqual([]);
    openConsole();
    expect(screen.getByTestId("status-lost")).toHaveTextContent("Lost nothing");
  });

  it("are added up over every place, and each is told", () => {
    const desk = testSnapshot({
      strips: [
        testStrip(1),
        testStrip(2, { name: "Guest", input: { ...running, framesLost: 480, framesMissing: 480 } }),
      ],
      outputs: [
        {
          output: "main",
          device: null,
          settings: { resampling: "balanced", exclusive: false },
          playback: {
            state: "playing",
            name: "Speakers",
            rate: 96_000,
            latency: 0.02,
            held: 0,
            ppm: 0,
            error: 0,
            locked: true,
            framesMissing: 960,
          },
        },
      ],
    });
    desk.broadcast.air = {
      state: "live",
      seconds: 60,
      bytesSent: 1,
      secondsDropped: 2,
      reconnects: 0,
      titleError: null,
    };
    expect(losses(desk)).toEqual([
      { where: "Guest", seconds: 0.02 },
      { where: "Main output (programme)", seconds: 0.01 },
      { where: "On air", seconds: 2 },
    ]);
    openConsole(desk);
    const line = screen.getByTestId("status-lost");
    expect(line).toHaveTextContent("Lost 2030 ms");
    expect(line).toHaveAttribute("title", expect.stringContaining("Guest: 20.0 ms"));
  });
});
