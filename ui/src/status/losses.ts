// What was lost anywhere between the devices and the listeners, for the status line.
import type { Snapshot } from "../bindings";
import { outputName } from "../mixer/busName";

/** A place where audio was lost, and how much of it. */
export interface Loss {
  where: string;
  seconds: number;
}

/** Every place that lost something, since it was opened or begun. */
export function losses(desk: Snapshot): Loss[] {
  const rate = desk.engine.rate;
  const found: Loss[] = [];
  for (const { name, input } of desk.strips) {
    if (input.state === "running") {
      found.push({ where: name, seconds: (input.framesLost + input.framesMissing) / rate });
    }
  }
  for (const { output, playback } of desk.outputs) {
    if (playback.state === "playing") {
      found.push({ where: outputName(output), seconds: playback.framesMissing / playback.rate });
    }
  }
  const { recording } = desk.recorder;
  if (recording.state === "recording") found.push({ where: "Recording", seconds: recording.framesLost / rate });
  const { air } = desk.broadcast;
  if (air.state === "live") found.push({ where: "On air", seconds: air.secondsDropped });
  found.push({ where: "Listener mounts", seconds: desk.listening.framesLost / rate });
  return found.filter((loss) => loss.seconds > 0);
}

/** All of them together, seconds. */
export function lostSeconds(found: Loss[]): number {
  return found.reduce((sum, loss) => sum + loss.seconds, 0);
}
