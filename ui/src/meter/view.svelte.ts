// Which meter the buses have: kept in this console, for every operator judges levels by the meter that they grew up
// with. Strips keep peak and RMS: what clips an input is its peak.
import { keep, kept } from "../state/kept";
import { type Alignment, type MeterKind, type MeterScale, scaleOf } from "./scale";

const KINDS: readonly MeterKind[] = ["peak", "vu", "typeI", "typeIIa"];
const ALIGNMENTS: readonly Alignment[] = [-18, -20];

/** A kind of meter with its alignment level; peak has none. */
export type MeterChoice = "peak" | `${Exclude<MeterKind, "peak">}${Alignment}`;

function choicesOf(kind: MeterKind): { value: MeterChoice; text: string }[] {
  if (kind === "peak") return [{ value: kind, text: scaleOf(kind, -18).name }];
  return ALIGNMENTS.map((alignment) => ({ value: `${kind}${alignment}`, text: scaleOf(kind, alignment).name }));
}

/** All there are, in the order in which they are offered. */
export const METER_CHOICES = KINDS.flatMap(choicesOf);

const STRIPS = { kind: "peak", scale: scaleOf("peak", -18) } as const;

export class MeterView {
  #choice = $state<MeterChoice>(METER_CHOICES.find(({ value }) => value === kept("meter"))?.value ?? "peak");
  readonly #kind = $derived<MeterKind>(KINDS.find((kind) => this.#choice.startsWith(`${kind}-`)) ?? "peak");
  readonly #scale = $derived(scaleOf(this.#kind, this.#choice.endsWith("-20") ? -20 : -18));

  get choice(): MeterChoice {
    return this.#choice;
  }

  set choice(choice: MeterChoice) {
    this.#choice = choice;
    keep("meter", choice);
  }

  /** What the meter of a bus or a strip shows, and its scale. */
  of(source: string | number): { kind: MeterKind; scale: MeterScale } {
    return typeof source === "number" ? STRIPS : { kind: this.#kind, scale: this.#scale };
  }
}
