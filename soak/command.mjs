import { parseArgs } from 'node:util';

const DEFAULT_MINUTES = 5;
/** A shorter run would leave too few samples after the warm-up to judge by. */
const LEAST_MINUTES = 4;
const MOST_MINUTES = 24 * 60;

export const USAGE = `npm run soak [-- MINUTES] [--sessions redis|postgres]

  MINUTES     how long, from ${LEAST_MINUTES} to ${MOST_MINUTES}; ${DEFAULT_MINUTES} unless told otherwise
  --sessions  where sessions live; redis unless told otherwise`;

/** @typedef {{ minutes: number, sessions: 'redis' | 'postgres' }} Command */

/**
 * @param {readonly string[]} words
 * @returns {Command}
 * @throws {Error} that says what is wrong
 */
export function parseCommand(words) {
  const { values, positionals } = parseArgs({
    args: [...words],
    options: { sessions: { type: 'string', default: 'redis' } },
    allowPositionals: true,
  });
  const [text = String(DEFAULT_MINUTES), ...others] = positionals;
  if (others.length > 0) throw new Error(`What is ${others.join(' ')}?`);
  const minutes = Number(text);
  if (!(minutes >= LEAST_MINUTES && minutes <= MOST_MINUTES))
    throw new Error(`MINUTES is ${text}, and must be a number from ${LEAST_MINUTES} to ${MOST_MINUTES}`);
  const { sessions } = values;
  if (sessions !== 'redis' && sessions !== 'postgres')
    throw new Error(`--sessions is ${sessions}, and must be redis or postgres`);
  return { minutes, sessions };
}
