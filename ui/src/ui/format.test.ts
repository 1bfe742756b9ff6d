import { expect, test } from "vitest";

import { bytes, clock, counted, hours, kilohertz, milliseconds, sentence } from "./format";

test("a time reads as a clock and is never negative", () => {
  expect(clock(7.9)).toBe("0:07");
  expect(clock(753)).toBe("12:33");
  expect(clock(5025)).toBe("1:23:45");
  expect(clock(-1)).toBe("0:00");
});

test("sizes have the digits that matter and never show 1000 of a unit", () => {
  expect(bytes(0)).toBe("0 bytes");
  expect(bytes(288_000)).toBe("288 kB");
  expect(bytes(1_434_240_000)).toBe("1.43 GB");
  expect(bytes(999_900)).toBe("1.00 MB");
  expect(bytes(212e9)).toBe("212 GB");
});

test("hours left become minutes when they run short", () => {
  expect(hours(204.5)).toBe("204 h");
  expect(hours(3.21)).toBe("3 h 12 min");
  expect(hours(0.16)).toBe("9 min");
});

test("the rest reads as on a device's label", () => {
  expect(milliseconds(0.0107)).toBe("10.7 ms");
  expect(counted(1, "listener")).toBe("1 listener");
  expect(counted(1700, "listener")).toBe("1,700 listeners");
  expect(kilohertz(44_100)).toBe("44.1 kHz");
  expect(sentence("the disk is full")).toBe("The disk is full");
  expect(sentence("radio.example:8000 is away")).toBe("radio.example:8000 is away");
});
