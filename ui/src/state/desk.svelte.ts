// The desk as the station last confirmed it, for components to draw. Nothing here runs ahead of the
// station: a wish is sent, and the screen changes with the event that follows.
import { createContext } from "svelte";
import { SvelteMap } from "svelte/reactivity";

import type {
  AudioCommand,
  BusName,
  BusState,
  CommandError,
  Event,
  Reply,
  Snapshot,
  SpectrumOf,
  SpectrumState,
  StripState,
  TimelineEntry,
} from "../bindings";
import type { Connection, DeskMessage, Platform } from "../platform";
import { asCommandError } from "../platform/platform";
import { sentence } from "../ui/format";

/** A command that was refused, kept until the operator has read it. */
export interface Refusal {
  id: number;
  text: string;
}

/** Older refusals give way: more than these nobody reads. */
const REFUSALS_KEPT = 3;
/** A spectrum older than this is not what is heard now, ms. */
const SPECTRUM_STALE_MS = 2_000;
/** How often a look is asked for again, ms: the station shows a spectrum for 3 s. */
const LOOK_AGAIN_MS = 1_000;

export class Desk {
  /** `null` until the desk has shown itself for the first time. */
  snapshot = $state<Snapshot | null>(null);
  connection = $state<Connection>({ state: "connecting" });
  refusals = $state<Refusal[]>([]);
  /** The newest spectra, by whose they are. They belong to no snapshot, and other consoles' are among them. */
  readonly #spectra = new SvelteMap<string, SpectrumState>();
  /** Takes the answer while the operator is asked whether to stop the desk and close its window. */
  closing = $state.raw<((stop: boolean) => void) | null>(null);
  /** How often the desk has shown itself as a whole: what is no part of that has to be asked for again. */
  snapshots = $state(0);
  /** Whether a solo silences other strips. */
  readonly soloing = $derived(this.snapshot?.strips.some(({ solo }) => solo) ?? false);
  #platform: Platform;
  #lastRefusal = 0;
  // Never drawn.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #happened = new Set<(entry: TimelineEntry) => void>();
  // Never drawn.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #spectraOver = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  /** Starts following the desk; meter frames pass by to `meters`. Returns what ends it. */
  connect(meters: (frame: ArrayBuffer) => void): () => void {
    return this.#platform.connect({
      message: (message) => this.#take(message),
      connection: (connection) => (this.connection = connection),
      closing: (answer) => (this.closing = answer),
      meters,
    });
  }

  /** Whether what is drawn is true now, not just what was last known. */
  get current(): boolean {
    return this.snapshot !== null && this.connection.state === "connected";
  }

  bus(name: BusName): BusState | undefined {
    return this.snapshot?.buses.find(({ bus }) => bus === name);
  }

  strip(id: number): StripState | undefined {
    return this.snapshot?.strips.find((strip) => strip.id === id);
  }

  /** The newest spectrum of a bus or a strip, while somebody looks at it. */
  spectrum(of: SpectrumOf): SpectrumState | undefined {
    return this.#spectra.get(keyOf(of));
  }

  /** Hears of everything that happens until the returned function is called. */
  onHappened(hear: (entry: TimelineEntry) => void): () => void {
    this.#happened.add(hear);
    return () => this.#happened.delete(hear);
  }

  /** Where the page is that plays tracks and buses, if it is. */
  get listenPage(): string | null {
    return this.#platform.listenPage;
  }

  /** Where the whole timeline is served as a table, if it is. */
  get timelineTable(): string | null {
    return this.#platform.timelineTable;
  }

  /** Writes the whole timeline as a table where the operator wants it, if the host can. */
  get saveTimeline(): (() => Promise<string | null>) | null {
    return this.#platform.saveTimeline;
  }

  /** Where the picture of a deck's item is served; `null`: nobody knows yet. */
  coverOfItem(strip: number, item: number): string | null {
    return this.#platform.served(`/api/decks/${strip}/${item}/cover`);
  }

  /** The same of a track of the library. */
  coverOfTrack(id: number): string | null {
    return this.#platform.served(`/api/tracks/${id}/cover`);
  }

  /** Looks at a spectrum until the returned function is called. `refused` is told why it cannot be shown. */
  look(of: SpectrumOf, refused: (error: CommandError) => void): () => void {
    const ask = (): void => {
      this.ask({ type: "showSpectrum", of }).catch((thrown: unknown) => {
        const error = asCommandError(thrown);
        // A line that is down comes back.
        if (error.code === "unavailable") return;
        clearInterval(asking);
        refused(error);
      });
    };
    const asking = setInterval(ask, LOOK_AGAIN_MS);
    ask();
    return () => clearInterval(asking);
  }

  /** Sends a wish; a refusal is shown to the operator. Says whether it was obeyed. */
  async send(command: AudioCommand): Promise<boolean> {
    return (await this.wish(command)) !== null;
  }

  /** The same for a caller that needs the answer; `null`: it was refused. */
  async wish(command: AudioCommand): Promise<Reply | null> {
    try {
      return await this.ask(command);
    } catch (thrown) {
      this.#show(asCommandError(thrown));
      return null;
    }
  }

  /** Sends a wish for a caller that shows a refusal itself; rejects with a {@link CommandError}. */
  async ask(command: AudioCommand): Promise<Reply> {
    try {
      return await this.#platform.send($state.snapshot(command) as AudioCommand);
    } catch (thrown) {
      throw asCommandError(thrown);
    }
  }

  dismissRefusal(id: number): void {
    this.refusals = this.refusals.filter((refusal) => refusal.id !== id);
  }

  #show({ message }: CommandError): void {
    const text = sentence(message);
    // A fader dragged on a dead line is refused at every frame: say it once.
    if (this.refusals.some((refusal) => refusal.text === text)) return;
    this.refusals = [...this.refusals.slice(1 - REFUSALS_KEPT), { id: ++this.#lastRefusal, text }];
  }

  #take(message: DeskMessage): void {
    if (message.type === "snapshot") {
      this.snapshot = message.snapshot;
      this.snapshots += 1;
    } else if (message.event.type === "timeline") {
      for (const hear of this.#happened) hear(message.event.value);
    } else if (message.event.type === "spectrum") this.#see(message.event.value);
    else if (this.snapshot) apply(this.snapshot, message.event);
  }

  #see(spectrum: SpectrumState): void {
    const key = keyOf(spectrum.of);
    this.#spectra.set(key, spectrum);
    clearTimeout(this.#spectraOver.get(key));
    this.#spectraOver.set(
      key,
      setTimeout(() => this.#spectra.delete(key), SPECTRUM_STALE_MS),
    );
  }
}

