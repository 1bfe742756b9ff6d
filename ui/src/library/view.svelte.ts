// What of the library is drawn: a page of what was looked for or was played, and more as it is asked for.
import type { Play, Reply, Track } from "../bindings";
import { asCommandError } from "../platform/platform";
import type { Desk } from "../state/desk.svelte";
import { sentence } from "../ui/format";

/** So many are asked for at once. */
const PAGE = 50;
/** The desk gives no more at once. */
const PAGE_MAX = 200;

class Reading {
  loading = $state(false);
  /** Why there is nothing to be read. */
  fault = $state<string | null>(null);
  /** Counts questions: an answer to an older one is for nobody. */
  #asked = 0;

  /** Asks for something; `take` has the answer unless something else was asked for meanwhile. */
  protected async read(ask: () => Promise<Reply>, take: (reply: Reply) => void): Promise<void> {
    const asked = ++this.#asked;
    this.loading = true;
    try {
      const reply = await ask();
      if (asked !== this.#asked) return;
      take(reply);
      this.fault = null;
    } catch (thrown) {
      if (asked === this.#asked) this.fault = sentence(asCommandError(thrown).message);
    } finally {
      if (asked === this.#asked) this.loading = false;
    }
  }
}

/** The tracks that hold some words. */
export class TrackList extends Reading {
  tracks = $state.raw<Track[]>([]);
  /** How many there are in all; `null`: nobody has looked yet. */
  total = $state<number | null>(null);
  #words = "";
  #desk: Desk;

  constructor(desk: Desk) {
    super();
    this.#desk = desk;
  }

  async show(words: string): Promise<void> {
    this.#words = words;
    await this.#read(0, PAGE);
  }

  async loadMore(): Promise<void> {
    if (!this.loading) await this.#read(this.tracks.length, PAGE);
  }

  /** Reads what is drawn anew: there may be other tracks, and some were played. */
  async refresh(): Promise<void> {
    await this.#read(0, Math.min(PAGE_MAX, Math.max(PAGE, this.tracks.length)), true);
  }

  /** `rest`: what is drawn behind the page stays. */
  async #read(offset: number, limit: number, rest = false): Promise<void> {
    const words = this.#words;
    await this.read(
      () => this.#desk.ask({ type: "searchTracks", words, offset, limit }),
      (reply) => {
        if (reply.type !== "tracks") return;
        const { tracks } = reply;
        // A scan may have moved a track from one page to another: it is drawn once.
        const others = this.tracks.filter(({ id }) => tracks.every((track) => track.id !== id));
        const behind = rest ? this.tracks.slice(limit).filter((track) => others.includes(track)) : [];
        this.tracks = offset === 0 ? [...tracks, ...behind] : [...others, ...tracks];
        this.total = reply.total;
      },
    );
  }
}

/** What decks have played, the newest first. */
export class PlayList extends Reading {
  plays = $state.raw<Play[]>([]);
  /** What to ask for older ones with; `null`: there are none. */
  older = $state<number | null>(null);
  #desk: Desk;

  constructor(desk: Desk) {
    super();
    this.#desk = desk;
  }

  async show(): Promise<void> {
    await this.#read(null);
  }

  async loadOlder(): Promise<void> {
    if (!this.loading && this.older !== null) await this.#read(this.older);
  }

  async #read(before: number | null): Promise<void> {
    await this.read(
      () => this.#desk.ask({ type: "readPlays", before, limit: PAGE }),
      (reply) => {
        if (reply.type !== "plays") return;
        if (before !== null) {
          this.plays = [...this.plays, ...reply.plays];
          this.older = reply.older;
          return;
        }
        // Older ones that were asked for stay below.
        const last = reply.plays.at(-1)?.id ?? 0;
        const older = this.plays.filter(({ id }) => id < last);
        this.plays = [...reply.plays, ...older];
        if (older.length === 0) this.older = reply.older;
      },
    );
  }
}
