/** Callers that wait for the same thing, each for a bounded time. */
export class Waiting {
  readonly #finishes = new Set<() => void>();

  /** Resolves at the next `release`, or after so many milliseconds. */
  atMost(ms: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        this.#finishes.delete(finish);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      this.#finishes.add(finish);
    });
  }

  release(): void {
    for (const finish of this.#finishes) finish();
  }
}
