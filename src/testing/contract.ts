/**
 * One promise of a contract. It runs in any test runner: `for (const { name, run } of cases) test(name, run)`.
 */
export interface ContractCase {
  /** Reads as a sentence. */
  readonly name: string;
  /** Rejects with an AssertionError when the promise is not kept. */
  run(): Promise<void>;
}
