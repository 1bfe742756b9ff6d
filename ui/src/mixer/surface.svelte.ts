// What of the desk the operator looks at: which channel is open, and whether aux buses, VCA groups and a spectrum
// are on show. Not the station's business; what is on show is kept in this console.
import { createContext } from "svelte";

import type { BusName, Snapshot } from "../bindings";
import { AUX_BUSES } from "../meter/frame";
import { kept, keep } from "../state/kept";
import { outputOf } from "./busName";

/** Whose channel is open: a strip by its id, a bus by its name. */
export type Opened = number | BusName;

export class Surface {
  opened = $state<Opened | null>(null);
  #aux = $state(kept("aux") === "shown");
  #spectrum = $state(kept("spectrum") === "shown");
  #vcas = $state(kept("vcas") === "shown");

  isOpen(which: Opened): boolean {
    return this.opened === which;
  }

  toggle(which: Opened): void {
    this.opened = this.opened === which ? null : which;
  }

  /** All aux buses are wanted, used or not. */
  get aux(): boolean {
    return this.#aux;
  }

  set aux(shown: boolean) {
    this.#aux = shown;
    keep("aux", shown ? "shown" : "hidden");
  }

  /** The spectrum is behind the equaliser's response. */
  get spectrum(): boolean {
    return this.#spectrum;
  }

  set spectrum(shown: boolean) {
    this.#spectrum = shown;
    keep("spectrum", shown ? "shown" : "hidden");
  }

  /** All VCA groups are wanted, used or not. */
  get vcas(): boolean {
    return this.#vcas;
  }

  set vcas(shown: boolean) {
    this.#vcas = shown;
    keep("vcas", shown ? "shown" : "hidden");
  }

  /** The aux buses that are on show. */
  auxBuses(desk: Snapshot): BusName[] {
    return AUX_BUSES.filter((bus, at) => this.#aux || isAuxUsed(desk, bus, at));
  }

  /** The VCA groups that are on show. */
  groups(desk: Snapshot): number[] {
    const used = (group: number, fader: number | null): boolean =>
      fader !== 0 || desk.strips.some(({ vca }) => vca === group);
    return desk.vcas.filter(({ vca, fader }) => this.#vcas || used(vca, fader)).map(({ vca }) => vca);
  }
}

/** Something reaches it, or it plays somewhere. */
function isAuxUsed(desk: Snapshot, name: BusName, at: number): boolean {
  return (
    desk.strips.some(({ sends }) => (sends[at]?.level ?? null) !== null) ||
    desk.buses.some(({ bus, without }) => bus === name && without !== null) ||
    desk.outputs.some(({ output, device }) => output === outputOf(name) && device !== null)
  );
}

/** The surface, for every component below the one that provided it. */
export const [useSurface, provideSurface] = createContext<Surface>();
