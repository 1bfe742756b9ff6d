import { screen, within } from "@testing-library/svelte";
import axe from "axe-core";
import { tick } from "svelte";
import { describe, expect, test } from "vitest";

import type { AirState, RecordingState } from "./bindings";
import { quietFrame } from "./meter/frame";
import { onAir, testListening, testRecorder, testTarget } from "./platform/fakeOutputs";
import { showcase } from "./platform/fakeShow";
import { openConsole } from "./test-desk";

const broadcast = (air: AirState) => onAir(testTarget(1), air);
const recorder = (recording: RecordingState) => ({ ...testRecorder(1), recording });
const live: AirState = {
  state: "live",
  seconds: 61,
  bytesSent: 1_000_000,
  secondsDropped: 0,
  reconnects: 0,
  title: { state: "notSet" },
  statistics: null,
};

/** Rules that need a drawn page are left to the eye: this DOM draws nothing. */
async function violations(container: HTMLElement): Promise<string[]> {
  const result = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
  return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

describe("the console breaks no rule of accessibility", () => {
  test("during a show", async () => {
    const { container } = openConsole(showcase(new URLSearchParams("air=certificate")));
    expect(await violations(container)).toEqual([]);
  });

  test.each([
    ["in the server settings", "Server settings"],
    ["while a server is added", "Add server"],
    ["in the help", "Keys and gestures"],
    ["while a strip is added", "Add strip"],
    ["in a strip's stages", "Stages of Mic 1: no stage on"],
    ["in an aux bus's stages", "Stages of Aux 1: no stage on"],
    ["in the loudness", "Loudness"],
    ["in the scenes", "Scenes"],
    ["in the announcer", "Announcer"],
    ["in talkover", "Talkover"],
    ["in the timeline", "Timeline"],
    ["in the library", "Library"],
  ])("%s", async (_, button) => {
    const { container, user } = openConsole({ scenes: ["Opening"] });
    if (button.includes("Aux")) await user.click(screen.getByRole("button", { name: "Aux buses" }));
    await user.click(screen.getByRole("button", { name: button }));
    localStorage.clear();
    expect(await violations(container)).toEqual([]);
  });
});

describe("the on-air lamp", () => {
  test.each<[string, string, AirState]>([
    ["Off air", "dark", { state: "off" }],
    ["Connecting", "amber", { state: "connecting" }],
    ["On air", "red", live],
    ["Off air, retrying", "amber", { state: "retrying", reason: "the server is away", attempt: 2, seconds: 3 }],
    ["Off air, failed", "amber", { state: "failed", reason: "wrong password", certificate: null }],
  ])("says %s in %s", (text, tone, air) => {
    openConsole({ targets: [broadcast(air)] });
    expect(screen.getByTestId("air-state")).toHaveTextContent(text);
    expect(screen.getByTestId("air-state")).toHaveAttribute("data-tone", tone);
  });

  test("claims nothing while the desk cannot be reached", async () => {
    const { fake } = openConsole({ targets: [broadcast(live)] });
    fake.setConnection({ state: "lost", attempt: 1 });
    await tick();
    expect(screen.getByTestId("air-state")).toHaveTextContent("Not known");
    expect(screen.getByTestId("rec-state")).toHaveTextContent("Not known");
    expect(screen.getByTestId("status-connection")).toHaveTextContent("Connection lost");
    expect(screen.getByTestId("go-live")).toBeDisabled();
  });
});

describe("going off air", () => {
  test("asks first, and staying is the answer under the finger", async () => {
    const { fake, user } = openConsole({ targets: [broadcast(live)] });
    await user.click(screen.getByTestId("go-live"));
    expect(fake.sent).toEqual([]);
    expect(screen.getByRole("button", { name: "Stay on air" })).toHaveFocus();
    await user.click(screen.getByRole("button", { name: "Go off air" }));
    expect(fake.sent).toEqual([{ type: "goOffAir", target: null }]);
    expect(screen.getByTestId("air-state")).toHaveTextContent("Off air");
  });

  test("is not on any key", async () => {
    const { fake, user } = openConsole({ targets: [broadcast(live)] });
    await user.keyboard("lLoOqQ{Escape}{Delete}");
    expect(fake.sent).toEqual([]);
    expect(screen.queryByRole("dialog")).toBeNull();
  });
});

describe("going live", () => {
  test("is one press of the button", async () => {
    const { fake, user } = openConsole();
    await user.click(screen.getByTestId("go-live"));
    expect(fake.sent).toEqual([{ type: "goLive", target: null }]);
    expect(screen.getByTestId("air-state")).toHaveTextContent("On air");
  });

  test("by key asks, and Enter says yes", async () => {
    const { fake, user } = openConsole();
    await user.keyboard("l");
    expect(fake.sent).toEqual([]);
    await user.keyboard("{Enter}");
    expect(fake.sent).toEqual([{ type: "goLive", target: null }]);
  });

  test("with an unknown certificate shows its fingerprint and trusts only that one", async () => {
    const certificate = "ab".repeat(32);
    const { fake, user } = openConsole({
      targets: [broadcast({ state: "failed", reason: "unknown certificate", certificate })],
    });
    expect(screen.getByText(/^ABAB ABAB/)).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Trust it and go live" }));
    expect(fake.sent).toEqual([
      { type: "trustCertificate", target: 1, fingerprint: certificate },
      { type: "goLive", target: 1 },
    ]);
  });
});

describe("the recorder", () => {
  test("is started by R and not stopped by it", async () => {
    const { fake, user } = openConsole();
    await user.keyboard("r");
    await user.keyboard("r");
    expect(fake.sent).toEqual([{ type: "startRecording", recorder: null }]);
    await user.keyboard("{Shift>}R{/Shift}");
    expect(fake.sent.at(-1)).toEqual({ type: "stopRecording", recorder: null });
  });

  test("is red only while bytes reach the disk", () => {
    openConsole({ recorders: [recorder({ state: "starting" })] });
    expect(screen.getByTestId("rec-state")).toHaveAttribute("data-tone", "amber");
  });

  test("does not claim to record while the disk takes nothing, and can still be stopped", () => {
    openConsole({
      recorders: [
        recorder({
          state: "stalled",
          file: "/a.wav",
          seconds: 4.2,
          recorded: 60,
          bytes: 9,
          framesLost: 0,
          gapsLogged: true,
        }),
      ],
    });
    expect(screen.getByTestId("rec-state")).toHaveTextContent("Disk stalled");
    expect(screen.getByTestId("rec-state")).toHaveAttribute("data-tone", "amber");
    expect(screen.getByTestId("record")).toHaveTextContent("Stop recording");
  });

  test("says how much is missing from the recording", () => {
    openConsole({
      recorders: [
        recorder({
          state: "recording",
          file: "/a.wav",
          seconds: 9,
          bytes: 9,
          framesLost: 128,
          gapsLogged: true,
        }),
      ],
    });
    expect(screen.getByText("128 frames missing, see the gap log")).toBeVisible();
  });

  test("says why it stopped by itself", () => {
    openConsole({
      recorders: [recorder({ state: "failed", file: null, reason: "the disk is full: free some space" })],
    });
    expect(screen.getByTestId("rec-state")).toHaveTextContent("Recording failed");
    expect(screen.getByText("The disk is full: free some space")).toBeVisible();
  });

  test("keeps its folder when another is refused, and what was typed stays to be mended", async () => {
    const { fake, user } = openConsole();
    fake.refuse = () => ({ code: "storage", message: "/root cannot be written" });
    await user.click(screen.getByRole("button", { name: "Recorder settings" }));
    const folder = screen.getByRole("textbox", { name: "Folder" });
    await user.clear(folder);
    await user.type(folder, "/root");
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText("/root cannot be written")).toBeVisible();
    expect(folder).toHaveValue("/root");
  });
});

