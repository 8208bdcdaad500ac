import { setTimeout as sleep } from 'node:timers/promises';

/** As many as a chart can show. */
const MOST_SAMPLES = 600;
const COLLECT_EVERY_SECONDS = 10;
const SPEAK_EVERY_SECONDS = 30;

/** @typedef {{ at: number, sample: import('./sampler.mjs').Sample }} Sampled */

/**
 * Takes a sample every second, or less often in a long run.
 *
 * @param {object} run
 * @param {Awaited<ReturnType<typeof import('./sampler.mjs').createSampler>>} run.sampler
 * @param {import('../bench/lib/child.mjs').Child} run.clients
 * @param {number} run.seconds
 */
export async function takeSamples({ sampler, clients, seconds }) {
  /** @type {Sampled[]} */
  const taken = [];
  const every = Math.max(1, seconds / MOST_SAMPLES);
  const startedAt = performance.now();
  const now = () => (performance.now() - startedAt) / 1000;
  const isTimeToCollect = each(COLLECT_EVERY_SECONDS);
  const isTimeToSpeak = each(SPEAK_EVERY_SECONDS);
  while (now() < seconds) {
    const at = now();
    taken.push({ at, sample: await sampler.sample(isTimeToCollect(at)) });
    if (isTimeToSpeak(at)) await speak(at, clients);
    const next = (Math.floor(at / every) + 1) * every;
    await sleep(Math.max(0, (next - now()) * 1000));
  }
  return taken;
}

/** @param {number} seconds */
function each(seconds) {
  let next = 0;
  return (/** @type {number} */ at) => {
    if (at < next) return false;
    next = Math.max(next + seconds, at);
    return true;
  };
}

/** @param {number} at @param {import('../bench/lib/child.mjs').Child} clients */
async function speak(at, clients) {
  const { sent, inFlight, unexpected } = await clients.call('progress');
  const wrong = Object.entries(unexpected).map(([outcome, times]) => `; ${outcome}, ${times} times`);
  process.stderr.write(`${Math.round(at)} s: ${sent} sent, ${inFlight} in flight${wrong.join('')}\n`);
}
