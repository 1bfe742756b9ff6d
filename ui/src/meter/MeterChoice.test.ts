import { cleanup, screen } from "@testing-library/svelte";
import { beforeEach, expect, test } from "vitest";

import { openConsole } from "../test-desk";

beforeEach(() => localStorage.clear());

const meter = (name: string): HTMLElement => screen.getByRole("meter", { name });
const choice = (): HTMLElement => screen.getByRole("combobox", { name: "Meter of the buses" });

test("buses have the meter that is chosen, and say which; strips keep peak and RMS", async () => {
  const { user } = openConsole();
  expect(choice()).toHaveDisplayValue("Peak and RMS");
  await user.selectOptions(choice(), "PPM BBC, –20 dBFS");
  for (const bus of ["Programme", "Cue"]) {
    expect(meter(`Level, ${bus}`)).toHaveAttribute("title", expect.stringContaining("Type IIa): 4 is -20 dBFS"));
    expect(meter(`Level, ${bus}`)).toHaveAttribute("aria-valuemax", "7.5");
  }
  expect(screen.getByText("Meter: BBC –20")).toBeVisible();
  expect(screen.getAllByTitle("Sample peak with hold, and RMS over 300 ms, dBFS")).not.toEqual([]);
});

test("the chosen meter is there the next time the console is opened, too", async () => {
  const first = openConsole();
  await first.user.selectOptions(choice(), "VU, 0 = –18 dBFS");
  cleanup();
  openConsole();
  expect(choice()).toHaveDisplayValue("VU, 0 = –18 dBFS");
});
