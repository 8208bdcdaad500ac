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
 * Measures each variant in short bursts, each right after a burst of the ceiling. The speed of a shared machine varies from moment to
 * moment, so bursts that are compared must follow each other closely.
 *
 * A process that has rested for seconds is slow for a second: V8 has dropped compiled code and shrunk the heap. A second process of bare
 * Express looked up to three times as dear as the ceiling then. So a variant has all its rounds in a row, after a burst to warm up.
 *
 * @param {import('./child.mjs').Child} load
 * @param {Variant} ceiling
 * @param {Variant[]} variants
 * @param {{ rounds: number, burstMilliseconds: number, warmUpMilliseconds: number }} pace
 * @param {string[]} [together] names of variants that are compared with each other: they take turns
 * @returns {Promise<Samples>}
 */
export async function measureSideBySide(load, ceiling, variants, pace, together = []) {
  const alone = variants.filter(({ name }) => !together.includes(name)).map((variant) => [variant]);
  const compared = variants.filter(({ name }) => together.includes(name));
  /** @type {Samples} */
  const samples = new Map(variants.map(({ name }) => [name, []]));
  await load.call('burst', { name: ceiling.name, milliseconds: pace.warmUpMilliseconds });
  for (const group of [compared, ...alone]) {
    for (const { name } of group) await load.call('burst', { name, milliseconds: pace.warmUpMilliseconds });
    for (let round = 0; round < pace.rounds; round += 1) {
      const first = round % group.length;
      for (const variant of [...group.slice(first), ...group.slice(0, first)]) {
        const beside = await measure(load, ceiling, pace.burstMilliseconds);
        const own = await measure(load, variant, pace.burstMilliseconds);
        samples.get(variant.name)?.push({ ...own, ceiling: beside });
      }
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
 * Compares two variants round by round, which have been measured together.
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
