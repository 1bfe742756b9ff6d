import { screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { expect, test } from "vitest";

import { testListening, testRecorder } from "../platform/fakeOutputs";
import { openConsole } from "../test-desk";

const recorder = {
  ...testRecorder(1),
  recording: { state: "recording", file: "/a.wav", seconds: 9, bytes: 9, framesLost: 0, gapsLogged: true },
} as const;
const listening = testListening({ on: true, listeners: 3, framesLost: 0 });

test("closing a desk at work says what it costs, and running on is the answer under the finger", async () => {
  const { fake, user } = openConsole({ recorders: [recorder], listening });
  const answer = fake.close();
  await tick();
  expect(screen.getByRole("dialog", { name: "Stop and close?" })).toHaveTextContent(
    "The recording ends here. The listener mounts close on 3 listeners.",
  );
  expect(screen.getByRole("button", { name: "Keep running" })).toHaveFocus();
  await user.keyboard("{Enter}");
  expect(await answer).toBe(false);
  expect(screen.queryByRole("dialog")).toBeNull();
});

test("a recording that is being finished is not said to end only now", async () => {
  const recording = { ...recorder.recording, state: "finishing" } as const;
  const { fake } = openConsole({ recorders: [{ ...recorder, recording }] });
  void fake.close();
  await tick();
  expect(screen.getByRole("dialog", { name: "Stop and close?" })).toHaveTextContent(
    "A recording is still on its way to the disk.",
  );
});

test("the desk is stopped by that answer alone", async () => {
  const { fake, user } = openConsole({ recorders: [recorder] });
  const dismissed = fake.close();
  await tick();
  await user.click(screen.getByRole("button", { name: "Close" }));
  expect(await dismissed).toBe(false);
  const stopped = fake.close();
  await tick();
  await user.click(screen.getByRole("button", { name: "Stop and close" }));
  expect(await stopped).toBe(true);
  expect(fake.sent).toEqual([]);
});
