import { fireEvent, screen, within } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import type { CartsState } from "../bindings";
import { testCarts, testPad } from "../platform/fakeCarts";
import { testStrip } from "../platform/fakeStrip";
import { openConsole } from "../test-desk";
import { namesOf, padName, padText, padTime, pressed } from "./carts";

const pads = [
  testPad("Horn", { hotkey: "H" }),
  testPad("Bed", { mode: "loop", hotkey: "F2" }),
  testPad("Applause", { mode: "hold", hotkey: "R" }),
  { ...testPad("Notes"), sound: { state: "faulty", reason: "notes.mp3 is no sound file; choose another" } as const },
];

/** The console with its walls before the operator. */
async function openCarts(carts: CartsState[] = [testCarts(1, pads)]) {
  const strips = carts.map(({ strip }) => testStrip(strip, { name: `Carts ${strip}`, source: { type: "carts" } }));
  const opened = openConsole({ strips, carts });
  await opened.user.click(screen.getByRole("button", { name: "Carts" }));
  return opened;
}

const told = (command: object) => ({ type: "carts", strip: 1, command });
const at = (type: string, pad: number) => told({ type, bank: 0, pad });
const pad = (name: RegExp) => screen.getByRole("button", { name });

describe("a pad", () => {
  test("is fired by a press, lit while it sounds, and says what is left", async () => {
    const { fake, user } = await openCarts();
    expect(pad(/^Pad 1: Horn, 4.2/)).toHaveAttribute("aria-pressed", "false");
    await user.pointer({ keys: "[MouseLeft>]", target: pad(/Horn/) });
    expect(fake.sent.at(-1)).toEqual(at("fire", 0));
    await user.pointer({ keys: "[/MouseLeft]" });
    expect(fake.sent.at(-1)).toEqual(at("fire", 0));
    expect(pad(/Horn/)).toHaveAttribute("aria-pressed", "true");
    const value = { strip: 1, pads: [{ bank: 0, pad: 0, left: 12.34 }], gaveWay: 0 };
    fake.emit({ type: "cartsPlaying", value });
    expect(await screen.findByText("−0:12")).toBeVisible();
    fake.emit({ type: "cartsPlaying", value: { strip: 1, pads: [], gaveWay: 2 } });
    expect(await screen.findByText(/^2 pads faded out/)).toBeVisible();
    expect(pad(/Horn/)).toHaveAttribute("aria-pressed", "false");
  });

  test("begins anew when it is pressed again, is stopped with Shift, and a loop by the second press", async () => {
    const { fake, user } = await openCarts();
    await user.click(pad(/Horn/));
    await user.click(pad(/Horn/));
    await user.keyboard("{Shift>}");
    await user.click(pad(/Horn/));
    await user.keyboard("{/Shift}");
    await user.click(pad(/Bed/));
    await user.click(pad(/Bed/));
    const wanted = [at("fire", 0), at("fire", 0), at("stop", 0), at("fire", 1), at("stop", 1)];
    expect(fake.sent.slice(-5)).toEqual(wanted);
  });

  test("sounds while it is held, by pointer and by key, and others do not care", async () => {
    const { fake, user } = await openCarts();
    await user.click(pad(/Applause/));
    expect(fake.sent.slice(-2)).toEqual([at("fire", 2), at("release", 2)]);
    pad(/Applause/).focus();
    await user.keyboard("{Enter>3}");
    expect(fake.sent.at(-1)).toEqual(at("fire", 2));
    expect(fake.sent.slice(-3)).toEqual([at("fire", 2), at("release", 2), at("fire", 2)]);
    await user.keyboard("{/Enter}");
    expect(fake.sent.at(-1)).toEqual(at("release", 2));
    pad(/Horn/).focus();
    await user.keyboard(" ");
    expect(fake.sent.at(-1)).toEqual(at("fire", 0));
  });

  test("is let go where it was pressed, whatever is shown by then", async () => {
    const wall = testCarts(1, pads);
    const quiet = { name: "Beds", pads: wall.banks[0]?.pads.map(() => null) ?? [] };
    const { fake, user } = await openCarts([{ ...wall, banks: [...wall.banks, quiet] }]);
    await user.pointer({ keys: "[MouseLeft>]", target: pad(/Applause/) });
    // By a finger on a screen that takes several.
    await fireEvent.click(screen.getByRole("button", { name: "Beds" }));
    await user.pointer({ keys: "[/MouseLeft]" });
    expect(fake.sent.slice(-2)).toEqual([at("fire", 2), at("release", 2)]);
    await user.click(screen.getByRole("button", { name: "Jingles" }));
    await user.pointer({ keys: "[MouseLeft>]", target: pad(/Applause/) });
    await fireEvent.click(screen.getByRole("button", { name: "Decks" }));
    expect(fake.sent.slice(-2)).toEqual([at("fire", 2), at("release", 2)]);
  });

  test("is set in the bank that it was opened in", async () => {
    const wall = testCarts(1, pads);
    const quiet = { name: "Beds", pads: wall.banks[0]?.pads.map(() => null) ?? [] };
    const { fake, user } = await openCarts([{ ...wall, banks: [...wall.banks, quiet] }]);
    await user.click(screen.getByRole("button", { name: "Beds" }));
    await user.click(screen.getByRole("button", { name: "Set pads" }));
    await user.click(pad(/Pad 1: Empty/));
    await user.type(screen.getByRole("textbox", { name: "File" }), "/jingles/gong.wav");
    // Somebody at another console takes the bank away.
    fake.emit({ type: "carts", value: testCarts(1, pads) });
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(fake.sent.at(-1)).toMatchObject(told({ type: "setPad", bank: 1, pad: 0 }));
  });

  test("says why it cannot be played, and an empty one cannot be pressed", async () => {
    const { user } = await openCarts();
    expect(pad(/Notes, Cannot be played/)).toHaveAttribute("title", "notes.mp3 is no sound file; choose another");
    await user.click(pad(/Notes/));
    expect(screen.getAllByText("notes.mp3 is no sound file; choose another")[0]).toBeVisible();
    expect(pad(/Pad 5: Empty/)).toBeDisabled();
  });

  test("is set in a dialog, with a key that no other has", async () => {
    const { fake, user } = await openCarts();
    await user.click(screen.getByRole("button", { name: "Set pads" }));
    await user.click(pad(/Pad 5: Empty/));
    await user.type(screen.getByRole("textbox", { name: "File" }), "/jingles/gong.wav");
    await user.selectOptions(
      screen.getByRole("combobox", { name: "Plays" }),
      "Again and again, until it is pressed again",
    );
    await user.selectOptions(screen.getByRole("combobox", { name: "Stop group" }), "Group 3");
    await user.click(screen.getByRole("checkbox", { name: /^Music steps back/ }));
    const keys = screen.getByRole("combobox", { name: "Key" });
    expect(within(keys).queryByRole("option", { name: "H" })).toBeNull();
    expect(within(keys).getByRole("option", { name: "M, instead of: Mute" })).toBeInTheDocument();
    await user.selectOptions(keys, "G");
    await user.click(screen.getByRole("button", { name: "Save" }));
    const settings = {
      path: "/jingles/gong.wav",
      name: "",
      colour: "grey",
      mode: "loop",
      level: 0,
      group: 3,
      ducks: true,
    };
    expect(fake.sent.at(-1)).toEqual(told({ type: "setPad", bank: 0, pad: 4, settings: { ...settings, hotkey: "G" } }));
    expect(pad(/Pad 5: gong/)).toBeVisible();
    await user.click(pad(/Pad 5: gong/));
    await user.click(screen.getByRole("button", { name: "Clear pad" }));
    expect(fake.sent.at(-1)).toEqual(at("clearPad", 4));
    expect(pad(/Pad 5: Empty/)).toBeEnabled();
  });
});

