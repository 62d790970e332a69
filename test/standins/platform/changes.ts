/** Tells whoever waits that something in the platform's world changed. */
export class Changes {
  #waiting = new Set<() => void>();

  happened(): void {
    for (const look of this.#waiting) look();
  }

  /**
   * Resolves with the first value of `look` that is neither undefined, null nor false. `look` runs at once and after every change; no
   * polling. Rejects with `what` after 20 s of real time: a limit against hanging, not a measure.
   */
  until<T>(
    look: () => T | undefined | null | false,
    what = 'what the test waits for',
    limit = 20_000,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const attempt = (): void => {
        try {
          const found = look();
          if (found === undefined || found === null || found === false) return;
          done();
          resolve(found);
        } catch (error) {
          done();
          reject(error);
        }
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`did not happen: ${what}`));
      }, limit);
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(attempt);
      };
      this.#waiting.add(attempt);
      attempt();
    });
  }
}
