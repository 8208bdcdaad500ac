import type { ContractCase } from '../../src/testing';

/** The names of the promises that are not kept. */
export async function broken(cases: ContractCase[]): Promise<string[]> {
  const results = await Promise.allSettled(cases.map(({ run }) => run()));
  return cases.filter((_each, n) => results[n]?.status === 'rejected').map(({ name }) => name);
}
