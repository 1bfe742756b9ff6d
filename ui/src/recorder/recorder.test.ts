import { screen, within } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import type { RecorderState, RecordingFormat, RecordingState } from "../bindings";
import { testRecorder } from "../platform/fakeOutputs";
import { openConsole } from "../test-desk";
import { isRecording, recorderFacts, recordersLamp, recordingLamp } from "./recording";
import { summary } from "./settings";

const recorder = (recording: RecordingState): RecorderState => ({ ...testRecorder(1), recording });
const known = { file: "/a.wav", bytes: 217_152_068, framesLost: 128, gapsLogged: true };
const recording: RecordingState = { state: "recording", seconds: 754, ...known };
const stalled: RecordingState = { state: "stalled", seconds: 4.2, recorded: 754, ...known };
const finishing: RecordingState = { state: "finishing", seconds: 754, ...known };

describe("a recording that was stopped and is on its way to the disk", () => {
  test("is amber, and neither recorded nor stopped nor begun anew from the console", async () => {
    const { fake, user } = openConsole({ recorders: [recorder(finishing)] });
    expect(screen.getByTestId("rec-state")).toHaveTextContent("Finishing file");
    expect(screen.getByTestId("rec-state")).toHaveAttribute("data-tone", "amber");
    expect(screen.getByTestId("record")).toBeDisabled();
    await user.keyboard("r");
    expect(fake.sent).toEqual([]);
  });

  test("says that the disk takes the rest and nothing more is recorded", () => {
    openConsole({ recorders: [recorder(finishing)] });
    expect(screen.getByText("the disk takes the rest, nothing more is recorded")).toBeVisible();
    expect(screen.getByText("/a.wav")).toBeVisible();
  });

  test("is still under way for whoever wants to close the desk", () => {
    expect(isRecording(finishing)).toBe(true);
  });
});

describe.each([recording, stalled, finishing])("of a recording that is $state", (state) => {
  test("the panel says how long and how large it is, and what is missing", () => {
    openConsole({ recorders: [recorder(state)] });
    expect(screen.getByText("12:34 · 217 MB")).toBeVisible();
    expect(screen.getByText("128 frames missing, see the gap log")).toBeVisible();
  });

  test("the lamp says how long it is", () => {
    expect(recordingLamp(state).detail).toMatch(/\b12:34$/);
  });
});

