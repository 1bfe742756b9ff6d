import { screen, within } from "@testing-library/svelte";
import { expect, test } from "vitest";

import { testAirDelay, testDeadAir } from "../platform/fakeOutputs";
import { testStrip } from "../platform/fakeStrip";
import { openConsole } from "../test-desk";

async function openAir(changes: Parameters<typeof openConsole>[0] = {}): Promise<ReturnType<typeof openConsole>> {
  const opened = openConsole(changes);
  await opened.user.click(screen.getByRole("button", { name: "Air" }));
  return opened;
}

test("without a delay there is no dump button", () => {
  openConsole();
  expect(screen.queryByTestId("dump")).toBeNull();
});

test("the dump button says what can be dropped, and drops all of it", async () => {
  const { fake, user } = openConsole({ airDelay: testAirDelay(10, 3.24) });
  const dump = screen.getByRole("button", { name: "Dump 3.2 s" });
  await user.click(dump);
  expect(fake.sent.at(-1)).toEqual({ type: "dump", seconds: null });
  expect(dump).toHaveTextContent("Dump 0.0 s");
  expect(dump).toBeDisabled();
});

test("two keys together dump, and D alone does not", async () => {
  const { fake, user } = openConsole({ airDelay: testAirDelay(10, 10) });
  await user.keyboard("d");
  expect(fake.sent).toEqual([]);
  await user.keyboard("{Shift>}D{/Shift}");
  expect(fake.sent.at(-1)).toEqual({ type: "dump", seconds: null });
});

test("with nothing held the keys ask for nothing", async () => {
  const { fake, user } = openConsole();
  await user.keyboard("{Shift>}D{/Shift}");
  expect(fake.sent).toEqual([]);
});

test("a delay is chosen, and how it is going is told", async () => {
  const { fake, user } = await openAir();
  await user.selectOptions(screen.getByRole("combobox", { name: "Broadcast delay" }), "7 s");
  expect(fake.sent.at(-1)).toEqual({ type: "setAirDelay", settings: { seconds: 7, stretchPercent: 8 } });
  fake.emit({ type: "airDelay", value: { ...testAirDelay(7, 2.5), phase: "building" } });
  expect(await screen.findByText("2.5 s, building up to 7 s")).toBeInTheDocument();
});

test("the programme is watched, and a strip stands in for it", async () => {
  const { fake, user } = await openAir({ strips: [testStrip(1), testStrip(2, { name: "Jukebox" })] });
  await user.click(screen.getByRole("button", { name: "Watch the programme for dead air" }));
  expect(fake.sent.at(-1)).toMatchObject({ type: "setDeadAir", settings: { on: true, fallback: null } });
  await user.selectOptions(screen.getByRole("combobox", { name: "Fallback" }), "Jukebox");
  expect(fake.sent.at(-1)).toMatchObject({ settings: { on: true, fallback: 2 } });
  await user.selectOptions(screen.getByRole("combobox", { name: "Dead-air time" }), "30 s");
  expect(fake.sent.at(-1)).toMatchObject({ settings: { fallback: 2, watch: { levelDbfs: -50, seconds: 30 } } });
});

test("dead air and what stands in are told", async () => {
  const dead = testDeadAir({ programme: { state: "dead", since: "22:41:07" }, fallback: { state: "in" } });
  await openAir({ deadAir: dead });
  const panel = within(screen.getByRole("region", { name: "Dead air" }));
  expect(panel.getByText("Programme").nextElementSibling).toHaveTextContent("dead since 22:41:07");
  expect(panel.getByText("stands in")).toBeInTheDocument();
});

test("only the last seconds are dropped where that is enough", async () => {
  const { fake, user } = await openAir({ airDelay: testAirDelay(10, 6.5) });
  await user.selectOptions(screen.getByRole("combobox", { name: "How much to drop" }), "3 s");
  await user.click(screen.getByRole("button", { name: "Dump last 3.0 s" }));
  expect(fake.sent.at(-1)).toEqual({ type: "dump", seconds: 3 });
  await user.selectOptions(screen.getByRole("combobox", { name: "How much to drop" }), "20 s");
  expect(screen.getByRole("button", { name: /^Dump last \d/ })).not.toHaveTextContent("20.0 s");
});

test("the fallback has a level of its own once there is one", async () => {
  const { fake, user } = await openAir({ strips: [testStrip(1), testStrip(2, { name: "Jukebox" })] });
  expect(screen.queryByRole("combobox", { name: "Fallback level" })).toBeNull();
  await user.selectOptions(screen.getByRole("combobox", { name: "Fallback" }), "Jukebox");
  await user.selectOptions(screen.getByRole("combobox", { name: "Fallback level" }), "-12 dB");
  expect(fake.sent.at(-1)).toMatchObject({ type: "setDeadAir", settings: { fallback: 2, fallbackDb: -12 } });
});

test("a strip that is watched has a level and a time of its own", async () => {
  const { fake, user } = await openAir();
  await user.selectOptions(screen.getByRole("combobox", { name: "Watch a strip" }), "Mic 2");
  await user.selectOptions(screen.getByRole("combobox", { name: "Level of Mic 2" }), "-70 dBFS");
  expect(fake.sent.at(-1)).toEqual({ type: "setStripWatch", strip: 2, watch: { levelDbfs: -70, seconds: 10 } });
  await user.selectOptions(screen.getByRole("combobox", { name: "Time of Mic 2" }), "60 s");
  expect(fake.sent.at(-1)).toEqual({ type: "setStripWatch", strip: 2, watch: { levelDbfs: -70, seconds: 60 } });
});

test("a strip is watched, and is not any more", async () => {
  const { fake, user } = await openAir();
  await user.selectOptions(screen.getByRole("combobox", { name: "Watch a strip" }), "Mic 2");
  const watch = { levelDbfs: -50, seconds: 10 };
  expect(fake.sent.at(-1)).toEqual({ type: "setStripWatch", strip: 2, watch });
  await user.click(screen.getByRole("button", { name: "Watch Mic 2 no more" }));
  expect(fake.sent.at(-1)).toEqual({ type: "setStripWatch", strip: 2, watch: null });
});
