// What the operator calls buses and outputs.
import type { BusName, OutputName } from "../bindings";

/** "Programme", "Cue", "Aux 3". */
export function busName(bus: BusName): string {
  if (bus === "programme") return "Programme";
  return bus === "cue" ? "Cue" : `Aux ${bus.slice(3)}`;
}

/** "Main output (programme)", "Cue output (headphones)", "Aux 3 output". */
export function outputName(output: OutputName): string {
  if (output === "main") return "Main output (programme)";
  return output === "cue" ? "Cue output (headphones)" : `${busName(output)} output`;
}

/** The output that plays a bus. */
export function outputOf(bus: BusName): OutputName {
  return bus === "programme" ? "main" : bus;
}
