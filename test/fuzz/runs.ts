/** Where `npm run test:slow` tries 1,500 values, `FUZZ_RUNS=20000 npx jest -c jest.slow.config.js test/fuzz` tries 20,000. */
const FACTOR = Number(process.env.FUZZ_RUNS ?? 1500) / 1000;
/** `npm run test:slow` tries the same values each time: then a change only fails because of its own bugs. A longer run tries new ones. */
const DEFAULT_SEED = 20_261_121;
/** A failure prints its seed: `FUZZ_SEED=-123` tries the same values again. */
const FUZZ_SEED = process.env.FUZZ_SEED ?? (process.env.FUZZ_RUNS === undefined ? DEFAULT_SEED : undefined);

jest.setTimeout(240_000 * Math.max(1, FACTOR));

/** @param count how often to try a property: of 1000, `npm run test:slow` tries 1,500 */
export function runs(count: number): { numRuns: number; seed?: number } {
  return {
    numRuns: Math.max(1, Math.ceil(count * FACTOR)),
    ...(FUZZ_SEED !== undefined && { seed: Number(FUZZ_SEED) }),
  };
}
