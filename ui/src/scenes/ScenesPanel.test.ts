import { screen } from "@testing-library/svelte";
import { tick } from "svelte";
import { describe, expect, test } from "vitest";

import { openConsole } from "../test-desk";

async function openScenes(scenes: string[] = []): Promise<ReturnType<typeof openConsole>> {
  const opened = openConsole({ scenes });
  await opened.user.click(screen.getByRole("button", { name: "Scenes" }));
  return opened;
}

describe("a scene", () => {
  test("is stored under a name", async () => {
    const { fake, user } = await openScenes();
    const name = screen.getByRole("textbox", { name: "Store the console as" });
    await user.type(name, " Opening {Enter}");
    expect(fake.sent).toEqual([{ type: "storeScene", name: "Opening" }]);
    expect(screen.getByText("Opening")).toBeVisible();
    expect(name).toHaveValue("");
  });

  test("of the same name is replaced only after asking", async () => {
    const { fake, user } = await openScenes(["Opening"]);
    await user.type(screen.getByRole("textbox", { name: "Store the console as" }), "Opening{Enter}");
    expect(fake.sent).toEqual([]);
    await user.click(screen.getByRole("button", { name: "Replace" }));
    expect(fake.sent).toEqual([{ type: "storeScene", name: "Opening" }]);
  });

  test("is recalled without strips and sources unless they are asked for", async () => {
    const { fake, user } = await openScenes(["Opening"]);
    await user.click(screen.getByRole("button", { name: "Recall Opening" }));
    expect(fake.sent.at(-1)).toEqual({
      type: "recallScene",
      name: "Opening",
      parts: ["levels", "switches", "stages", "sends", "groups"],
      strips: [],
      fade: 0,
    });
    await user.click(screen.getByRole("checkbox", { name: /^Sources/ }));
    for (const part of [/^Stages/, /^Sends/, /solo/, /^VCA/])
      await user.click(screen.getByRole("checkbox", { name: part }));
    const fade = screen.getByRole("spinbutton", { name: "Fade, seconds" });
    await user.clear(fade);
    await user.type(fade, "2.5");
    await user.click(screen.getByRole("button", { name: "Recall Opening" }));
    expect(fake.sent.at(-1)).toMatchObject({ parts: ["levels", "sources"], fade: 2.5 });
  });

  test("is not recalled with nothing of it, or with a fade that the desk refuses", async () => {
    const { user } = await openScenes(["Opening"]);
    const recall = screen.getByRole("button", { name: "Recall Opening" });
    const fade = screen.getByRole("spinbutton", { name: "Fade, seconds" });
    await user.clear(fade);
    await user.type(fade, "61");
    expect(recall).toBeDisabled();
    await user.clear(fade);
    await user.type(fade, "60");
    expect(recall).toBeEnabled();
    for (const box of screen.getAllByRole("checkbox", { checked: true })) await user.click(box);
    expect(recall).toBeDisabled();
  });

  test("brings mix-minus back with the sends, but not for single strips: it belongs to a bus", async () => {
    const { user } = await openScenes(["Opening"]);
    expect(screen.getByRole("checkbox", { name: "Sends to aux buses, mix-minus" })).toBeChecked();
    await user.click(screen.getByRole("radio", { name: /^Only the strips/ }));
    expect(screen.getByRole("checkbox", { name: "Sends to aux buses" })).toBeChecked();
  });

  test("is recalled for single strips, the others and the buses staying as they are", async () => {
    const { fake, user } = await openScenes(["Opening"]);
    await user.click(screen.getByRole("checkbox", { name: /^Layout/ }));
    await user.click(screen.getByRole("radio", { name: /^Only the strips/ }));
    expect(screen.queryByRole("checkbox", { name: /^Layout/ })).toBeNull();
    expect(screen.getByRole("checkbox", { name: "Stages" })).toBeVisible();
    const recall = screen.getByRole("button", { name: "Recall Opening for the ticked strips" });
    expect(recall).toBeDisabled();
    const strip = fake.desk.strips[1];
    if (!strip) throw new Error("the desk has no second strip");
    await user.click(screen.getByRole("checkbox", { name: strip.name }));
    await user.click(recall);
    expect(fake.sent).toEqual([
      {
        type: "recallScene",
        name: "Opening",
        parts: ["levels", "switches", "stages", "sends", "groups"],
        strips: [strip.id],
        fade: 0,
      },
    ]);
  });

  test("is not recalled for all when the only ticked strip has gone", async () => {
    const { fake, user } = await openScenes(["Opening"]);
    await user.click(screen.getByRole("radio", { name: /^Only the strips/ }));
    const strip = fake.desk.strips[0];
    if (!strip) throw new Error("the desk has no strip");
    await user.click(screen.getByRole("checkbox", { name: strip.name }));
    const recall = screen.getByRole("button", { name: "Recall Opening for the ticked strips" });
    expect(recall).toBeEnabled();
    fake.emit({ type: "stripRemoved", value: strip.id });
    await tick();
    expect(recall).toBeDisabled();
  });

  test("is removed only after asking", async () => {
    const { fake, user } = await openScenes(["Opening", "Talk"]);
    await user.click(screen.getByRole("button", { name: "Remove Opening" }));
    expect(screen.getByRole("button", { name: "Keep it" })).toHaveFocus();
    expect(fake.sent).toEqual([]);
    await user.click(screen.getByRole("button", { name: "Remove" }));
    expect(fake.sent).toEqual([{ type: "removeScene", name: "Opening" }]);
    expect(screen.queryByText("Opening")).toBeNull();
  });
});
