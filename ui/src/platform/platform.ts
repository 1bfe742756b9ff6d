// The one way from the console to the desk, whatever carries it: the desktop window, a browser's
// WebSocket, or an in-memory desk.
import type { AudioCommand, CommandError, Event, Reply, Snapshot } from "../bindings";

/** What the desk tells without being asked. A snapshot replaces everything known before. */
export type DeskMessage = { type: "snapshot"; snapshot: Snapshot } | { type: "event"; event: Event };

/** Whether the desk can be reached. */
export type Connection =
  /** The first attempt; nothing is known of the desk yet. */
  | { state: "connecting" }
  /** The desk answers: what is drawn is true. */
  | { state: "connected" }
  /** The desk does not answer: what is drawn is what was last known. Trying again by itself. */
  | { state: "lost"; attempt: number };

/** Who draws what the desk tells. */
export interface DeskListener {
  message(message: DeskMessage): void;
  /** One meter frame, see `meter/frame.ts`. */
  meters(frame: ArrayBuffer): void;
  connection(connection: Connection): void;
  /** The window is to be closed, which would cost what the desk is doing: ask, and answer. A browser never asks:
   * the desk goes on without it. */
  closing(answer: (stop: boolean) => void): void;
}

export interface Platform {
  /** Where the whole timeline can be had as a table; `null` where there is no way to save it. */
  readonly timelineTable: string | null;
  /** Where the page is that plays tracks and buses; `null` where it would play beside the desk itself. */
  readonly listenPage: string | null;
  /** Asks where to and writes the whole timeline there, as a table: where the web view saves nothing by itself. Says where
   * it is, or `null` when the operator thought better of it. Rejects with a {@link CommandError}. */
  readonly saveTimeline: (() => Promise<string | null>) | null;
  /** Where the desk's face serves a path of its own; `null`: that is not known yet. */
  served(path: string): string | null;
  /** Starts listening to the desk; the first message is a snapshot. Returns what ends it. */
  connect(listener: DeskListener): () => void;
  /** Asks the desk for something. Rejects with a {@link CommandError} when it is refused. */
  send(command: AudioCommand): Promise<Reply>;
}

/** The refusal of a command that could not reach the desk. */
export function unreachable(): CommandError {
  return { code: "unavailable", message: "the desk cannot be reached: nothing was changed" };
}

/** What was thrown, as the refusal that it should be. */
export function asCommandError(thrown: unknown): CommandError {
  if (isCommandError(thrown)) return thrown;
  return { code: "unavailable", message: thrown instanceof Error ? thrown.message : String(thrown) };
}

function isCommandError(thrown: unknown): thrown is CommandError {
  return typeof thrown === "object" && thrown !== null && "code" in thrown && "message" in thrown;
}