describe("the server settings", () => {
  test("send the settings, and the password only when one was typed", async () => {
    const { fake, user } = openConsole();
    await user.click(screen.getByRole("button", { name: "Server settings" }));
    const dialog = within(screen.getByRole("dialog", { name: "Server settings" }));
    await user.selectOptions(dialog.getByRole("combobox", { name: "Codec" }), "Opus in Ogg");
    await user.click(dialog.getByRole("button", { name: "Save" }));
    expect(fake.sent).toHaveLength(1);
    expect(fake.desk.targets[0]?.settings).toMatchObject({ codec: "opus", mount: "/live.opus", bitRate: 128 });
  });

  test("do not say that there is no password when the file of passwords cannot be used", () => {
    openConsole({ targets: [{ ...testTarget(1), password: "unreadable" }] });
    expect(screen.getByText(/^It may be in a file that cannot be used: see the notice\./)).toBeVisible();
    expect(screen.queryByText("No password is set.")).toBeNull();
  });

  test("write a password and never read one", async () => {
    const { fake, user } = openConsole();
    await user.click(screen.getByRole("button", { name: "Server settings" }));
    const password = screen.getByLabelText("Password");
    expect(password).toHaveValue("");
    expect(password).toHaveAccessibleDescription("Set, and kept in the system's key store.");
    await user.type(password, "hackme");
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(fake.sent.at(-1)).toEqual({ type: "setPassword", target: 1, password: "hackme" });
  });
});

