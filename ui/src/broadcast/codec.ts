// What goes with each codec of a stream.
import type { StreamCodec } from "../bindings";

const RATES: Record<StreamCodec, number[]> = {
  mp3: [64, 96, 128, 160, 192, 224, 256, 320],
  opus: [32, 48, 64, 96, 128, 160, 192, 256],
  vorbis: [64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  flac16: [],
  flac24: [],
};

/** As they stand in the list of choices. */
export const CODECS: readonly { value: StreamCodec; text: string }[] = [
  { value: "mp3", text: "MP3" },
  { value: "opus", text: "Opus in Ogg" },
  { value: "vorbis", text: "Vorbis in Ogg" },
  { value: "flac16", text: "FLAC in Ogg, 16 bits" },
  { value: "flac24", text: "FLAC in Ogg, 24 bits" },
];

const ENDINGS: Record<StreamCodec, string> = { mp3: "mp3", opus: "opus", vorbis: "ogg", flac16: "ogg", flac24: "ogg" };

/** Codec and bit rate in words: "Opus 96 kbit/s". */
export function codecText(codec: StreamCodec, bitRate: number): string {
  const [name] = (CODECS.find(({ value }) => value === codec)?.text ?? codec).split(" in ");
  return RATES[codec].length > 0 ? `${name ?? codec} ${bitRate} kbit/s` : (name ?? codec);
}

/** Usual bit rates of `codec`, kbit/s, and `also`, which a session may have set. */
export function bitRates(codec: StreamCodec, also?: number): number[] {
  const rates = RATES[codec];
  if (rates.length === 0) return rates;
  return also === undefined || rates.includes(also) ? rates : [...rates, also].sort((a, b) => a - b);
}

/** The mount with the ending of `codec`, where it had the other's: players go by it. */
export function mountFor(mount: string, codec: StreamCodec): string {
  return mount.replace(/\.(mp3|opus|ogg)$/, `.${ENDINGS[codec]}`);
}
