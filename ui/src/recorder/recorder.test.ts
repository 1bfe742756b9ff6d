import { screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import type { RecorderState, RecordingState } from "../bindings";
import { testSnapshot } from "../platform/fakeSnapshot";
import { openConsole } from "../test-desk";
import { isRecording, recorderFacts } from "./recording";

const recorder = (recording: RecordingState): RecorderState => ({ ...testSnapshot().recorder, recording });
const finishing: RecordingState = { state: "finishing", file: "/a.wav", seconds: 754, framesLost: 0 };

describe("a recording that was stopped and is on its way to the disk", () => {
  test("is amber, and neither recorded nor stopped nor begun anew from the console", async () => {
    const { fake, user } = openConsole({ recorder: recorder(finishing) });
    expect(screen.getByTestId("rec-state")).toHaveTextContent("Finishing file");
    expect(screen.getByTestId("rec-state")).toHaveAttribute("data-tone", "amber");
    expect(screen.getByTestId("record")).toBeDisabled();
    await user.keyboard("r");
    expect(fake.sent).toEqual([]);
  });

  test("says how much was on disk and that nothing more is recorded", () => {
    openConsole({ recorder: recorder(finishing) });
    expect(
      screen.getByText("12:34 when it was stopped: the disk takes the rest, nothing more is recorded"),
    ).toBeVisible();
    expect(screen.getByText("/a.wav")).toBeVisible();
  });

  test("is still under way for whoever wants to close the desk", () => {
    expect(isRecording(finishing)).toBe(true);
  });
});

describe("gaps in a recording", () => {
  const lost = (gapsLogged: boolean) =>
    recorderFacts(
      recorder({ state: "recording", file: "/a.wav", seconds: 9, bytes: 9, framesLost: 128, gapsLogged }),
    )[1];

  test("are to be found in the gap log only when they are there", () => {
    expect(lost(true)?.value).toBe("128 frames missing, see the gap log");
    expect(lost(false)?.value).toBe("128 frames missing, not all in the gap log");
  });
});
