// How much audio a device is asked to bring at a time, in words.

/** None: as much as the desk asks for by itself. */
export const USUAL_BUFFER = 0;

const BUFFERS: readonly { value: number; text: string }[] = [
  { value: USUAL_BUFFER, text: "Usual: 5 ms" },
  ...[64, 128, 256, 512, 1024, 2048].map((frames) => ({
    value: frames,
    text: `${frames} frames: ${(frames / 48).toFixed(1)} ms at 48 kHz`,
  })),
];

/** What can be chosen where so many frames are asked for now, which may be others by a command. */
export function buffersWith(now: number): readonly { value: number; text: string }[] {
  if (BUFFERS.some(({ value }) => value === now)) return BUFFERS;
  return [...BUFFERS, { value: now, text: `${now} frames` }];
}