test("a stalled disk is told with how long it has been", () => {
  openConsole({ recorders: [recorder(stalled)] });
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

describe("several recorders", () => {
  const two = (one: RecordingState, other: RecordingState) => [
    recorder(one),
    { ...recorder(other), id: 2, settings: { ...testRecorder(2).settings, name: "Interview" } },
  ];
  const failed: RecordingState = { state: "failed", file: null, reason: "the disk is full" };

  test("are told by one lamp, which is red only while all that run reach the disk", () => {
    expect(recordersLamp(two(recording, recording))).toMatchObject({ text: "Recording 2", tone: "red" });
    expect(recordersLamp(two(recording, stalled))).toMatchObject({ text: "Disk stalled", tone: "amber" });
    expect(recordersLamp(two(recording, failed))).toMatchObject({ text: "Recording, 1 failed", tone: "amber" });
    expect(recordersLamp([])).toMatchObject({ text: "No recorder" });
  });

  test("are started, split and stopped each by itself", async () => {
    const { fake, user } = openConsole({ recorders: two({ state: "stopped", lastFile: null }, recording) });
    const interview = within(screen.getByRole("region", { name: "Interview" }));
    await user.click(interview.getByRole("button", { name: "New file" }));
    await user.click(interview.getByRole("button", { name: "Stop" }));
    await user.click(within(screen.getByRole("region", { name: "Programme" })).getByRole("button", { name: "Record" }));
    expect(fake.sent).toEqual([
      { type: "splitRecording", recorder: 2 },
      { type: "stopRecording", recorder: 2 },
      { type: "startRecording", recorder: 1 },
    ]);
  });

  test("are added with all that can be set, and times that cannot be read are not sent", async () => {
    const { fake, user } = openConsole();
    await user.click(screen.getByRole("button", { name: "Add recorder" }));
    const dialog = within(screen.getByRole("dialog", { name: "Add recorder" }));
    await user.selectOptions(dialog.getByRole("combobox", { name: "Records" }), "Aux 1");
    await user.type(dialog.getByRole("spinbutton", { name: "New file after minutes" }), "30");
    await user.click(dialog.getByRole("checkbox", { name: "Runs while there is signal" }));
    await user.type(dialog.getByRole("textbox", { name: "Runs at these times" }), "sometimes");
    await user.click(dialog.getByRole("button", { name: "Add recorder" }));
    expect(fake.sent).toEqual([]);
    expect(dialog.getByText(/^Write times like/)).toBeVisible();
    await user.clear(dialog.getByRole("textbox", { name: "Runs at these times" }));
    await user.type(dialog.getByRole("textbox", { name: "Runs at these times" }), "Mon fri 20:00-22:00, 08:00-09:00");
    await user.click(dialog.getByRole("button", { name: "Add recorder" }));
    expect(fake.sent).toMatchObject([
      {
        type: "addRecorder",
        settings: {
          source: "aux1",
          split: { minutes: 30, hourly: false },
          start: {
            signal: { level: -50, seconds: 30 },
            schedule: [
              { days: [1, 5], from: "20:00", until: "22:00" },
              { days: [], from: "08:00", until: "09:00" },
            ],
          },
        },
      },
    ]);
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  test("record what is aired without what would not lie beside it", async () => {
    const { fake, user } = openConsole();
    await user.click(screen.getByRole("button", { name: "Add recorder" }));
    const dialog = within(screen.getByRole("dialog", { name: "Add recorder" }));
    await user.selectOptions(dialog.getByRole("combobox", { name: "Strips" }), "And every strip, after its fader");
    await user.click(dialog.getByRole("checkbox", { name: "And Aux 1" }));
    await user.selectOptions(dialog.getByRole("combobox", { name: "Records" }), "On air (after the delay)");
    expect(dialog.getByRole("combobox", { name: "Strips" })).toBeDisabled();
    await user.click(dialog.getByRole("checkbox", { name: "Cue sheet beside each file" }));
    await user.click(dialog.getByRole("button", { name: "Add recorder" }));
    expect(fake.sent).toMatchObject([
      { type: "addRecorder", settings: { source: "aired", stems: "none", buses: [], cueSheets: true } },
    ]);
  });

  test("say that no new file can be begun, for as long as that is so", () => {
    const seamFault = "no new file can be begun in /takes (read-only)";
    openConsole({ recorders: [{ ...recorder(recording), seamFault }] });
    expect(screen.getByText("No new file can be begun in /takes (read-only)")).toBeVisible();
  });
});

describe("a bit rate that is an average", () => {
  const settings = (format: RecordingFormat, variable: boolean) => ({
    ...testRecorder(1).settings,
    format,
    bitRate: 128,
    variable,
  });

  test("is told as one, and a format without a bit rate has none", () => {
    expect(summary(settings("mp3", true))).toContain("MP3 128 kbit/s on average");
    expect(summary(settings("mp3", false))).not.toContain("average");
    expect(summary(settings("flac24", true))).not.toContain("average");
  });

  test("is a choice of the formats that have a bit rate", async () => {
    const { fake, user } = openConsole({ recorders: [{ ...testRecorder(1), settings: settings("opus", true) }] });
    await user.click(screen.getByRole("button", { name: "Recorder settings" }));
    const dialog = within(screen.getByRole("dialog"));
    const average = () => dialog.queryByRole("checkbox", { name: "The bit rate is an average" });
    expect(average()).toBeChecked();
    await user.click(dialog.getByRole("checkbox", { name: "The bit rate is an average" }));
    await user.selectOptions(dialog.getByRole("combobox", { name: "Format" }), "FLAC, 24-bit");
    expect(average()).toBeNull();
    await user.selectOptions(dialog.getByRole("combobox", { name: "Format" }), "MP3");
    await user.click(dialog.getByRole("button", { name: "Save" }));
    expect(fake.desk.recorders[0]?.settings).toMatchObject({ format: "mp3", variable: false });
  });
});