describe("keys", () => {
  test("fire pads from anywhere, once, and go before those of the console", async () => {
    const { fake, user } = await openCarts();
    await user.click(screen.getByRole("button", { name: "Show" }));
    await user.keyboard("{h>3}{/h}");
    expect(fake.sent).toEqual([at("fire", 0)]);
    await user.keyboard("{r>2}");
    expect(fake.sent.slice(1)).toEqual([at("fire", 2)]);
    await user.keyboard("{/r}");
    expect(fake.sent.slice(2)).toEqual([at("release", 2)]);
    await user.keyboard("{F2}{F2}");
    expect(fake.sent.slice(3)).toEqual([at("fire", 1), at("stop", 1)]);
  });

  test("are pressed anew though nobody saw them go up, and go up whatever they are called then", async () => {
    const { fake, user } = await openCarts();
    const key = (type: string, key: string, code: string) =>
      window.dispatchEvent(new KeyboardEvent(type, { key, code, bubbles: true }));
    key("keydown", "h", "KeyH");
    key("keydown", "h", "KeyH");
    expect(fake.sent).toEqual([at("fire", 0), at("fire", 0)]);
    key("keydown", "r", "KeyR");
    key("keyup", "®", "KeyR");
    expect(fake.sent.slice(2)).toEqual([at("fire", 2), at("release", 2)]);
    await user.keyboard("{r>}");
    key("keydown", "r", "KeyR");
    expect(fake.sent.slice(4)).toEqual([at("fire", 2), at("release", 2), at("fire", 2)]);
  });

  test("are letters where there is something to write, and what is held ends when the window is left", async () => {
    const { fake, user } = await openCarts();
    await user.click(screen.getByRole("button", { name: "Set pads" }));
    await user.click(pad(/Horn/));
    await user.type(screen.getByRole("textbox", { name: "Name" }), "rh");
    expect(fake.sent).toEqual([]);
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    await user.keyboard("{r>}");
    window.dispatchEvent(new Event("blur"));
    expect(fake.sent).toEqual([at("fire", 2), at("release", 2)]);
  });

  test("are in the help", async () => {
    const { user } = await openCarts();
    await user.click(screen.getByRole("button", { name: "Keys and gestures" }));
    const help = screen.getByRole("dialog");
    expect(within(help).getByText("F2").closest("dt")?.nextElementSibling).toHaveTextContent("Bed");
  });
});

