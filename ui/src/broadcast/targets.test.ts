import { screen, within } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, test } from "vitest";

import type { AirState, ListenBackState } from "../bindings";
import { onAir, testTarget } from "../platform/fakeOutputs";
import { openConsole } from "../test-desk";
import { airLamp, deskLamp, titleProblem } from "./air";

const live = (seconds: number): AirState => ({
  state: "live",
  seconds,
  bytesSent: 1_000_000,
  secondsDropped: 0,
  reconnects: 0,
  title: { state: "notSet" },
  statistics: null,
});
const retrying: AirState = { state: "retrying", reason: "nothing answers", attempt: 2, seconds: 3 };
const relay = testTarget(2, { label: "Relay", host: "relay.example.org" });
const spare = testTarget(3, { label: "Spare", enabled: false });

describe("one lamp for all servers", () => {
  test.each<[string, string, AirState[]]>([
    ["Off air", "dark", [{ state: "off" }, { state: "off" }]],
    ["On air, all 2", "red", [live(61), live(5)]],
    ["On air 1 of 2", "red", [live(61), retrying]],
    ["On air 1 of 2", "red", [live(61), { state: "off" }]],
    ["Off air, retrying", "amber", [retrying, { state: "failed", reason: "wrong password", certificate: null }]],
    ["Connecting", "amber", [{ state: "connecting" }, { state: "off" }]],
  ])("says %s in %s", (text, tone, airs) => {
    const targets = airs.map((air, n) => onAir(testTarget(n + 1), air));
    expect(deskLamp([...targets, spare])).toMatchObject({ text, tone });
  });

  test("counts one that is not enabled while it is on air", () => {
    const targets = [onAir(testTarget(1), live(1)), onAir(spare, live(2))];
    expect(deskLamp(targets).text).toBe("On air, all 2");
  });
});

const heard: ListenBackState = { state: "heard", delay: 1, title: "asSet", loudness: -16 };
const silence: ListenBackState = { state: "silence" };
const nothing: ListenBackState = { state: "nothing", reason: "it answers 404" };

describe("the lamp of a stream that is live", () => {
  const lampOf = (listenBack: ListenBackState | null) => airLamp({ air: live(61), listenBack });

  test.each<[string | undefined, ListenBackState]>([
    ["listeners hear nothing", nothing],
    ["listeners hear silence", silence],
    ["listeners hear something else", { state: "otherSound" }],
    ["listeners read an old title", { state: "oldTitle", title: "Jóga", delay: 1, loudness: null }],
  ])("warns: %s", (note, listenBack) => {
    expect(lampOf(listenBack)).toEqual({ text: "On air", detail: "1:01", tone: "amber", note });
  });

  test.each<[ListenBackState | null]>([
    [null],
    [heard],
    [{ state: "waiting" }],
    [{ state: "programmeSilent" }],
    [{ state: "programmeSteady" }],
    [{ state: "cannotListen", reason: "no decoder" }],
  ])("is red with %o", (listenBack) => {
    expect(lampOf(listenBack)).toEqual({ text: "On air", detail: "1:01", tone: "red" });
  });

  test("does not warn of what was heard before it went off air", () => {
    expect(airLamp({ air: retrying, listenBack: silence })).toMatchObject({ text: "Off air, retrying", tone: "amber" });
    expect(airLamp({ air: { state: "off" }, listenBack: silence })).toEqual({ text: "Off air", tone: "dark" });
  });

  test("has it in its name, for whoever does not see it", async () => {
    const { container } = openConsole({ targets: [{ ...onAir(testTarget(1), live(61)), listenBack: silence }] });
    const lamp = screen.getByRole("status", { name: "On air: listeners hear silence" });
    expect(lamp).toHaveAttribute("data-tone", "amber");
    expect(within(lamp).getByText("listeners hear silence")).toBeVisible();
    const { violations } = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
    expect(violations.map(({ id }) => id)).toEqual([]);
  });
});

