import { beforeEach, expect, test, vi } from "vitest";

import { MeterSource } from "./bridge.svelte";
import { atRest, type Needles, needlesAtRest, silence } from "./frame";
import { MeterPainter } from "./paint";
import { scaleOf } from "./scale";

/** What was filled: colour and rectangle. */
let fills: { colour: string; top: number; height: number }[] = [];
let painter: MeterPainter;

beforeEach(() => {
  fills = [];
  const context = {
    fillStyle: "",
    fillRect: (_left: number, top: number, _width: number, height: number) =>
      fills.push({ colour: context.fillStyle, top, height }),
  };
  const canvas = document.createElement("canvas");
  vi.spyOn(canvas, "getContext").mockReturnValue(context as unknown as null);
  painter = new MeterPainter(canvas);
  painter.resize(16, 200);
  fills = [];
});

function source(peak: number, rms: number, needles: Partial<Needles> = {}): MeterSource {
  const made = new MeterSource();
  const levels = { ...silence(), peak: [peak, peak], rms: [rms, rms] } satisfies object as ReturnType<typeof silence>;
  made.take({ levels, reductions: atRest(), needles: { ...needlesAtRest(), ...needles } }, 0, 0);
  return made;
}

test("a meter that has not moved is not drawn again", () => {
  const quiet = source(0, 0);
  painter.paint(quiet, 0);
  expect(fills).not.toEqual([]);
  fills = [];
  painter.paint(quiet, 16);
  expect(fills).toEqual([]);
});

test("a meter out of sight is not drawn", () => {
  painter.visible = false;
  painter.paint(source(1, 0.5), 0);
  expect(fills).toEqual([]);
});

test("-20 dBFS reaches half way up, without warning", () => {
  painter.paint(source(0.1, 0.1), 0);
  const lit = fills.filter(({ colour }) => colour === "#4cc38a");
  expect(lit).toEqual([
    { colour: "#4cc38a", top: 100, height: 100 },
    { colour: "#4cc38a", top: 100, height: 100 },
  ]);
  expect(fills.some(({ colour }) => colour === "#8a6428")).toBe(false);
});

test("a peak above -9 dBFS warns", () => {
  painter.paint(source(0.9, 0.1), 0);
  expect(fills.some(({ colour }) => colour === "#8a6428")).toBe(true);
});

test("a PPM shows its quasi-peak alone, on its own scale, and warns above 6", () => {
  painter.become("typeIIa", scaleOf("typeIIa", -18));
  painter.paint(source(1, 0.9, { typeIIa: [10 ** (-18 / 20), 10 ** (-6 / 20)] }), 0);
  const lit = fills.filter(({ colour }) => colour !== "#15181c");
  expect(lit).toEqual([
    { colour: "#4cc38a", top: 100, height: 100 },
    { colour: "#f2b04a", top: 14, height: 29 },
    { colour: "#4cc38a", top: 43, height: 157 },
  ]);
});
