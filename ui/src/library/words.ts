// The track library in words and numbers.
import type { Play, ScanProgress, ScanSummary, Track } from "../bindings";
import { counted } from "../ui/format";

/** Its artist and title, in one line. */
export function trackName({ artist, title }: Pick<Track, "artist" | "title">): string {
  return artist ? `${artist} – ${title}` : title;
}

/** How far a scan is, 0 to 1; `null` while nobody knows how much there is. */
export function partOf({ counted: known, found, looked }: ScanProgress): number | null {
  if (!known) return null;
  return found === 0 ? 1 : looked / found;
}

/** The same in words. */
export function progressText(progress: ScanProgress): string {
  return progress.counted
    ? `${progress.looked.toLocaleString("en-GB")} of ${counted(progress.found, "file")}`
    : `${counted(progress.found, "file")} found so far`;
}

/** What came of a scan, in one line. */
export function summaryText(summary: ScanSummary): string {
  if (summary.broken) return "The last scan could not go on.";
  const parts: [number, string][] = [
    [summary.added, "new"],
    [summary.changed, "changed"],
    [summary.back, "back"],
    [summary.gone, "gone"],
    [summary.unreadable, "could not be read"],
  ];
  const found = parts.filter(([count]) => count > 0).map(([count, what]) => `${count.toLocaleString("en-GB")} ${what}`);
  if (summary.cancelled) return `The last scan was cancelled after ${counted(summary.looked, "file")}.`;
  return `${counted(summary.looked, "file")} looked at: ${found.length > 0 ? found.join(", ") : "nothing has changed"}.`;
}

/** When it was played last, and how often. */
export function playedText({ lastPlayed, plays }: Track): string {
  if (lastPlayed === null) return "Never played";
  const times = plays === 1 ? "once" : `${plays} times`;
  return `Played ${times}, last ${moment(lastPlayed)}`;
}

/** When a deck began to play it. */
export function beganText({ began }: Play): string {
  return moment(began);
}

/** A day and a time: the seconds of long ago matter to nobody. */
function moment(time: string): string {
  return `${time.slice(0, 10)}, ${time.slice(11, 16)}`;
}
