// Which stages change what is heard.
import type { BusChainSettings, ChainSettings, EqualiserSettings } from "../bindings";

export interface StageLight {
  /** Two or three letters, for a light. */
  short: string;
  /** As it is said. */
  name: string;
  on: boolean;
}

/** The stages of a strip or a bus, in signal order. An equaliser that is flat changes nothing. */
export function stageLights(stages: ChainSettings | BusChainSettings): StageLight[] {
  const light = (short: string, name: string, on: boolean): StageLight => ({ short, name, on });
  const shared = [light("EQ", "equaliser", shapes(stages.equaliser)), light("C", "compressor", stages.compressor.on)];
  if (!("gate" in stages)) return shared;
  return [
    light("HP", "high-pass", stages.highPass.on),
    light("G", "gate", stages.gate.on),
    ...shared,
    light("DS", "de-esser", stages.deEsser.on),
  ];
}

function shapes({ on, bands }: EqualiserSettings): boolean {
  return on && bands.some((band) => band.on && band.gain !== 0);
}
