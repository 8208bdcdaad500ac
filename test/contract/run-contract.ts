import type { ContractCase } from '../../src/testing';

/** Runs each promise of a contract as a separate test. */
export function runContract(cases: ContractCase[]): void {
  test.each(cases)('$name', ({ run }) => run());
}
