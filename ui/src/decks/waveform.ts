// Draws a waveform on a canvas: what has been played is bright, what is to come is dim, and a line stands between.

const PLAYED = "#79bff2";
const COMING = "#4a5563";
const PLACE = "#e6e9ed";

/** Full scale of the numbers that the desk gives. */
const FULL = 127;

/** The lowest and the highest number of the columns that fall on one pixel of `width`. */
export function spanAt(peaks: readonly number[], x: number, width: number): [low: number, high: number] {
  const columns = peaks.length / 2;
  const from = Math.floor((x * columns) / width);
  const to = Math.max(from + 1, Math.floor(((x + 1) * columns) / width));
  let [low, high] = [0, 0];
  for (let column = from; column < Math.min(to, columns); column++) {
    low = Math.min(low, peaks[2 * column] ?? 0);
    high = Math.max(high, peaks[2 * column + 1] ?? 0);
  }
  return [low, high];
}

/** Draws all of it; `place` is where it is, 0 to 1. */
export function paintWaveform(canvas: HTMLCanvasElement, peaks: readonly number[], place: number): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const { width, height } = canvas;
  const played = Math.round(place * width);
  context.clearRect(0, 0, width, height);
  for (let x = 0; x < width; x++) {
    const [low, high] = spanAt(peaks, x, width);
    const top = Math.round(((FULL - high) / (2 * FULL)) * (height - 1));
    const bottom = Math.round(((FULL - low) / (2 * FULL)) * (height - 1));
    context.fillStyle = x < played ? PLAYED : COMING;
    context.fillRect(x, top, 1, bottom - top + 1);
  }
  context.fillStyle = PLACE;
  context.fillRect(Math.min(played, width - 1), 0, 1, height);
}
