import { screen } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";

import { testSnapshot } from "../platform/fakeSnapshot";
import { openConsole } from "../test-desk";

describe("what was lost, in the status line", () => {
  it("is nothing while nothing is lost", () => {
    openConsole();
    expect(screen.getByTestId("status-lost")).toHaveTextContent("Lost nothing");
  });

  it("is added up over every place, and each is told", () => {
    const losses = [
      { where: "Guest", seconds: 0.02 },
      { where: "main output", seconds: 0.01 },
      { where: "stream", seconds: 2 },
    ];
    openConsole({ engine: { ...testSnapshot().engine, losses } });
    const line = screen.getByTestId("status-lost");
    expect(line).toHaveTextContent("Lost 2030 ms");
    expect(line).toHaveAttribute("title", expect.stringContaining("Guest: 20.0 ms"));
  });
});
