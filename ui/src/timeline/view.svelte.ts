// The part of the timeline that is drawn: the newest entries, older ones as they are asked for, and each new one as it happens.
import type { TimelineEntry, TimelineKind } from "../bindings";
import { asCommandError } from "../platform/platform";
import type { Desk } from "../state/desk.svelte";
import { sentence } from "../ui/format";
import { fits } from "./kinds";

/** So many are asked for at once. */
const PAGE = 50;

export class TimelineView {
  /** The newest first. */
  entries = $state.raw<TimelineEntry[]>([]);
  /** What to ask for older ones with; `null`: there are none. */
  older = $state<number | null>(null);
  loading = $state(false);
  /** Why there is nothing to be read. */
  fault = $state<string | null>(null);
  #kinds: TimelineKind[] = [];
  #words = "";
  /** Counts questions: an answer to an older one is for nobody. */
  #asked = 0;
  #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Begins anew with other kinds and words. */
  async show(kinds: TimelineKind[], words: string): Promise<void> {
    this.#kinds = kinds;
    this.#words = words;
    await this.#read(null);
  }

  async loadOlder(): Promise<void> {
    if (!this.loading && this.older !== null) await this.#read(this.older);
  }

  /** Something has happened, or goes on. */
  take(entry: TimelineEntry): void {
    if (!fits(entry, this.#kinds, this.#words)) return;
    const known = this.entries.some(({ number }) => number === entry.number);
    if (known) this.entries = this.entries.map((old) => (old.number === entry.number ? entry : old));
    else if (entry.number > (this.entries[0]?.number ?? 0)) this.entries = [entry, ...this.entries];
  }

  async #read(before: number | null): Promise<void> {
    const asked = ++this.#asked;
    this.loading = true;
    try {
      const reply = await this.#desk.ask({
        type: "readTimeline",
        before,
        limit: PAGE,
        kinds: this.#kinds,
        words: this.#words,
      });
      if (asked !== this.#asked || reply.type !== "timeline") return;
      const first = reply.entries[0]?.number ?? 0;
      // What has happened while the first page was on its way stays on top of it.
      const kept = before === null ? this.entries.filter(({ number }) => number > first) : this.entries;
      const fresh = kept.filter((entry) => fits(entry, this.#kinds, this.#words));
      this.entries = [...fresh, ...reply.entries];
      this.older = reply.older;
      this.fault = null;
    } catch (thrown) {
      if (asked === this.#asked) this.fault = sentence(asCommandError(thrown).message);
    } finally {
      if (asked === this.#asked) this.loading = false;
    }
  }
}
