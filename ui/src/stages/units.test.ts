import { expect, test } from "vitest";

import { decibels, gainText, hertz, parseDecibels, parseHertz, parseRatio, parseTime, ratio, time } from "./units";

test("values are written as engineers read them", () => {
  expect([80, 999.9, 1200, 12_500, 20_000].map(hertz)).toEqual(["80 Hz", "1 kHz", "1.2 kHz", "12.5 kHz", "20 kHz"]);
  expect([0, 0.1, 150, 1500].map(time)).toEqual(["0 ms", "0.1 ms", "150 ms", "1.5 s"]);
  expect([1, 3, 9.99, 12, Infinity].map(ratio)).toEqual(["1.0:1", "3.0:1", "9.99:1", "12:1", "limit"]);
  expect([decibels(-50), gainText(3), gainText(0)]).toEqual(["-50.0 dB", "+3.0 dB", "0.0 dB"]);
});

test("values are read as engineers type them", () => {
  expect(["80", "1.2k", "1,2 kHz", "440 Hz", "off", "loud"].map(parseHertz)).toEqual([
    80,
    1200,
    1200,
    440,
    0,
    undefined,
  ]);
  expect(["150", "150 ms", "1.5 s", "1.5s", "soon"].map(parseTime)).toEqual([150, 150, 1500, 1500, undefined]);
  expect(["3", "3:1", "4.5 : 1", "limit", "much"].map(parseRatio)).toEqual([3, 3, 4.5, Infinity, undefined]);
  expect(["-18", "-18,5 dB", "-1 dBFS", "low"].map(parseDecibels)).toEqual([-18, -18.5, -1, undefined]);
});
