import { screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import type { RecorderState, RecordingState } from "../bindings";
import { testSnapshot } from "../platform/fakeSnapshot";
import { openConsole } from "../test-desk";
import { isRecording, recorderFacts, recordingLamp } from "./recording";

const recorder = (recording: RecordingState): RecorderState => ({ ...testSnapshot().recorder, recording });
const known = { file: "/a.wav", bytes: 217_152_068, framesLost: 128, gapsLogged: true };
const recording: RecordingState = { state: "recording", seconds: 754, ...known };
const stalled: RecordingState = { state: "stalled", seconds: 4.2, recorded: 754, ...known };
const finishing: RecordingState = { state: "finishing", seconds: 754, ...known };

describe("a recording that was stopped and is on its way to the disk", () => {
  test("is amber, and neither recorded nor stopped nor begun anew from the console", async () => {
    const { fake, user } = openConsole({ recorder: recorder(finishing) });
    expect(screen.getByTestId("rec-state")).toHaveTextContent("Finishing file");
    expect(screen.getByTestId("rec-state")).toHaveAttribute("data-tone", "amber");
    expect(screen.getByTestId("record")).toBeDisabled();
    await user.keyboard("r");
    expect(fake.sent).toEqual([]);
  });

  test("says that the disk takes the rest and nothing more is recorded", () => {
    openConsole({ recorder: recorder(finishing) });
    expect(screen.getByText("the disk takes the rest, nothing more is recorded")).toBeVisible();
    expect(screen.getByText("/a.wav")).toBeVisible();
  });

  test("is still under way for whoever wants to close the desk", () => {
    expect(isRecording(finishing)).toBe(true);
  });
});

describe.each([recording, stalled, finishing])("of a recording that is $state", (state) => {
  test("the panel says how long and how large it is, and what is missing", () => {
    openConsole({ recorder: recorder(state) });
    expect(screen.getByText("12:34 · 217 MB")).toBeVisible();
    expect(screen.getByText("128 frames missing, see the gap log")).toBeVisible();
  });

  test("the lamp says how long it is", () => {
    expect(recordingLamp(state).detail).toMatch(/\b12:34$/);
  });
});

test("a stalled disk is told with how long it has been", () => {
  openConsole({ recorder: recorder(stalled) });
  expect(screen.getByTestId("rec-state")).toHaveTextContent("Disk stalled 4 s, at 12:34");
  expect(screen.getByText("for 4 s: kept in memory, up to 15 s")).toBeVisible();
});

describe("gaps in a recording", () => {
  const lost = (gapsLogged: boolean) => recorderFacts(recorder({ ...finishing, gapsLogged }))[1];

  test("are to be found in the gap log only when they are there", () => {
    expect(lost(true)?.value).toBe("128 frames missing, see the gap log");
    expect(lost(false)?.value).toBe("128 frames missing, not all in the gap log");
  });
});
