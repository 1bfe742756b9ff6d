// What is said of the announcer.
import type { AnnouncerState, PasswordState, PastUtterance } from "../bindings";

export interface Fact {
  name: string;
  value: string;
  tone?: "warn" | undefined;
}

export function announcerFacts({ speaking, paused, queue }: AnnouncerState): Fact[] {
  const facts: Fact[] = [];
  if (speaking) {
    facts.push({
      name: paused ? "Paused" : speaking.heard ? "Says" : "Is asked to say",
      value: speaking.utterance.text,
    });
    facts.push({ name: "By", value: speaking.endpoint ?? "nobody yet" });
  } else {
    facts.push({
      name: "Says",
      value: paused ? "nothing: it is paused" : "nothing",
      tone: paused ? "warn" : undefined,
    });
  }
  if (queue.length > 0) facts.push({ name: "Waiting", value: String(queue.length) });
  return facts;
}

/** How it went: when, how long, and why not where it failed. */
export function pastWords(past: PastUtterance): string {
  const { outcome } = past;
  const words = [past.time];
  if (outcome.state === "spoken") words.push(`${past.seconds.toFixed(1)} s`);
  if (outcome.state === "cancelled") words.push("cancelled");
  if (outcome.state === "skipped") words.push("skipped");
  if (outcome.state === "failed") words.push(outcome.reason);
  if (past.timeToFirstAudio !== null) words.push(`heard after ${Math.round(past.timeToFirstAudio)} ms`);
  if (past.underruns > 0) words.push(past.underruns === 1 ? "1 gap" : `${past.underruns} gaps`);
  if (past.kept > 0 && past.kept < past.seconds - 0.5) words.push(`the first ${Math.round(past.kept)} s are kept`);
  return words.join(", ");
}

export function keyWords(key: PasswordState): string {
  switch (key) {
    case "keyStore":
      return "for servers on the Internet; it is in the key store";
    case "file":
      return "for servers on the Internet; it is in a private file";
    case "environment":
      return "the environment has it";
    case "locked":
      return "the key store is locked; unlock it, or set the key anew";
    case "unreadable":
      return "it cannot be read; set it anew";
    case "none":
      return "for servers on the Internet; never shown again";
  }
}
