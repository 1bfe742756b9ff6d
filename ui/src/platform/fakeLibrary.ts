// A track library without files: what a console can see of folders, scans and searches.
import type { AudioCommand, Event, LibraryState, Play, Reply, Snapshot, Track } from "../bindings";
import { refusal } from "./fakeStation";

export function testTrack(id: number, title: string, changes: Partial<Track> = {}): Track {
  return {
    id,
    path: `/home/studio/Music/${title}.flac`,
    title,
    artist: "",
    album: "",
    seconds: 200 + id,
    rate: 44_100,
    channels: 2,
    codec: "FLAC",
    gain: null,
    cover: false,
    fault: null,
    gone: false,
    lastPlayed: null,
    plays: 0,
    ...changes,
  };
}

export function testPlay(id: number, title: string, changes: Partial<Play> = {}): Play {
  return {
    id,
    path: `/home/studio/Music/${title}.flac`,
    track: id,
    began: `2026-11-22T17:0${id % 10}:05.123+01:00`,
    seconds: 187,
    strip: "Deck 1",
    title,
    artist: "",
    ...changes,
  };
}

/** A library without folders. */
export function testLibrary(changes: Partial<LibraryState> = {}): LibraryState {
  return { folders: [], tracks: 0, scan: { state: "idle" }, last: null, fault: null, ...changes };
}

export class FakeLibrary {
  tracks: Track[] = [];
  /** The newest first. */
  plays: Play[] = [];
  /** By path. */
  readonly waveforms = new Map<string, number[]>();

  /** Answers what is read; `null`: that is no reading. */
  read(command: AudioCommand): Reply | null {
    switch (command.type) {
      case "searchTracks": {
        const words = command.words.toLowerCase().split(/\s+/);
        const found = this.tracks.filter((track) => {
          const text = `${track.title} ${track.artist} ${track.album} ${track.path}`.toLowerCase();
          return words.every((word) => text.includes(word));
        });
        const tracks = found.slice(command.offset, command.offset + command.limit);
        return { type: "tracks", tracks, total: found.length };
      }
      case "readPlays": {
        const older = this.plays.filter(({ id }) => id < (command.before ?? Infinity));
        const plays = older.slice(0, command.limit);
        return { type: "plays", plays, older: older.length > command.limit ? (plays.at(-1)?.id ?? null) : null };
      }
      case "readWaveform": {
        const peaks = this.waveforms.get(command.path);
        if (!peaks) throw refusal("invalid", `${command.path} cannot be opened`);
        return { type: "waveform", waveform: { peaks } };
      }
      default:
        return null;
    }
  }
}

export function obeyLibrary(desk: Snapshot, { command }: Extract<AudioCommand, { type: "library" }>): Event {
  const { library } = desk;
  switch (command.type) {
    case "addFolder":
      if (!command.path.startsWith("/"))
        throw refusal("invalid", `"${command.path}" is no whole path; name the folder from the root`);
      library.folders = [...library.folders, { path: command.path, tracks: 0 }];
      break;
    case "removeFolder":
      library.folders = library.folders.filter(({ path }) => path !== command.path);
      break;
    case "scan":
      library.scan = { state: "scanning", progress: { found: 0, counted: false, looked: 0, current: "" } };
      break;
    case "cancelScan":
      library.scan = { state: "idle" };
      library.last = {
        cancelled: true,
        broken: null,
        looked: 0,
        added: 0,
        changed: 0,
        back: 0,
        gone: 0,
        unreadable: 0,
        faults: [],
      };
  }
  return { type: "library", value: structuredClone(library) };
}

/** Music to look at. */
export function showLibrary(library: FakeLibrary, desk: Snapshot): void {
  const names: [string, string, string][] = [
    ["Near Light", "Ólafur Arnalds", "Living Room Songs"],
    ["Kiara", "Bonobo", "Black Sands"],
    ["Kerala", "Bonobo", "Migration"],
    ["Says", "Nils Frahm", "Spaces"],
    ["Jóga", "Björk", "Homogenic"],
  ];
  library.tracks = names.map(([title, artist, album], n) => testTrack(n + 1, title, { artist, album }));
  library.plays = library.tracks.slice(0, 2).map(({ title, artist }, n) => testPlay(2 - n, title, { artist }));
  for (const { path } of library.tracks) {
    const peaks = Array.from({ length: 2048 }, (_, n) => {
      const high = 60 + 50 * Math.sin(n / 90) * Math.sin(n / 7);
      return Math.round(n % 2 === 0 ? -high : high);
    });
    library.waveforms.set(path, peaks);
  }
  desk.library = testLibrary({
    folders: [{ path: "/home/studio/Music", tracks: library.tracks.length }],
    tracks: library.tracks.length,
  });
}
