// Against a desk that runs: AIRDESK_CONTROL and AIRDESK_PROGRAMS say where. `tests/clients.rs` starts one.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";

import { Desk, Refused, Voice } from "../src/index.js";
import { backOff } from "../src/connection.js";

const control = process.env.AIRDESK_CONTROL;
const programs = process.env.AIRDESK_PROGRAMS;
assert.ok(control && programs, "set AIRDESK_CONTROL and AIRDESK_PROGRAMS to a desk's addresses");

const RATE = 24_000;

function tone(seconds) {
  return Int16Array.from({ length: seconds * RATE }, (_, n) => 8_000 * Math.sin((2 * Math.PI * 440 * n) / RATE));
}

/** A way to the desk that can be cut. */
async function way() {
  const place = new URL(programs);
  const sockets = new Set();
  const server = net.createServer((inside) => {
    const outside = net.connect(Number(place.port), place.hostname);
    for (const socket of [inside, outside]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    }
    // The desk knows only its own name.
    inside.once("data", (head) => {
      outside.write(head.toString("latin1").replace(/^Host:.*$/im, `Host: ${place.host}`), "latin1");
      inside.pipe(outside);
    });
    outside.pipe(inside);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${server.address().port}/`,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    close: () => server.close(),
  };
}

test("who waits to come back waits longer each time, half a minute at most, and not with all others", () => {
  const waits = [0, 1, 2, 6, 40].map((attempt) => backOff(attempt, 1));
  assert.deepEqual(waits, [500, 1_000, 2_000, 30_000, 30_000]);
  assert.equal(backOff(3, 0), 2_000);
});

test("a command is obeyed, or refused in the desk's words", async () => {
  const desk = new Desk({ url: control });
  const snapshot = await desk.ready();
  assert.ok(Array.isArray(snapshot.strips));
  const changed = new Promise((resolve) => {
    desk.addEventListener("change", ({ detail }) => detail.type === "title" && resolve(detail.value), { once: false });
  });
  await desk.send({ type: "setTitle", title: "Waltz", artist: "Ada", show: null });
  assert.equal((await changed).title, "Waltz");
  await assert.rejects(desk.send({ type: "setMute", strip: 4_000_000, on: true }), (error) => {
    assert.ok(error instanceof Refused);
    assert.equal(error.code, "noSuchStrip");
    return true;
  });
  desk.close();
});

test("what is written is heard to its end, also in floats and behind another", async () => {
  const voice = new Voice({ url: programs, sampleRate: RATE });
  await voice.write(tone(0.5));
  assert.ok(Math.abs((await voice.end()).audioSeconds - 0.5) < 0.001);
  await voice.write(Float32Array.from(tone(0.5), (sample) => sample / 32_768));
  await voice.end();
  await assert.rejects(voice.write([0, 1]), TypeError);
  voice.close();
});

test("what is stopped says so, and the next is heard", async () => {
  const voice = new Voice({ url: programs, sampleRate: RATE });
  await voice.write(tone(3));
  const ended = voice.end();
  const stopped = assert.rejects(ended, /stopped/);
  await once(voice, "state");
  await voice.stop();
  await stopped;
  await voice.write(tone(0.3));
  await voice.end();
  voice.close();
});

test("a way that breaks is told, comes back by itself, and goes on with what is written then", async () => {
  const between = await way();
  const voice = new Voice({ url: between.url, sampleRate: RATE });
  await voice.write(tone(0.2));
  const lost = once(voice, "lost");
  between.cut();
  await lost;
  await voice.write(tone(0.3));
  await voice.end();
  voice.close();
  between.close();
});
