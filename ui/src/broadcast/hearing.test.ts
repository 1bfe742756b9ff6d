import { screen } from "@testing-library/svelte";
import { describe, expect, it, test } from "vitest";

import type { ListenBackState } from "../bindings";
import { onAir, testTarget } from "../platform/fakeOutputs";
import { openConsole } from "../test-desk";
import { hearingText } from "./hearing";

describe("what listeners hear", () => {
  it.each<[ListenBackState, string, string]>([
    [
      { state: "heard", delay: 4.21, title: "asSet", loudness: -16.12 },
      "Listeners hear you: delay 4.2 s, title as set, loudness -16.1 LUFS",
      "good",
    ],
    [{ state: "heard", delay: 0.4, title: "notSet", loudness: null }, "Listeners hear you: delay 0.4 s", "good"],
    [
      { state: "heard", delay: 0.4, title: "garbled", loudness: null },
      "Listeners hear you: delay 0.4 s, title garbled",
      "good",
    ],
    [
      { state: "oldTitle", title: "Jóga", delay: 1, loudness: null },
      "Listeners hear you and read an old title, “Jóga”",
      "bad",
    ],
    [{ state: "silence" }, "Listeners hear silence", "bad"],
    [{ state: "otherSound" }, "Listeners hear something else than is sent", "bad"],
    [{ state: "nothing", reason: "it ends the stream" }, "Listeners hear nothing: it ends the stream", "bad"],
    [{ state: "programmeSilent" }, "The programme is silent, and listeners hear nothing else", "soft"],
  ])("is said in one line: %o", (heard, text, tone) => {
    expect(hearingText(heard)).toEqual({ text, tone });
  });

  it("is not said where the desk does not listen", () => {
    expect(hearingText(null)).toBeNull();
  });
});

const air = {
  state: "live",
  seconds: 60,
  bytesSent: 1_000_000,
  secondsDropped: 0,
  reconnects: 0,
  title: { state: "notSet" },
  statistics: null,
} as const;

test("a target shows what its listeners hear", () => {
  openConsole({ targets: [{ ...onAir(testTarget(1), air), listenBack: { state: "silence" } }] });
  expect(screen.getByTestId("hearing")).toHaveTextContent("Listeners hear silence");
});

test("the settings say whether and where the desk listens", async () => {
  const { fake, user } = openConsole({ targets: [testTarget(1)] });
  await user.click(screen.getByRole("button", { name: "Server settings" }));
  await user.selectOptions(screen.getByLabelText("Listen back"), "reconnect");
  await user.type(screen.getByLabelText("Listen at"), "https://relay.example.org/live.mp3");
  await user.click(screen.getByRole("button", { name: "Save" }));
  expect(fake.sent).toMatchObject([
    {
      type: "setTarget",
      settings: { listenBack: "reconnect", listenBackUrl: "https://relay.example.org/live.mp3" },
    },
  ]);
});
