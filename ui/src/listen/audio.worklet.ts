// The page's part in the audio thread: what comes through the port is played, and how it goes is told back 20 times a second. Asked to, it
// also hands back what it has played, for tests.
import { BusRoll } from "./busRoll";
import type { FromWorklet, ToWorklet } from "./messages";
import { TrackRoll } from "./trackRoll";

declare const sampleRate: number;
declare const currentTime: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

const REPORT_SECONDS = 0.05;

class Roll extends AudioWorkletProcessor {
  #track: TrackRoll | null = null;
  #bus: BusRoll | null = null;
  #stream = 0;
  #tap = false;
  #reported = 0;
  #drained = false;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<ToWorklet>) => this.#hear(data);
  }

  #hear(message: ToWorklet): void {
    switch (message.type) {
      case "track":
        this.#track = new TrackRoll(message.channels, sampleRate);
        this.#track.paused = message.paused;
        this.#bus = null;
        this.#stream = message.stream;
        this.#drained = false;
        break;
      case "bus":
        this.#track = null;
        this.#bus = new BusRoll(sampleRate);
        break;
      case "samples":
        this.#track?.push(new Float32Array(message.samples));
        break;
      case "block":
        this.#bus?.push(message.frame, new Float32Array(message.samples, message.offset));
        break;
      case "end":
        this.#track?.end();
        break;
      case "pause":
        if (this.#track) this.#track.paused = message.on;
        break;
      case "silence":
        this.#track = null;
        this.#bus = null;
        break;
      case "tap":
        this.#tap = message.on;
    }
  }

  process(_: Float32Array[][], [output]: Float32Array[][]): boolean {
    const [left, right] = output ?? [];
    if (!left || !right) return true;
    let heard = left.length;
    const before = this.#bus?.state;
    if (this.#track) heard = this.#track.render(left, right);
    else if (this.#bus) this.#bus.render(left, right);
    else return true;
    if (this.#tap && heard > 0)
      this.#tell({ type: "tapped", left: left.slice(0, heard), right: right.slice(0, heard) });
    const state = this.#track?.state;
    const drained = state?.drained === true && !this.#drained;
    if (drained || currentTime - this.#reported >= REPORT_SECONDS) {
      this.#drained ||= drained;
      this.#reported = currentTime;
      if (state) this.#tell({ type: "track", stream: this.#stream, ...state });
      else if (before) this.#tell({ type: "bus", time: currentTime, ...before });
    }
    return true;
  }

  #tell(message: FromWorklet): void {
    this.port.postMessage(message);
  }
}

registerProcessor("roll", Roll);
