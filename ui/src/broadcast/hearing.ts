// What listeners hear, in words: the desk listens as one of them.
import type { ListenBackState } from "../bindings";

interface Hearing {
  text: string;
  tone: "good" | "soft" | "bad";
}

/** One line about a target's listeners; `null` where there is nothing to say. */
export function hearingText(heard: ListenBackState | null): Hearing | null {
  switch (heard?.state) {
    case undefined:
      return null;
    case "waiting":
      return { text: "Listening to what listeners hear…", tone: "soft" };
    case "heard": {
      const facts = [`delay ${heard.delay.toFixed(1)} s`, titleText(heard.title), loudnessText(heard.loudness)];
      return { text: `Listeners hear you: ${facts.filter(Boolean).join(", ")}`, tone: "good" };
    }
    case "oldTitle": {
      const title = heard.title === null ? "no title" : `an old title, “${heard.title}”`;
      return { text: `Listeners hear you and read ${title}`, tone: "bad" };
    }
    case "silence":
      return { text: "Listeners hear silence", tone: "bad" };
    case "otherSound":
      return { text: "Listeners hear something else than is sent", tone: "bad" };
    case "programmeSilent":
      return { text: "The programme is silent, and listeners hear nothing else", tone: "soft" };
    case "programmeSteady":
      return { text: "The programme is too steady to tell what listeners hear", tone: "soft" };
    case "nothing":
      return { text: `Listeners hear nothing: ${heard.reason}`, tone: "bad" };
    case "cannotListen":
      return { text: `Nobody can tell what listeners hear: ${heard.reason}`, tone: "soft" };
  }
}

type Verdict = ListenBackState["state"];

/** What is wrong for listeners, the worst first. */
const WRONG: [Verdict, string][] = [
  ["nothing", "listeners hear nothing"],
  ["silence", "listeners hear silence"],
  ["otherSound", "listeners hear something else"],
  ["oldTitle", "listeners read an old title"],
];

/** The worst that listeners of these hear, in a few words; of all of them, or of some. */
export function worstHeard(heard: (ListenBackState | null)[]): string | undefined {
  const found = WRONG.find(([state]) => heard.some((one) => one?.state === state));
  if (!found) return undefined;
  const [state, text] = found;
  return heard.every((one) => one?.state === state) ? text : `some ${text}`;
}

function titleText(title: Extract<ListenBackState, { state: "heard" }>["title"]): string {
  switch (title) {
    case "notSet":
      return "";
    case "waiting":
      return "title on its way";
    case "asSet":
      return "title as set";
    case "garbled":
      return "title garbled";
    case "cannotBeRead":
      return "no titles are told there";
  }
}

function loudnessText(loudness: number | null): string {
  return loudness === null ? "" : `loudness ${loudness.toFixed(1)} LUFS`;
}
