/** `npm test` tries 600 where `FUZZ_RUNS=20000 npx jest test/fuzz` tries 20,000. */
const FACTOR = Number(process.env.FUZZ_RUNS ?? 600) / 1000;
/** `npm test` tries the same values each time, so that a change fails for its own faults; a long run tries new ones. */
const SEED_OF_TESTS = 20_261_121;
/** A failure names the seed: `FUZZ_SEED=-123 npx jest test/fuzz` tries the same values again. */
const FUZZ_SEED = process.env.FUZZ_SEED ?? (process.env.FUZZ_RUNS === undefined ? SEED_OF_TESTS : undefined);

jest.setTimeout(60_000 * Math.max(1, FACTOR));

/** @param byDefault how often a property is tried by `npm test` */
export function runs(byDefault: number): { numRuns: number; seed?: number } {
  return {
    numRuns: Math.max(1, Math.ceil(byDefault * FACTOR)),
    ...(FUZZ_SEED !== undefined && { seed: Number(FUZZ_SEED) }),
  };
}

/** Whether somebody looks at what a long run has met. */
export const isLongRun = process.env.FUZZ_RUNS !== undefined;
