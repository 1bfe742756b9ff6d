// The dead-air watch in words.
import type { FallbackState, SignalState } from "../bindings";
import type { Fact } from "../ui/Facts.svelte";
import { sentence } from "../ui/format";

/** How a signal is. */
export function signalFact(name: string, signal: SignalState): Fact {
  switch (signal.state) {
    case "unwatched":
      return { name, value: "not watched" };
    case "alive":
      return { name, value: "heard" };
    case "dead":
      return { name, value: `dead since ${signal.since}`, tone: "bad" };
  }
}

/** What the fallback is doing; nothing where none was chosen. */
export function fallbackFact(fallback: FallbackState): Fact[] {
  const name = "Fallback";
  switch (fallback.state) {
    case "none":
      return [];
    case "ready":
      return [{ name, value: "ready" }];
    case "in":
      return [{ name, value: "stands in", tone: "warn" }];
    case "taken":
      return [{ name, value: "in your hand until the programme is back", tone: "warn" }];
    case "unable":
      return [{ name, value: sentence(fallback.reason), tone: "bad" }];
  }
}
