/** Where `npm test` tries 200 values and `npm run test:slow` 1,500, `FUZZ_RUNS=20000 npx jest test/fuzz` tries 20,000. */
const FACTOR = Number(process.env.FUZZ_RUNS ?? 200) / 1000;
/** `npm test` tries the same values each time: then a change only fails because of its own bugs. A long run tries new ones. */
const DEFAULT_SEED = 20_261_121;
/** A failure prints its seed: `FUZZ_SEED=-123 npx jest test/fuzz` tries the same values again. */
const FUZZ_SEED = process.env.FUZZ_SEED ?? (process.env.FUZZ_RUNS === undefined ? DEFAULT_SEED : undefined);

jest.setTimeout(60_000 * Math.max(1, FACTOR));

/** @param count how often to try a property: of 1000, `npm test` tries 200 */
export function runs(count: number): { numRuns: number; seed?: number } {
  return {
    numRuns: Math.max(1, Math.ceil(count * FACTOR)),
    ...(FUZZ_SEED !== undefined && { seed: Number(FUZZ_SEED) }),
  };
}

/** Whether this is a long run, which prints what it has met. */
export const isLongRun = process.env.FUZZ_RUNS !== undefined;
