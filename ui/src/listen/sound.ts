// The page's loudspeaker: one audio context at the rate of what is played, and its part in the audio thread.
import workletUrl from "./audio.worklet?worker&url";
import type { FromWorklet, ToWorklet } from "./messages";

export class Sound {
  #context: AudioContext | null = null;
  #node: AudioWorkletNode | null = null;
  #gain: GainNode | null = null;
  #volume = 1;
  #told: (message: FromWorklet) => void;
  #opening: Promise<void> = Promise.resolve();
  #opened = 0;

  constructor(told: (message: FromWorklet) => void) {
    this.#told = told;
  }

  /** Makes it ready to play at a rate; what is said meanwhile waits. False: another one was opened since. */
  async open(rate: number): Promise<boolean> {
    const number = ++this.#opened;
    this.#opening = this.#opening.then(() => this.#ready(rate));
    await this.#opening;
    return number === this.#opened;
  }

  async #ready(rate: number): Promise<void> {
    if (this.#context?.sampleRate !== rate) {
      await this.#context?.close();
      const context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
      this.#context = context;
      await context.audioWorklet.addModule(workletUrl);
      const node = new AudioWorkletNode(context, "roll", { numberOfInputs: 0, outputChannelCount: [2] });
      node.port.onmessage = ({ data }: MessageEvent<FromWorklet>) => this.#told(data);
      this.#node = node;
      this.#gain = new GainNode(context, { gain: this.#volume });
      node.connect(this.#gain).connect(context.destination);
    }
    if (this.#context.state === "suspended") await this.#context.resume();
  }

  say(message: ToWorklet, transfer: Transferable[] = []): void {
    this.#node?.port.postMessage(message, transfer);
  }

  /** 0 to 1. */
  set volume(volume: number) {
    this.#volume = Math.min(1, Math.max(0, volume));
    const { currentTime = 0 } = this.#context ?? {};
    this.#gain?.gain.setTargetAtTime(this.#volume, currentTime, 0.015);
  }

  get volume(): number {
    return this.#volume;
  }

  /** When what is rendered at a time of the context leaves the machine, ms of the page's clock. */
  leaves(time: number): number {
    const context = this.#context;
    if (!context) return performance.now();
    const { contextTime = 0, performanceTime = 0 } = context.getOutputTimestamp();
    if (contextTime > 0 && performanceTime > 0) return performanceTime + (time - contextTime) * 1000;
    // A system that does not tell: what it says of its delay is added.
    const delay = context.baseLatency + context.outputLatency;
    return performance.now() + (time - context.currentTime + delay) * 1000;
  }
}