function keyOf(of: SpectrumOf): string {
  return "bus" in of ? of.bus : String(of.strip);
}

/** Puts what has changed into `desk`, and touches nothing else: only what changed is drawn anew. */
export function apply(desk: Snapshot, event: Event): void {
  switch (event.type) {
    case "strip":
      return put(desk.strips, event.value, ({ id }) => id === event.value.id);
    case "strips":
      desk.strips = event.value;
      return;
    case "stripRemoved":
      take(desk.streams, ({ strip }) => strip === event.value);
      return take(desk.strips, ({ id }) => id === event.value);
    case "deck":
      return put(desk.decks, event.value, ({ strip }) => strip === event.value.strip);
    case "deckPosition": {
      const deck = desk.decks.find(({ strip }) => strip === event.value.strip);
      if (deck) deck.position = event.value;
      return;
    }
    case "deckRemoved":
      return take(desk.decks, ({ strip }) => strip === event.value);
    case "carts":
      return put(desk.carts, event.value, ({ strip }) => strip === event.value.strip);
    case "cartsPlaying": {
      const wall = desk.carts.find(({ strip }) => strip === event.value.strip);
      if (wall) wall.playing = event.value;
      return;
    }
    case "cartsRemoved":
      return take(desk.carts, ({ strip }) => strip === event.value);
    case "stream":
      return put(desk.streams, event.value, ({ strip }) => strip === event.value.strip);
    case "streamRemoved":
      return take(desk.streams, ({ strip }) => strip === event.value);
    case "bus":
      return put(desk.buses, event.value, ({ bus }) => bus === event.value.bus);
    case "vca":
      return put(desk.vcas, event.value, ({ vca }) => vca === event.value.vca);
    case "limiter":
      desk.limiter = event.value;
      return;
    case "talkover":
      desk.talkover = event.value;
      return;
    case "scenes":
      desk.scenes = event.value;
      return;
    case "history":
      desk.history = event.value;
      return;
    case "loudness":
      return put(desk.loudness, event.value, ({ bus }) => bus === event.value.bus);
    case "loudnessEnded":
      return take(desk.loudness, ({ bus }) => bus === event.value);
    case "spectrum":
      return; // no part of the snapshot
    case "output":
      return put(desk.outputs, event.value, ({ output }) => output === event.value.output);
    case "devices":
      desk.devices = event.value;
      return;
    case "recorder":
      return put(desk.recorders, event.value, ({ id }) => id === event.value.id);
    case "recorderRemoved":
      return take(desk.recorders, ({ id }) => id === event.value);
    case "target":
      return put(desk.targets, event.value, ({ id }) => id === event.value.id);
    case "targetRemoved":
      return take(desk.targets, ({ id }) => id === event.value);
    case "title":
      desk.title = event.value;
      return;
    case "announcer":
      desk.announcer = event.value;
      break;
    case "titleFile":
      desk.titleFile = event.value;
      return;
    case "hls":
      desk.hls = event.value;
      return;
    case "library":
      desk.library = event.value;
      return;
    case "airDelay":
      desk.airDelay = event.value;
      return;
    case "blackBox":
      desk.blackBox = event.value;
      return;
    case "deadAir":
      desk.deadAir = event.value;
      return;
    case "listening":
      desk.listening = event.value;
      return;
    case "programsAt":
      desk.programsAt = event.value;
      return;
    case "engine":
      desk.engine = event.value;
      return;
    case "notice":
      return put(desk.notices, event.value, ({ id }) => id === event.value.id);
    case "noticeDismissed":
      return take(desk.notices, ({ id }) => id === event.value);
    case "timeline":
      return; // no part of the snapshot
  }
}

function put<T>(list: T[], value: T, same: (item: T) => boolean): void {
  const at = list.findIndex(same);
  if (at < 0) list.push(value);
  else list[at] = value;
}

function take<T>(list: T[], which: (item: T) => boolean): void {
  const at = list.findIndex(which);
  if (at >= 0) list.splice(at, 1);
}

/** The desk, for every component below the one that provided it. */
export const [useDesk, provideDesk] = createContext<Desk>();