describe("one lamp for all servers and their listeners", () => {
  const heardBy = (...all: (ListenBackState | null)[]) =>
    deskLamp(all.map((listenBack, n) => ({ ...onAir(testTarget(n + 1), live(61)), listenBack })));

  test.each<[string, (ListenBackState | null)[]]>([
    ["listeners hear silence", [silence, silence]],
    ["some listeners hear silence", [heard, silence]],
    ["some listeners hear silence", [{ state: "oldTitle", title: null, delay: 1, loudness: null }, silence]],
    ["some listeners hear nothing", [silence, nothing]],
  ])("%s", (note, all) => {
    expect(heardBy(...all)).toMatchObject({ text: "On air, all 2", tone: "amber", note });
  });

  test("is red where nothing is wrong", () => {
    expect(heardBy(heard, null)).not.toHaveProperty("note");
    expect(heardBy(heard, null).tone).toBe("red");
  });

  test("knows only of those that are live", () => {
    const off = { ...onAir(testTarget(2), retrying), listenBack: silence };
    expect(deskLamp([onAir(testTarget(1), live(61)), off])).toMatchObject({ text: "On air 1 of 2", tone: "red" });
  });
});

describe("several servers", () => {
  test("go live together but for those that are not enabled, and off air after a question", async () => {
    const { fake, user } = openConsole({ targets: [testTarget(1), relay, spare] });
    await user.click(screen.getByTestId("go-live"));
    expect(fake.sent).toEqual([{ type: "goLive", target: null }]);
    expect(screen.getByTestId("air-state")).toHaveTextContent("On air, all 2");
    await user.click(screen.getByTestId("go-live"));
    expect(screen.getByRole("dialog")).toHaveTextContent("on every server");
    await user.click(screen.getByRole("button", { name: "Go off air" }));
    expect(screen.getByTestId("air-state")).toHaveTextContent("Off air");
  });

  test("go live and off air each by itself", async () => {
    const { fake, user } = openConsole({ targets: [testTarget(1), relay] });
    await user.click(screen.getByRole("button", { name: "Go live Relay" }));
    expect(fake.sent).toEqual([{ type: "goLive", target: 2 }]);
    expect(screen.getByTestId("air-state")).toHaveTextContent("On air 1 of 2");
    await user.click(screen.getByRole("button", { name: "Go off air… Relay" }));
    expect(fake.sent).toHaveLength(1);
    expect(screen.getByRole("button", { name: "Stay on air" })).toHaveFocus();
    await user.click(screen.getByRole("button", { name: "Go off air" }));
    expect(fake.sent.at(-1)).toEqual({ type: "goOffAir", target: 2 });
  });

  test("say each how it is, and break no rule of accessibility", async () => {
    const { container } = openConsole({
      targets: [onAir(testTarget(1), live(61)), onAir(relay, retrying), spare],
    });
    const panel = within(screen.getByRole("region", { name: "Relay" }));
    expect(panel.getByTestId("target-state")).toHaveTextContent("Off air, retrying");
    expect(panel.getByText("Nothing answers")).toBeVisible();
    expect(within(screen.getByRole("region", { name: "Spare" })).getByText(/^It is not enabled/)).toBeVisible();
    const { violations } = await axe.run(container, { rules: { "color-contrast": { enabled: false } } });
    expect(violations.map(({ id }) => id)).toEqual([]);
  });

  test("are added, set and removed", async () => {
    const { fake, user } = openConsole({ targets: [testTarget(1)] });
    await user.click(screen.getByRole("button", { name: "Add server" }));
    const dialog = within(screen.getByRole("dialog", { name: "Add server" }));
    await user.type(dialog.getByRole("textbox", { name: "Called" }), "Relay");
    await user.type(dialog.getByRole("textbox", { name: "Host" }), "relay.example.org");
    await user.selectOptions(dialog.getByRole("combobox", { name: "Bus" }), "Aux 1");
    await user.type(dialog.getByRole("spinbutton", { name: "Loudness, LUFS" }), "-16");
    await user.type(dialog.getByLabelText("Password"), "hackme");
    await user.click(dialog.getByRole("button", { name: "Save" }));
    expect(fake.desk.targets[1]?.settings).toMatchObject({
      label: "Relay",
      host: "relay.example.org",
      bus: "aux1",
      loudness: -16,
      name: "Night Shift",
    });
    expect(fake.sent.at(-1)).toEqual({ type: "setPassword", target: 2, password: "hackme" });

    await user.click(screen.getByRole("button", { name: "Server settings of Relay" }));
    const loudness = screen.getByRole("spinbutton", { name: "Loudness, LUFS" });
    await user.clear(loudness);
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(fake.desk.targets[1]?.settings.loudness).toBeNull();

    await user.click(screen.getByRole("button", { name: "Server settings of Relay" }));
    await user.click(screen.getByRole("button", { name: "Remove…" }));
    expect(screen.getByRole("button", { name: "Keep it" })).toHaveFocus();
    await user.click(screen.getByRole("button", { name: "Remove it" }));
    expect(fake.desk.targets.map(({ id }) => id)).toEqual([1]);
    expect(screen.queryByRole("region", { name: "Relay" })).toBeNull();
  });
});

