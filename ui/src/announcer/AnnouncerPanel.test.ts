import { screen, within } from "@testing-library/svelte";
import { expect, test } from "vitest";

import { testAnnouncer, testPast, testUtterance } from "../platform/fakeAnnouncer";
import { openConsole } from "../test-desk";
import { pastWords } from "./words";

async function openAnnouncer(
  changes: Parameters<typeof testAnnouncer>[0] = {},
): Promise<ReturnType<typeof openConsole>> {
  const opened = openConsole({ announcer: testAnnouncer(changes) });
  await opened.user.click(screen.getByRole("button", { name: "Announcer" }));
  return opened;
}

test("a text is sent, waits, and is cancelled", async () => {
  const { fake, user } = await openAnnouncer();
  expect(screen.getByRole("button", { name: "Say" })).toBeDisabled();
  await user.type(screen.getByLabelText("Text to say"), "Good evening");
  await user.click(screen.getByRole("button", { name: "Say" }));
  expect(fake.sent.at(-1)).toEqual({ type: "announcer", command: { type: "say", text: "Good evening", voice: null } });
  const list = await screen.findByRole("list", { name: "Texts that wait" });
  expect(screen.getByLabelText("Text to say")).toHaveValue("");
  await user.click(within(list).getByRole("button", { name: "Cancel: Good evening" }));
  expect(fake.sent.at(-1)).toEqual({ type: "announcer", command: { type: "cancel", utterance: 1 } });
});

test("what is being said is paused, sent back and skipped", async () => {
  const speaking = {
    utterance: testUtterance(7, "News"),
    endpoint: "voice/v1",
    heard: true,
    strip: "Announcer",
    buffered: 1,
  };
  const { fake, user } = await openAnnouncer({ speaking });
  expect(screen.getByText("By").nextElementSibling).toHaveTextContent("voice/v1");
  for (const [name, type] of [
    ["From its beginning", "back"],
    ["Next text", "skip"],
    ["Pause speech", "pause"],
    ["Go on speaking", "resume"],
    ["Say nothing", "cancelAll"],
  ] as const) {
    await user.click(await screen.findByRole("button", { name }));
    expect(fake.sent.at(-1)).toEqual({ type: "announcer", command: { type } });
  }
});

test("what was said tells how it went, and is said again where it is kept", async () => {
  const failed = testPast(2, "Weather", { outcome: { state: "failed", reason: "nobody answers" }, kept: 0 });
  const { fake, user } = await openAnnouncer({ history: [failed, testPast(1, "News")] });
  const list = screen.getByRole("list", { name: "Texts that were said" });
  expect(list).toHaveTextContent("nobody answers");
  expect(within(list).getByRole("button", { name: "Say again: Weather" })).toBeDisabled();
  await user.click(within(list).getByRole("button", { name: "Say again: News" }));
  expect(fake.sent.at(-1)).toEqual({ type: "announcer", command: { type: "replay", utterance: 1, last: null } });
  expect(pastWords(testPast(1, "Long", { seconds: 90, kept: 60, underruns: 2 }))).toBe(
    "20:15:04, 90.0 s, heard after 340 ms, 2 gaps, the first 60 s are kept",
  );
});

test("the settings are sent whole and the key is sent and not kept", async () => {
  const { fake, user } = await openAnnouncer();
  await user.click(screen.getByText("Voice and servers"));
  const voice = screen.getByLabelText("Voice of speech");
  await user.clear(voice);
  await user.type(voice, "alloy{Tab}");
  expect(fake.sent.at(-1)).toEqual({
    type: "announcer",
    command: { type: "set", settings: { ...testAnnouncer().settings, voice: "alloy" } },
  });
  const key = screen.getByLabelText("API key");
  await user.type(key, "sk-1");
  await user.click(screen.getByRole("button", { name: "Keep key" }));
  expect(fake.sent.at(-1)).toEqual({ type: "announcer", command: { type: "setKey", key: "sk-1" } });
  expect(key).toHaveValue("");
});
