// A desk in memory, for tests and for `npm run fake`. Tests read what was sent, emit what they like
// and break the line; the show at `npm run fake` has moving meters and a running clock.
import type { AudioCommand, CommandError, Event, Reply, Snapshot, SpectrumOf, TimelineEntry } from "../bindings";
import { type DeskMeters, meterFrameBytes } from "../meter/frame";
import { fits } from "../timeline/kinds";
import { FakeHistory } from "./fakeHistory";
import { FakeLibrary, showLibrary } from "./fakeLibrary";
import { louder, spectrumOf } from "./fakeLoudness";
import { FakeNeedles, metersOf } from "./fakeMeters";
import { showcase } from "./fakeShow";
import { testSnapshot } from "./fakeSnapshot";
import { obey, putLoudness } from "./fakeStation";
import { type Connection, type DeskListener, type Platform, unreachable } from "./platform";

export class FakePlatform implements Platform {
  timelineTable: string | null = "/timeline.csv";
  listenPage: string | null = "/listen";
  saveTimeline: (() => Promise<string | null>) | null = null;
  /** What has happened, the oldest first. */
  timeline: TimelineEntry[] = [];
  /** What the library holds. */
  readonly library = new FakeLibrary();
  /** Every command that was sent, oldest first. */
  readonly sent: AudioCommand[] = [];
  /** Refuse the commands for which this gives a reason. */
  refuse: (command: AudioCommand) => CommandError | null = () => null;
  /** Whose spectra are wanted, and until when, ms of `performance.now()`. */
  readonly looks = new Map<string, { of: SpectrumOf; until: number }>();
  #desk: Snapshot;
  #history = new FakeHistory();
  #listener: DeskListener | null = null;
  #connected = true;

  constructor(desk: Snapshot = testSnapshot()) {
    this.#desk = structuredClone(desk);
  }

  get desk(): Snapshot {
    return this.#desk;
  }

  served(path: string): string {
    return path;
  }

  connect(listener: DeskListener): () => void {
    this.#listener = listener;
    listener.message({ type: "snapshot", snapshot: structuredClone(this.#desk) });
    listener.connection({ state: "connected" });
    return () => (this.#listener = null);
  }

  async send(command: AudioCommand): Promise<Reply> {
    this.sent.push(command);
    await Promise.resolve();
    if (!this.#connected) throw unreachable();
    const refused = this.refuse(command);
    if (refused) throw refused;
    if (command.type === "undo" || command.type === "redo") {
      const turned = this.#history.turn(this.#desk, command.type === "undo");
      if (!turned) throw { code: "notRunning", message: `there is nothing to ${command.type}` } satisfies CommandError;
      for (const event of turned) this.emit(event);
      return { type: "done" };
    }
    if (command.type === "readTimeline") return this.#read(command);
    const read = this.library.read(command);
    if (read) return read;
    const before = structuredClone(this.#desk);
    const { reply, events } = obey(this.#desk, structuredClone(command));
    if (command.type === "recallScene") events.push(...this.#history.recall(this.#desk, command));
    if (command.type === "showSpectrum") {
      this.looks.set(JSON.stringify(command.of), { of: command.of, until: performance.now() + 3000 });
    }
    events.push(...this.#history.note(before, command));
    this.#desk.history = before.history;
    for (const event of events) this.emit(event);
    return reply;
  }

  #read({ before, limit, kinds, words }: Extract<AudioCommand, { type: "readTimeline" }>): Reply {
    const older = this.timeline.filter((entry) => entry.number < (before ?? Infinity) && fits(entry, kinds, words));
    const entries = older.reverse().slice(0, limit);
    const last = entries.at(-1)?.number ?? null;
    return { type: "timeline", entries, older: older.length > limit ? last : null };
  }

  /** Shows the whole desk again, as after a line that was down. */
  showAgain(): void {
    this.#listener?.message({ type: "snapshot", snapshot: structuredClone(this.#desk) });
  }

  emit(event: Event): void {
    this.#listener?.message({ type: "event", event: structuredClone(event) });
  }

  emitMeters(meters: DeskMeters): void {
    this.#listener?.meters(meterFrameBytes(meters));
  }

  /** Closes the window, as its button does. Resolves with the operator's answer: true stops the desk. */
  close(): Promise<boolean> {
    return new Promise((resolve) => this.#listener?.closing(resolve));
  }

  setConnection(connection: Connection): void {
    this.#connected = connection.state === "connected";
    this.#listener?.connection(connection);
  }
}

/** The show that the page's address asks for, see {@link showcase}; `line=lost` cuts it off. */
export function fakeFromAddress(wanted: URLSearchParams): FakePlatform {
  const fake = new FakePlatform(showcase(wanted));
  const { desk } = fake;
  showLibrary(fake.library, desk);
  let sequence = 0;
  const needles = new FakeNeedles();
  setInterval(() => {
    const seconds = performance.now() / 1000;
    fake.emitMeters(needles.add(metersOf(desk, ++sequence, seconds), seconds));
  }, 1000 / 60);
  setInterval(() => {
    const { buses, strips } = metersOf(desk, sequence, performance.now() / 1000);
    for (const state of desk.loudness) {
      const levels = buses[state.bus]?.levels;
      const value = putLoudness(desk, louder(state, levels?.rms[0] ?? 0, levels?.peak[0] ?? 0));
      fake.emit({ type: "loudness", value });
    }
    for (const { of, until } of fake.looks.values()) {
      if (until < performance.now()) continue;
      const metered = "bus" in of ? buses[of.bus] : strips.find(({ id }) => id === of.strip);
      fake.emit({ type: "spectrum", value: spectrumOf(of, metered?.levels.rms[0] ?? 0) });
    }
  }, 100);
  setInterval(() => {
    desk.engine.seconds += 1;
    for (const target of desk.targets) {
      if (target.air.state !== "live") continue;
      target.air.seconds += 1;
      fake.emit({ type: "target", value: target });
    }
    for (const recorder of desk.recorders) {
      if (recorder.recording.state !== "recording") continue;
      recorder.recording.seconds += 1;
      recorder.recording.bytes += 288_000;
      fake.emit({ type: "recorder", value: recorder });
    }
    fake.emit({ type: "engine", value: desk.engine });
  }, 1000);
  if (wanted.get("line") === "lost") setTimeout(() => fake.setConnection({ state: "lost", attempt: 2 }), 500);
  return fake;
}
