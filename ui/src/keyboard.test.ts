// Whoever has no mouse and sees no screen: Tab reaches every control, and each says what it is and how it stands.
import { screen } from "@testing-library/svelte";
import { describe, expect, test } from "vitest";

import { testCarts, testPad } from "./platform/fakeCarts";
import { showcase } from "./platform/fakeShow";
import { openConsole } from "./test-desk";

const CONTROLS = [
  "button",
  "a[href]",
  "input",
  "select",
  "textarea",
  "summary",
  "[tabindex]",
  ...["slider", "button", "checkbox", "switch", "link", "textbox", "combobox", "spinbutton"].map(
    (role) => `[role="${role}"]`,
  ),
].join(", ");

type Open = ReturnType<typeof openConsole>;

/** What can be used now. What is hidden from a screen reader is there for the pointer alone, beside a control. */
function controls(container: HTMLElement): HTMLElement[] {
  return [...container.querySelectorAll<HTMLElement>(CONTROLS)].filter(
    // A region that takes the focus when it opens is no control.
    (element) => !element.closest('[aria-hidden="true"]') && !element.matches(':disabled, section[tabindex="-1"]'),
  );
}

/** Everything that Tab comes by until it begins anew. */
async function tabbed({ user, container }: Open): Promise<Set<Element>> {
  const reached = new Set<Element>();
  for (let presses = 0; presses <= controls(container).length + 1; presses++) {
    await user.tab();
    if (document.activeElement) reached.add(document.activeElement);
  }
  return reached;
}

/** How a control stands, as it is read aloud; empty when it is not said. A plain button stands nowhere. */
function standing(control: HTMLElement): string {
  if (control.getAttribute("role") === "slider") {
    const now = control.getAttribute("aria-valuenow");
    const bounds = [control.getAttribute("aria-valuemin"), control.getAttribute("aria-valuemax")];
    return now !== null && bounds.every((bound) => bound !== null)
      ? (control.getAttribute("aria-valuetext") ?? "")
      : "";
  }
  if (control.hasAttribute("aria-pressed")) {
    const pressed = control.getAttribute("aria-pressed") ?? "";
    return ["true", "false"].includes(pressed) ? pressed : "";
  }
  if (control instanceof HTMLSelectElement) return control.selectedOptions[0]?.textContent.trim() ?? "";
  // The value of a field and the tick of a box are told by themselves, also when there is none.
  return "told";
}

const described = (element: Element): string => element.outerHTML.slice(0, 160);

describe.each([
  ["a show", null],
  ["the server settings", "Server settings"],
  ["the help", "Keys and gestures"],
  ["a new strip", "Add strip"],
  ["stages", "Stages of Presenter: no stage on"],
  ["the loudness", "Loudness"],
  ["the cart wall", "Carts"],
  ["the scenes", "Scenes"],
  ["what guards the air", "Air"],
  ["the announcer", "Announcer"],
  ["talkover", "Talkover"],
  ["the timeline", "Timeline"],
  ["the question whether to go off air", "Go off air…"],
])("in %s", (_, button) => {
  async function open(): Promise<Open> {
    const carts = [testCarts(1, [testPad("Horn"), testPad("Bed", { mode: "loop", hotkey: "F2" })])];
    const opened = openConsole({ ...showcase(new URLSearchParams("strips=3")), carts });
    if (button) await opened.user.click(screen.getByRole("button", { name: button }));
    return opened;
  }

  test("every control is reached with Tab", async () => {
    const opened = await open();
    const all = controls(opened.container);
    expect(all.length).toBeGreaterThan(30);
    const reached = await tabbed(opened);
    expect(all.filter((control) => !reached.has(control)).map(described)).toEqual([]);
  });

  test("every control says what it is and how it stands", async () => {
    const { container } = await open();
    for (const control of controls(container)) {
      expect(control, described(control)).toHaveAccessibleName();
      expect(standing(control), described(control)).not.toBe("");
    }
  });
});
