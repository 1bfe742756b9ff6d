// Plays three seconds of a tone into a desk, a piece at a time, as speech comes; then names it and leaves.
//
//   node examples/tone.js [ws://127.0.0.1:8081/] [ws://127.0.0.1:8765/control]
import { Desk, Voice } from "../src/index.js";

const [programs, control] = process.argv.slice(2);
const RATE = 24_000;
const desk = new Desk({ url: control });
await desk.ready();
await desk.send({ type: "setTitle", title: "Tone", artist: "An example", show: null });

const voice = new Voice({ url: programs, sampleRate: RATE });
const piece = new Int16Array(RATE / 10);
for (let frame = 0; frame < 3 * RATE; frame += piece.length) {
  for (let n = 0; n < piece.length; n++) piece[n] = 8_000 * Math.sin((2 * Math.PI * 1_000 * (frame + n)) / RATE);
  await voice.write(piece);
}
const { audioSeconds } = await voice.end();
console.log(`heard ${audioSeconds.toFixed(3)} s`);
voice.close();
desk.close();
