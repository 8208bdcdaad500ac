import { createHmac, randomBytes } from 'node:crypto';
import { usernameKey } from '../utils/username.js';

/** Milliseconds: many times what the differing steps of a flow take, and too little for a user to notice. */
const BEAT = 10;

/**
 * Runs `work`, and ends at a beat of a clock that has begun with the call. A known address costs some hundredths of a millisecond
 * more than an unknown one, such as for a row that the database returns. Thousands of requests would show that difference, but the
 * same beat hides it.
 *
 * The work leaves the caches of the processor in another state, too, so what comes after the beat still differs by microseconds. A part
 * of a millisecond covers these, which is another one for each endpoint and name, and always the same for one of them in a process:
 * repeating the request averages nothing out, and comparing endpoints tells nothing.
 * @param name whose presence must not show, in its one form: of two spellings each would have a part of its own
 */
export async function hideDuration<Result>(
  endpoint: string,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const startedAt = performance.now();
  const outcome = work();
  await Promise.allSettled([outcome]);
  const beats = Math.max(1, Math.ceil((performance.now() - startedAt) / BEAT));
  await until(startedAt + beats * BEAT + fractionOf(endpoint, name));
  return outcome;
}

/** Of this process. Nobody can compute a fraction without it. */
const SECRET = randomBytes(32);

/** From 0 to 1, without 1. The same in upper and lower case. */
export function fractionOf(endpoint: string, name: string): number {
  return (
    createHmac('sha256', SECRET)
      .update(`${endpoint}\n${usernameKey(name)}`)
      .digest()
      .readUInt32LE() /
    2 ** 32
  );
}

/** A timer may come late by up to a millisecond, and by some more on a busy machine. */
const TIMER_SLACK = 1.5;

/**
 * Waits until that moment, exact to some microseconds. A timer can't: it counts whole milliseconds from the event before, here the last
 * answer of the database. So the fraction of a millisecond that the work took would still be in its time. The last one or two
 * milliseconds pass in turns of the event loop, in which other requests go on.
 */
async function until(time: number): Promise<void> {
  const rest = Math.floor(time - performance.now() - TIMER_SLACK);
  if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
  while (performance.now() < time) await new Promise((resolve) => setImmediate(resolve));
}
