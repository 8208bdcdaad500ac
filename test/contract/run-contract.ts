import type { ContractCase } from '../../src/testing';

/** Gives each promise of a contract a test of its own. */
export function runContract(cases: ContractCase[]): void {
  test.each(cases)('$name', ({ run }) => run());
}
