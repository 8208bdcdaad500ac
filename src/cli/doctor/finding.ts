/** One line of a diagnosis. */
export interface Finding {
  /** What was looked at: `redis`, `postgres`, `secrets` … */
  readonly about: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do about it. */
  readonly cure?: string;
}

/** Findings about one thing, in the order of looking. */
export function findingsAbout(about: string) {
  return {
    ok: (message: string): Finding => ({ about, level: 'ok', message }),
    warn: (message: string, cure: string): Finding => ({ about, level: 'warn', message, cure }),
    fail: (message: string, cure: string): Finding => ({ about, level: 'fail', message, cure }),
  };
}
