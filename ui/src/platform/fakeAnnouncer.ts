// The announcer without a voice: what a console sees of its queue.
import type { AnnouncerCommand, AnnouncerState, Event, PastUtterance, Reply, Snapshot, Utterance } from "../bindings";
import { refusal } from "./fakeStation";

export function testAnnouncer(changes: Partial<AnnouncerState> = {}): AnnouncerState {
  return {
    settings: {
      backend: "http",
      baseUrls: ["http://127.0.0.1:8880/v1", "https://api.openai.com/v1"],
      socket: "",
      voice: "af_sky",
      model: "tts-1",
      speed: 1,
      format: "pcm",
      strip: "Announcer",
      trailingSilence: 0.5,
      bufferMs: 150,
      maxBuffer: 2,
      chunkBytes: 4096,
    },
    key: "none",
    paused: false,
    stopped: false,
    queue: [],
    speaking: null,
    history: [],
    ...changes,
  };
}

export function testUtterance(id: number, text: string): Utterance {
  return { id, text, voice: "af_sky", again: false };
}

export function testPast(id: number, text: string, changes: Partial<PastUtterance> = {}): PastUtterance {
  return {
    utterance: testUtterance(id, text),
    outcome: { state: "spoken" },
    time: "20:15:04",
    attempts: [{ endpoint: "127.0.0.1:8880/v1", fault: null }],
    seconds: 3.2,
    kept: 3.2,
    timeToFirstByte: 180,
    timeToFirstAudio: 340,
    underruns: 0,
    bytes: 153_600,
    ...changes,
  };
}

/** Nothing is ever said: what is asked for waits. */
export function obeyAnnouncer(desk: Snapshot, command: AnnouncerCommand): { reply: Reply; events: Event[] } {
  const { announcer } = desk;
  let reply: Reply = { type: "done" };
  switch (command.type) {
    case "say": {
      const id = 1 + Math.max(0, ...announcer.queue.map((utterance) => utterance.id));
      announcer.queue = [...announcer.queue, testUtterance(id, command.text)];
      reply = { type: "utterance", id };
      break;
    }
    case "cancel":
      announcer.queue = announcer.queue.filter(({ id }) => id !== command.utterance);
      break;
    case "cancelAll":
      announcer.queue = [];
      announcer.speaking = null;
      announcer.stopped = true;
      break;
    case "pause":
    case "resume":
      announcer.paused = command.type === "pause";
      break;
    case "set":
      announcer.settings = command.settings;
      break;
    case "setKey":
      announcer.key = command.key ? "keyStore" : "none";
      break;
    case "skip":
    case "back":
      if (!announcer.speaking) throw refusal("notRunning", "nothing is being said");
      break;
    case "replay": {
      const past =
        announcer.history.find(({ utterance }) => utterance.id === command.utterance) ?? announcer.history[0];
      if (!past) throw refusal("invalid", "nothing of that is kept; say it anew");
      announcer.queue = [...announcer.queue, { ...past.utterance, id: 1000 + announcer.queue.length, again: true }];
      break;
    }
  }
  return { reply, events: [{ type: "announcer", value: structuredClone(announcer) }] };
}
