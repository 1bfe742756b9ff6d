import { screen } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";

import { quietFrame } from "../meter/frame";
import { testSnapshot } from "../platform/fakeSnapshot";
import { testStrip } from "../platform/fakeStrip";
import { openConsole } from "../test-desk";

async function openTalkover(changes: Parameters<typeof openConsole>[0] = {}): Promise<ReturnType<typeof openConsole>> {
  const opened = openConsole(changes);
  await opened.user.click(screen.getByRole("button", { name: "Talkover" }));
  return opened;
}

test("talkover is switched and set at once", async () => {
  const { fake, user } = await openTalkover();
  const [, toggle] = screen.getAllByRole("button", { name: "Talkover" });
  if (toggle) await user.click(toggle);
  expect(fake.sent.at(-1)).toEqual({ type: "setTalkover", settings: { ...testSnapshot().talkover, on: true } });
  screen.getByRole("slider", { name: "Talkover hold" }).focus();
  await user.keyboard("{End}");
  expect(fake.sent.at(-1)).toMatchObject({ settings: { on: true, holdMs: 5000 } });
  await user.keyboard("{Delete}");
  expect(fake.sent.at(-1)).toMatchObject({ settings: { on: true, holdMs: 500 } });
});

test("talkover says who speaks, what steps back, and how far it does now", async () => {
  const { fake } = await openTalkover({
    strips: [testStrip(1, { talkover: "key" }), testStrip(2, { name: "Bed", talkover: "ducked" })],
  });
  expect(screen.getByText("Microphones").nextElementSibling).toHaveTextContent("Mic 1");
  expect(screen.getByText("Music").nextElementSibling).toHaveTextContent("Bed");
  fake.emitMeters(quietFrame({ ducking: -12 }));
  const light = screen.getByRole("meter", { name: "Music steps back" });
  await vi.waitFor(() => expect(light).toHaveAttribute("aria-valuetext", "turns down by 12.0 dB"));
});