describe("the limiter", () => {
  test("shows by how much it turns the programme down, and is set in a dialog", async () => {
    const { fake, user } = openConsole();
    fake.emitMeters(quietFrame({ limiter: -2.5 }));
    await user.click(await screen.findByRole("button", { name: "Limiter: turns down by 2.5 dB" }));
    const dialog = within(screen.getByRole("dialog", { name: "Limiter" }));
    const ceiling = dialog.getByRole("spinbutton", { name: "Ceiling, dBTP" });
    expect(ceiling).toHaveValue(-1);
    await user.clear(ceiling);
    await user.type(ceiling, "-3");
    await user.click(dialog.getByRole("button", { name: "Save" }));
    expect(fake.sent.at(-1)).toEqual({ type: "setLimiter", settings: { on: true, ceilingDbtp: -3, releaseMs: 100 } });
    await user.click(screen.getByRole("button", { name: /^Limiter: / }));
    await user.click(screen.getByRole("checkbox", { name: "Keep the programme below the ceiling" }));
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByRole("button", { name: "Limiter: off" })).toHaveTextContent("No limiter");
  });
});

describe("settings that are changed on air", () => {
  test("count from the next time, and what is on air stays shown", async () => {
    const { user } = openConsole({ targets: [broadcast(live)] });
    const before = screen.getByTestId("server").textContent;
    expect(screen.queryByTestId("changed-settings")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Server settings" }));
    const dialog = within(screen.getByRole("dialog", { name: "Server settings" }));
    expect(dialog.getByText("A change counts from the next time you go live.")).toBeVisible();
    const host = dialog.getByRole("textbox", { name: "Host" });
    await user.clear(host);
    await user.type(host, "other.example");
    await user.click(dialog.getByRole("button", { name: "Save" }));
    expect(screen.getByTestId("server").textContent).toBe(before);
    expect(screen.getByTestId("changed-settings")).toHaveTextContent("other.example");

    await user.click(screen.getByTestId("go-live"));
    await user.click(screen.getByRole("button", { name: "Go off air" }));
    expect(screen.getByTestId("server")).toHaveTextContent("other.example");
    expect(screen.queryByTestId("changed-settings")).toBeNull();
  });
});

describe("the broadcast panel", () => {
  test("after a reload shows what is on air and not what was saved since", () => {
    const state = broadcast(live);
    const settings = { ...state.settings, host: "other.example", codec: "opus", bitRate: 96 } as const;
    openConsole({ targets: [{ ...state, settings }] });
    const shown = screen.getByTestId("server");
    expect(shown).toHaveTextContent("On air with");
    expect(shown).toHaveTextContent("icecast.example.org:8443/live.mp3 · MP3 128 kbit/s");
    expect(shown).not.toHaveTextContent("other.example");
    expect(screen.getByTestId("changed-settings")).toHaveTextContent("other.example:8443/live.mp3");
    expect(screen.getByTestId("changed-settings")).toHaveTextContent("count from the next time you go live");
  });

  test.each<[string, AirState]>([
    ["Goes on air with", { state: "off" }],
    ["Connecting with", { state: "connecting" }],
    ["Trying again with", { state: "retrying", reason: "the server is away", attempt: 2, seconds: 3 }],
    ["Failed with", { state: "failed", reason: "wrong password", certificate: null }],
  ])("says %s and does not claim to be on air", (text, air) => {
    openConsole({ targets: [broadcast(air)] });
    expect(screen.getByTestId("server")).toHaveTextContent(text);
    expect(screen.getByTestId("server")).not.toHaveTextContent("On air with");
  });
});

describe("the source client", () => {
  test("is no choice in a build that has one", async () => {
    const { user } = openConsole();
    await user.click(screen.getByRole("button", { name: "Server settings" }));
    expect(screen.queryByRole("combobox", { name: "Source client" })).toBeNull();
  });

  test("is any that this build has", async () => {
    const { fake, user } = openConsole({
      transports: ["native", "libshout"],
    });
    await user.click(screen.getByRole("button", { name: "Server settings" }));
    const choice = screen.getByRole("combobox", { name: "Source client" });
    expect(
      within(choice)
        .getAllByRole("option")
        .map((option) => option.textContent),
    ).toEqual(["Airdesk", "libshout"]);
    await user.selectOptions(choice, "libshout");
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(fake.desk.targets[0]?.settings.transport).toBe("libshout");
  });

  test("is Airdesk's own where a session names one that this build lacks", async () => {
    const { fake, user } = openConsole({ targets: [testTarget(1, { transport: "libshout" })] });
    await user.click(screen.getByRole("button", { name: "Server settings" }));
    expect(screen.queryByRole("combobox", { name: "Source client" })).toBeNull();
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(fake.desk.targets[0]?.settings.transport).toBe("native");
  });
});

test("a title is sent with Enter, while on air, too", async () => {
  const { fake, user } = openConsole({ targets: [broadcast(live)] });
  await user.keyboard("t");
  await user.keyboard("Café del Mar 🌊{Enter}");
  expect(fake.sent).toEqual([{ type: "setTitle", title: "Café del Mar 🌊", artist: "", show: null }]);
});

test("letters typed into a field are text, not shortcuts", async () => {
  const { fake, user } = openConsole();
  await user.type(screen.getByRole("textbox", { name: "Title" }), "rlm");
  expect(fake.sent).toEqual([]);
});

test("the keys reach a strip's fader and its switches", async () => {
  const { fake, user } = openConsole();
  await user.keyboard(".");
  expect(screen.getByRole("slider", { name: "Fader, Mic 1" })).toHaveFocus();
  await user.keyboard(".m");
  expect(fake.sent).toEqual([{ type: "setMute", strip: 2, on: true }]);
});

test("the listener mounts are opened and show their addresses", async () => {
  const { user } = openConsole();
  await user.click(screen.getByTestId("listening"));
  expect(screen.getByText("http://127.0.0.1:8765/live.mp3")).toBeVisible();
});

test("the listener mounts promise nothing beyond this machine", async () => {
  const { user } = openConsole();
  expect(screen.getByTestId("listening-state")).toHaveTextContent("heard by players on this machine");
  await user.click(screen.getByTestId("listening"));
  expect(screen.getByTestId("listening-state")).toHaveTextContent("Open to players on this machine");
});

test("what listeners heard as silence is told", async () => {
  const { fake } = openConsole({
    listening: testListening({ on: true, listeners: 2, framesLost: 0 }),
  });
  expect(screen.queryByText(/heard as silence/)).toBeNull();
  fake.emit({ type: "listening", value: testListening({ on: true, listeners: 2, framesLost: 640 }) });
  expect(await screen.findByText("640 frames heard as silence: the desk was late.")).toBeVisible();
});

test("an output plays on the device that was chosen", async () => {
  const { fake, user } = openConsole();
  await user.selectOptions(screen.getByRole("combobox", { name: /^Cue output/ }), "Headphones (PipeWire)");
  expect(fake.sent).toEqual([
    { type: "setOutput", output: "cue", device: { type: "device", device: "pipewire:alsa_output.headphones" } },
  ]);
});

test("how an output's device is resampled can be chosen, and kept from others only where the system can", async () => {
  const { fake, user } = openConsole();
  expect(screen.queryByRole("checkbox", { name: "Keep other programs away" })).toBeNull();
  expect(screen.queryByRole("combobox", { name: "Resampling for Programme" })).toBeNull();
  await user.selectOptions(screen.getByRole("combobox", { name: /^Cue output/ }), "Headphones (PipeWire)");
  fake.sent.length = 0;
  const resampling = await screen.findByRole("combobox", { name: "Resampling for Cue" });
  await user.selectOptions(resampling, "Low latency: 0.7 ms, to 16 kHz");
  expect(fake.sent).toEqual([
    { type: "setOutputSettings", output: "cue", settings: { resampling: "lowLatency", exclusive: false } },
  ]);
});

test("an output is kept from other programs where the system can do that", async () => {
  const { fake, user } = openConsole({ exclusiveOutputs: true });
  await user.click(screen.getByRole("checkbox", { name: "Keep other programs away" }));
  expect(fake.sent).toEqual([
    { type: "setOutputSettings", output: "main", settings: { resampling: "balanced", exclusive: true } },
  ]);
});

test("a notice stays until it is dismissed", async () => {
  const { fake, user } = openConsole({
    notices: [{ id: 3, severity: "warning", text: "The headset has gone", time: "22:41:07" }],
  });
  await user.click(screen.getByRole("button", { name: "Dismiss: The headset has gone" }));
  expect(fake.sent).toEqual([{ type: "dismissNotice", id: 3 }]);
  expect(screen.queryByText("The headset has gone")).toBeNull();
});
