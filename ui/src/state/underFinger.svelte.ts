// The one place where the screen runs ahead of the station: a control under the finger. While it is
// moved its own value is shown and sent at most once per drawn frame, the last one always; let go, it
// shows what the station confirms.

/** How long a value that was let go may wait for the event that confirms it, ms. */
const CONFIRM_MS = 250;

export class UnderFinger<T> {
  #confirmed: () => T;
  #send: (value: T) => Promise<boolean>;
  #same: (one: T, other: T) => boolean;
  #moved = $state.raw<{ value: T } | null>(null);
  #held = false;
  #unsent = false;
  #underway = 0;
  #frame = 0;
  #giveUp: ReturnType<typeof setTimeout> | undefined;

  /** `send` says whether the station obeyed; `same`, for values of many parts, whether two are alike. */
  constructor(
    confirmed: () => T,
    send: (value: T) => Promise<boolean>,
    same: (one: T, other: T) => boolean = Object.is,
  ) {
    this.#confirmed = confirmed;
    this.#send = send;
    this.#same = same;
  }

  /** What to draw. */
  get value(): T {
    return this.#moved ? this.#moved.value : this.#confirmed();
  }

  /** The finger is on the control: from now on only it decides what is drawn. */
  hold(): void {
    this.#held = true;
  }

  /** The finger moves the control. */
  move(value: T): void {
    if (this.#same(value, this.value)) return;
    clearTimeout(this.#giveUp);
    this.#moved = { value };
    this.#unsent = true;
    if (this.#frame === 0) {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        void this.#flush();
      });
    }
  }

  /** The finger has left the control. */
  release(): void {
    this.#held = false;
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    void this.#flush();
  }

  /** A movement of one step: a key, a click of the wheel, a typed value. */
  set(value: T): void {
    this.move(value);
    this.release();
  }

  async #flush(): Promise<void> {
    if (this.#unsent && this.#moved) {
      this.#unsent = false;
      this.#underway += 1;
      const obeyed = await this.#send(this.#moved.value);
      this.#underway -= 1;
      // Refused: show at once where the control really is.
      if (!obeyed && !this.#held && !this.#unsent) this.#moved = null;
    }
    this.#settle();
  }

  /** Hands the drawing back to the station. Its event may come a moment after its reply. */
  #settle(): void {
    if (this.#held || this.#unsent || this.#underway > 0 || !this.#moved) return;
    clearTimeout(this.#giveUp);
    if (this.#same(this.#moved.value, this.#confirmed())) this.#moved = null;
    else this.#giveUp = setTimeout(() => (this.#moved = null), CONFIRM_MS);
  }
}
