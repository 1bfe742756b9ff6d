// The keys of the console: one list for what they do and for what the help says of them. No single
// key ever takes the programme off air or ends a recording.

export type Shortcut =
  | {
      do:
        | "record"
        | "stopRecording"
        | "dump"
        | "goLive"
        | "title"
        | "addStrip"
        | "panels"
        | "help"
        | "undo"
        | "redo"
        | "stages";
    }
  | { do: "switch"; type: "setMute" | "setSolo" | "setCue" }
  | { do: "fader"; index: number }
  | { do: "neighbour"; step: 1 | -1 };

type Keys = Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "altKey" | "metaKey" | "repeat">;

/** What `event` asks for, if anything. A key that is held down asks once. */
export function shortcutOf(event: Keys): Shortcut | null {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "z") {
    return event.repeat ? null : { do: event.shiftKey ? "redo" : "undo" };
  }
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return null;
  if (/^[1-9]$/.test(event.key)) return { do: "fader", index: Number(event.key) - 1 };
  switch (event.key.toLowerCase()) {
    case "r":
      return { do: event.shiftKey ? "stopRecording" : "record" };
    case "d":
      return event.shiftKey ? { do: "dump" } : null;
    case "l":
      return { do: "goLive" };
    case "t":
      return { do: "title" };
    case "n":
      return { do: "addStrip" };
    case "p":
      return { do: "panels" };
    case "m":
      return { do: "switch", type: "setMute" };
    case "s":
      return { do: "switch", type: "setSolo" };
    case "c":
      return { do: "switch", type: "setCue" };
    case "e":
      return { do: "stages" };
    case ",":
      return { do: "neighbour", step: -1 };
    case ".":
      return { do: "neighbour", step: 1 };
    case "?":
    case "f1":
      return { do: "help" };
    default:
      return null;
  }
}

/** What is written into. A slider, a box to tick and a button are inputs, too, but take no letters. */
const FIELDS = `input:not(${["range", "checkbox", "radio", "button", "submit", "reset"].map((type) => `[type="${type}"]`).join(", ")}), textarea, dialog`;

/** Whether keys typed at `target` are for it, and no shortcuts. A list takes letters, but takes nothing back. */
export function takesText(target: EventTarget | null, shortcut: Shortcut): boolean {
  const history = shortcut.do === "undo" || shortcut.do === "redo";
  return history ? isIn(target, FIELDS) : takesLetters(target);
}

/** Whether letters and digits typed at `target` are for it. */
export function takesLetters(target: EventTarget | null): boolean {
  return isIn(target, `${FIELDS}, select`);
}

function isIn(target: EventTarget | null, takers: string): boolean {
  return target instanceof Element && target.closest(takers) !== null;
}

/** What a key does at the console by itself; `null`: nothing. */
export function meaningOf(key: string): string | null {
  if (/^[1-9]$/.test(key)) return "To the fader of that strip";
  const keys = HELP.slice(0, 2).flatMap((group) => group.keys);
  return keys.find(([name]) => name === key || name.endsWith(` or ${key}`))?.[1] ?? null;
}

export const HELP: { title: string; keys: [string, string][] }[] = [
  {
    title: "Anywhere",
    keys: [
      ["R", "Start recording"],
      ["Shift R", "Stop recording"],
      ["L", "Go live, after asking"],
      ["Shift D", "Dump: drop all that the broadcast delay holds"],
      ["T", "Type the title; Enter sends it"],
      ["1 … 9", "To the fader of that strip"],
      [", and .", "To the fader on the left, on the right"],
      ["N", "New strip"],
      ["Ctrl Z", "Undo; ⌘ Z on a Mac"],
      ["Ctrl Shift Z", "Redo"],
      ["P", "Show or hide the panels"],
      ["? or F1", "This help"],
    ],
  },
  {
    title: "On a strip",
    keys: [
      ["M", "Mute"],
      ["S", "Solo"],
      ["C", "Cue"],
      ["E", "Open or close its stages"],
      ["Escape", "Close the stages"],
    ],
  },
  {
    title: "On a pad of a cart wall",
    keys: [
      ["Its key", "Fire it, from anywhere; a loop that sounds is stopped"],
      ["Enter or Space", "The same, on the pad; held, where it sounds while it is held"],
      ["Shift Enter", "Stop it; with the mouse, too"],
    ],
  },
  {
    title: "On a fader or knob",
    keys: [
      ["Arrows", "One step: 0.5 dB, 5 of pan, a sixth of an octave"],
      ["Shift arrows", "A fine step: 0.1 dB, or 1 of pan"],
      ["Page Up, Page Down", "A coarse step: 3 dB, 25 of pan, an octave"],
      ["Home", "Fader off; knob to its lowest"],
      ["End", "Fader to 0 dB; knob to its highest"],
      ["Enter, + or -", "Type a value; Escape leaves it as it was"],
      ["Delete", "Knob back to neutral"],
    ],
  },
  {
    title: "With the mouse",
    keys: [
      ["Drag", "Moves from where it is grabbed, never jumps"],
      ["Shift drag", "Moves finely"],
      ["Wheel", "One step, fine with Shift"],
      ["Double click", "Fader to 0 dB; knob back to neutral"],
    ],
  },
];
