import { describe, expect, it } from "vitest";

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