test("a title has an artist where one is named, and a problem names its server", async () => {
  const { fake, user } = openConsole({
    targets: [
      onAir(testTarget(1), live(1)),
      onAir(relay, { ...live(1), title: { state: "notShown", reason: "it takes only Latin-1" } } as AirState),
    ],
  });
  expect(screen.getByText("Listeners do not see it: Relay: it takes only Latin-1")).toBeVisible();
  await user.type(screen.getByRole("textbox", { name: "Artist" }), "Björk");
  await user.type(screen.getByRole("textbox", { name: "Title" }), "Jóga{Enter}");
  expect(fake.sent).toEqual([{ type: "setTitle", title: "Jóga", artist: "Björk", show: null }]);
});

test("a title that nobody can read back says why", () => {
  const unread: AirState = { ...live(1), title: { state: "cannotBeRead", reason: "its page answers 403" } } as AirState;
  openConsole({ targets: [onAir(testTarget(1), unread)] });
  const told = "Nobody can tell whether listeners see it: its page answers 403";
  expect(screen.getByRole("alert")).toHaveTextContent(told);
  expect(screen.getByRole("textbox", { name: "Title" })).toHaveAccessibleDescription(told);
});

test("titles that are not seen and titles that nobody can read are told apart", () => {
  const unseen: AirState = { ...live(1), title: { state: "notShown", reason: "it takes only Latin-1" } } as AirState;
  const unread: AirState = { ...live(1), title: { state: "cannotBeRead", reason: "its page answers 403" } } as AirState;
  expect(titleProblem([onAir(testTarget(1, { label: "Main" }), unread), onAir(relay, unseen)])).toBe(
    "Listeners do not see it: Relay: it takes only Latin-1. Nobody can tell whether listeners see it: Main: its page answers 403",
  );
  expect(titleProblem([onAir(relay, live(1))])).toBeNull();
});

test("a show is named once and stays, and can be taken away", async () => {
  const { fake, user } = openConsole();
  const show = screen.getByRole("textbox", { name: "Show" });
  await user.type(show, "Night Shift{Enter}");
  expect(fake.sent.at(-1)).toEqual({ type: "setTitle", title: "", artist: "", show: "Night Shift" });
  await user.type(screen.getByRole("textbox", { name: "Title" }), "Jóga{Enter}");
  expect(fake.sent.at(-1)).toMatchObject({ title: "Jóga", show: null });
  expect(show).toHaveValue("Night Shift");
  await user.clear(show);
  await user.click(screen.getByRole("button", { name: "Send" }));
  expect(fake.desk.title).toEqual({ title: "Jóga", artist: "", show: "" });
});
