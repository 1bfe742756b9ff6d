// What goes with each codec of a stream.
import type { StreamCodec } from "../bindings";

const RATES: Record<StreamCodec, number[]> = {
  mp3: [64, 96, 128, 160, 192, 224, 256, 320],
  opus: [32, 48, 64, 96, 128, 160, 192, 256],
};

/** Usual bit rates of `codec`, kbit/s, and `also`, which a session may have set. */
export function bitRates(codec: StreamCodec, also?: number): number[] {
  const rates = RATES[codec];
  return also === undefined || rates.includes(also) ? rates : [...rates, also].sort((a, b) => a - b);
}

/** The mount with the ending of `codec`, where it had the other's: players go by it. */
export function mountFor(mount: string, codec: StreamCodec): string {
  return mount.replace(/\.(mp3|opus|ogg)$/, `.${codec}`);
}
