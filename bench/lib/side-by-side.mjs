import { spread } from './statistics.mjs';

/**
 * One of the apps that are compared.
 *
 * @typedef {object} Variant
 * @property {string} name its name in the load generator
 * @property {import('./running-app.mjs').RunningApp} app
 */

/** @typedef {{ cpu: number, perSecond: number }} Burst CPU microseconds per request, and requests per second */
/** @typedef {Burst & { ceiling: Burst }} Sample with the burst of the ceiling just before it */
/** @typedef {Map<string, Sample[]>} Samples one per round, by name */

/**
 * Measures the variants in turn, in short bursts, each right after a burst of the ceiling. The speed of a shared machine varies
 * from moment to moment, so bursts that are compared must follow each other closely. Each round begins with another variant.
 *
 * @param {import('./child.mjs').Child} load
 * @param {Variant} ceiling
 * @param {Variant[]} variants
 * @param {{ rounds: number, burstMilliseconds: number, warmUpMilliseconds: number }} pace
 * @returns {Promise<Samples>}
 */
export async function measureSideBySide(load, ceiling, variants, pace) {
  for (const { name } of [ceiling, ...variants]) {
    await load.call('burst', { name, milliseconds: pace.warmUpMilliseconds });
  }
  /** @type {Samples} */
  const samples = new Map(variants.map(({ name }) => [name, []]));
  for (let round = 0; round < pace.rounds; round += 1) {
    const first = round % variants.length;
    for (const variant of [...variants.slice(first), ...variants.slice(0, first)]) {
      const beside = await measure(load, ceiling, pace.burstMilliseconds);
      const own = await measure(load, variant, pace.burstMilliseconds);
      samples.get(variant.name)?.push({ ...own, ceiling: beside });
    }
  }
  return samples;
}

/**
 * @param {import('./child.mjs').Child} load
 * @param {Variant} variant
 * @param {number} milliseconds
 * @returns {Promise<Burst>}
 */
async function measure(load, { name, app }, milliseconds) {
  const before = await app.cpuMicroseconds();
  const { requests, seconds } = await load.call('burst', { name, milliseconds });
  const used = (await app.cpuMicroseconds()) - before;
  return { cpu: used / requests, perSecond: requests / seconds };
}

/** @param {Sample[]} samples */
export function summarize(samples) {
  return {
    ratio: spread(samples.map(({ cpu, ceiling }) => ceiling.cpu / cpu)),
    over: spread(samples.map(({ cpu, ceiling }) => cpu - ceiling.cpu)),
    cpu: spread(samples.map(({ cpu }) => cpu)),
    perSecond: spread(samples.map(({ perSecond }) => perSecond)),
  };
}

/** @param {Samples} samples @returns {Sample[]} the ceiling's own bursts, as if it were a variant */
export function ceilingOf(samples) {
  return [...samples.values()].flat().map(({ ceiling }) => ({ ...ceiling, ceiling }));
}

/**
 * Compares two variants round by round.
 *
 * @param {Samples} samples
 * @param {string} one
 * @param {string} other
 * @param {(one: Burst, other: Burst) => number} compare
 */
export function compareRounds(samples, one, other, compare) {
  const others = /** @type {Sample[]} */ (samples.get(other));
  const ones = /** @type {Sample[]} */ (samples.get(one));
  return spread(ones.map((sample, round) => compare(sample, /** @type {Sample} */ (others[round]))));
}
