// The whole console on an in-memory desk, for tests.
import { render } from "@testing-library/svelte";
import userEvent, { type UserEvent } from "@testing-library/user-event";

import App from "./App.svelte";
import type { Snapshot } from "./bindings";
import { FakePlatform } from "./platform/fake";
import { testSnapshot } from "./platform/fakeSnapshot";

export function openConsole(changes: Partial<Snapshot> = {}): {
  fake: FakePlatform;
  user: UserEvent;
  container: HTMLElement;
} {
  window.innerWidth = 1440; // wide enough for the panels
  const fake = new FakePlatform(testSnapshot(changes));
  const { container } = render(App, { platform: fake });
  return { fake, user: userEvent.setup(), container };
}