describe("a wall", () => {
  test("has banks that are chosen and named", async () => {
    const { fake, user } = await openCarts();
    await user.click(screen.getByRole("button", { name: "Set pads" }));
    await user.click(screen.getByRole("button", { name: "Banks…" }));
    await user.type(screen.getByRole("textbox", { name: "Names" }), "{enter}Beds");
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(fake.sent.at(-1)).toEqual(told({ type: "setBanks", names: ["Jingles", "Beds"] }));
    await user.click(screen.getByRole("button", { name: "Beds" }));
    expect(screen.getByRole("group", { name: "Pads of Beds" })).toBeVisible();
    expect(screen.queryByRole("button", { name: /Horn/ })).toBeNull();
  });

  test("is silenced at once", async () => {
    const { fake, user } = await openCarts();
    expect(screen.getByRole("button", { name: "Stop all" })).toBeDisabled();
    await user.click(pad(/Horn/));
    await user.click(screen.getByRole("button", { name: "Stop all" }));
    expect(fake.sent.at(-1)).toEqual(told({ type: "stopAll" }));
    expect(pad(/Horn/)).toHaveAttribute("aria-pressed", "false");
  });

  test("is added as a strip", async () => {
    const { fake, user } = await openCarts([]);
    await user.click(screen.getByRole("button", { name: "Add cart wall" }));
    expect(fake.sent.at(-1)).toEqual({ type: "addStrip", name: "Carts", source: { type: "carts" } });
  });
});

test("a pad is called by its name, else by its file's", () => {
  expect(padName(testPad("Horn").settings)).toBe("Horn");
  expect(padName(testPad("x", { name: "", path: "/a/b.c/Big horn.v2.wav" }).settings)).toBe("Big horn.v2");
});

test("time is told in tenths near its end", () => {
  expect([9.96, 61, 0].map(padTime)).toEqual(["10.0", "1:01", "0.0"]);
  expect(padText({ ...testPad("a"), sound: { state: "loading" } }, undefined)).toBe("Reading…");
});

test("who presses with Shift never begins a sound", () => {
  for (const mode of ["oneShot", "loop", "hold"] as const) {
    for (const sounds of [false, true]) {
      expect(pressed(0, 3, mode, sounds, true)).toEqual({ type: "stop", bank: 0, pad: 3 });
    }
  }
});

test("names are lines", () => {
  expect(namesOf(" A \n\nB\n")).toEqual(["A", "B"]);
});
