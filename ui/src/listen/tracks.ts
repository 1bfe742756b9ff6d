// Tracks of the library by their words, over plain HTTP.
import type { Track } from "../bindings";

export interface TrackPage {
  tracks: Track[];
  total: number;
}

export async function findTracks(words: string, signal: AbortSignal): Promise<TrackPage> {
  const answer = await fetch(`/api/tracks?${new URLSearchParams({ words, limit: "50" }).toString()}`, { signal });
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as TrackPage;
}
