import { z } from 'zod';

/** A time in an answer. */
export function instant(description: string) {
  return z.date().meta({ description, examples: ['2026-11-02T08:30:00.000Z'] });
}

/** What the user calls a factor. */
export function shownName(example: string) {
  return z
    .string()
    .nullable()
    .meta({ examples: [example] });
}

export function recoveryCodes() {
  return z.array(z.string()).meta({
    description: 'Shown this once: the store has only hashes. Each is good once.',
    examples: [['K7QXM-2VB4T-OJ5RW-6HNPA-3DYLC']],
  });
}
