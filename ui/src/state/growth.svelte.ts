// Whether a count of faults grows. A fault that is over is still counted, but it asks for nobody's attention.

/** What is counted while a source starts belongs to starting, ms. */
const SETTLE_MS = 5_000;
/** How long a growth is shown, ms. */
const SHOWN_MS = 30_000;

export class Growth {
  #growing = $state(false);
  #last: number | null = null;
  #since = 0;
  #over: ReturnType<typeof setTimeout> | undefined;

  /** Follows `count`, which is `null` while there is nothing to count. Made while a component starts. */
  constructor(count: () => number | null) {
    $effect(() => this.#follow(count()));
    $effect(() => () => clearTimeout(this.#over));
  }

  get growing(): boolean {
    return this.#growing;
  }

  #follow(count: number | null): void {
    const last = this.#last;
    this.#last = count;
    if (count === null || last === null || count < last) {
      this.#since = performance.now();
      this.#show(false);
    } else if (count > last && performance.now() - this.#since > SETTLE_MS) {
      this.#show(true);
      this.#over = setTimeout(() => this.#show(false), SHOWN_MS);
    }
  }

  #show(growing: boolean): void {
    clearTimeout(this.#over);
    this.#growing = growing;
  }
}
