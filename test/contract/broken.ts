import type { ContractCase } from '../../src/testing';

/** Runs a contract. @returns the names of the promises that were broken */
export async function brokenPromises(cases: ContractCase[]): Promise<string[]> {
  const results = await Promise.allSettled(cases.map(({ run }) => run()));
  return cases.filter((_each, n) => results[n]?.status === 'rejected').map(({ name }) => name);
}

/** Waits until other calls have gone on. */
export const tick = () => new Promise(setImmediate);
