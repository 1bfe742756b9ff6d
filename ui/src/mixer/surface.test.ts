import { screen, within } from "@testing-library/svelte";
import { afterEach, describe, expect, test } from "vitest";

import { testStrip } from "../platform/fakeStrip";
import { openConsole } from "../test-desk";

afterEach(() => localStorage.clear());

const shown = (): (string | undefined)[] =>
  [...document.querySelectorAll<HTMLElement>('[data-testid^="bus-aux"], [data-testid^="vca-"]')].map(
    ({ dataset }) => dataset["testid"],
  );
const sends = (level: number | null) =>
  testStrip(1).sends.map((send, at) => (at === 2 ? { ...send, level } : send)) as ReturnType<typeof testStrip>["sends"];

describe("aux buses and VCA groups", () => {
  test("are out of the way until one is used", async () => {
    const { fake } = openConsole();
    expect(shown()).toEqual([]);
    fake.emit({ type: "strip", value: testStrip(1, { sends: sends(-6), vca: 4 }) });
    expect(await screen.findByTestId("bus-aux3")).toBeVisible();
    expect(shown()).toEqual(["vca-4", "bus-aux3"]);
    expect(within(screen.getByTestId("vca-4")).getByText("Mic 1")).toBeVisible();
  });

  test("are all there when they are wanted, and the next time the console is opened, too", async () => {
    const { user } = openConsole();
    await user.click(screen.getByRole("button", { name: "Aux buses" }));
    expect(shown()).toHaveLength(8);
    await user.click(screen.getByRole("button", { name: "VCA groups" }));
    expect(shown()).toHaveLength(16);
    openConsole();
    expect(shown()).toHaveLength(32);
  });

  test("have faders", async () => {
    const { fake, user } = openConsole();
    await user.click(screen.getByRole("button", { name: "Aux buses" }));
    await user.click(screen.getByRole("button", { name: "VCA groups" }));
    screen.getByRole("slider", { name: "Fader, Aux 8" }).focus();
    await user.keyboard("{ArrowDown}");
    screen.getByRole("slider", { name: "Fader, VCA 1" }).focus();
    await user.keyboard("{Home}");
    expect(fake.sent).toEqual([
      { type: "setBusFader", bus: "aux8", level: -0.5 },
      { type: "setVcaFader", vca: 0, level: null },
    ]);
  });

  test("of the aux outputs only those of shown buses are in the devices panel", async () => {
    const { user } = openConsole({ strips: [testStrip(1, { sends: sends(0) })] });
    const outputs = (): number => screen.queryAllByRole("combobox", { name: /output/ }).length;
    expect(outputs()).toBe(3);
    expect(screen.getByRole("combobox", { name: "Aux 3 output" })).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Aux buses" }));
    expect(outputs()).toBe(10);
  });
});
