import { screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { describe, expect, test } from "vitest";

import { openConsole } from "./test-desk";

describe("undo and redo", () => {
  test("say what they would do, and that there is nothing", async () => {
    const { fake } = openConsole();
    expect(screen.getByRole("button", { name: "Undo: nothing" })).toBeDisabled();
    fake.emit({ type: "history", value: { undo: "mute of Mic 1", redo: "fader of Mic 2" } });
    await tick();
    expect(screen.getByRole("button", { name: "Undo: mute of Mic 1" })).toHaveAttribute("title", "Undo: mute of Mic 1");
    expect(screen.getByRole("button", { name: "Redo: fader of Mic 2" })).toBeEnabled();
  });

  test("take back what was done, and do it again", async () => {
    const { fake, user } = openConsole();
    const mute = screen.getByRole("button", { name: "Mute Mic 1" });
    await user.click(mute);
    await user.click(screen.getByRole("button", { name: "Undo: mute of Mic 1" }));
    expect(mute).toHaveAttribute("aria-pressed", "false");
    await user.click(screen.getByRole("button", { name: "Redo: mute of Mic 1" }));
    expect(mute).toHaveAttribute("aria-pressed", "true");
    expect(fake.sent.map(({ type }) => type)).toEqual(["setMute", "undo", "redo"]);
  });

  test("are on Ctrl Z and Ctrl Shift Z, also from a list, but not while text is typed", async () => {
    const { fake, user } = openConsole({ history: { undo: "mute of Mic 1", redo: "pan of Mic 1" } });
    fake.refuse = () => ({ code: "unavailable", message: "not now" });
    screen.getAllByRole("combobox")[0]?.focus();
    await user.keyboard("{Control>}z{/Control}{Control>}{Shift>}Z{/Shift}{/Control}");
    expect(fake.sent).toEqual([{ type: "undo" }, { type: "redo" }]);
    screen.getByRole("textbox", { name: "Title" }).focus();
    await user.keyboard("{Control>}z{/Control}");
    expect(fake.sent).toHaveLength(2);
  });

  test("ask for nothing when there is nothing", async () => {
    const { fake, user } = openConsole();
    await user.keyboard("{Control>}z{/Control}{Control>}{Shift>}Z{/Shift}{/Control}");
    expect(fake.sent).toEqual([]);
  });
});
