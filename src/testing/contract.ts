/** One promise of a contract. It runs in any test runner: `for (const { name, run } of cases) test(name, run)`. */
export interface ContractCase {
  /** The promise as a sentence, without its subject. */
  readonly name: string;
  /** Rejects with an AssertionError if the promise is not kept. */
  run(): Promise<void>;
}

/** Returns a function that makes the cases of a contract. Each case gets a new value of `make`, such as a store. */
export function casesOf<Subject>(make: () => Subject | Promise<Subject>) {
  return (name: string, prove: (subject: Subject) => Promise<void>): ContractCase => ({
    name,
    run: async () => prove(await make()),
  });
}
