import assert from 'node:assert/strict';
import { inspect } from 'node:util';

/** One promise of a contract. It runs in any test runner: `for (const { name, run } of cases) test(name, run)`. */
export interface ContractCase {
  /** The promise as a sentence, without its subject. */
  readonly name: string;
  /** Rejects with an AssertionError if the promise is not kept. */
  run(): Promise<void>;
}

/**
 * Returns a function that makes the cases of a contract. Each case gets a new value of `make`, such as a store. A case that fails
 * names the last call of the store.
 * @throws TypeError, when a case runs, if `make` makes something else
 */
export function casesOf<Subject extends object>(
  suite: string,
  make: () => Subject | Promise<Subject>,
  methods: readonly string[],
) {
  return (name: string, prove: (subject: Subject) => Promise<void>): ContractCase => ({
    name,
    async run() {
      let lastCall = 'none';
      const subject = assertMade(suite, await made(suite, make), methods);
      try {
        await prove(observed(subject, (call) => (lastCall = call)));
      } catch (error) {
        if (error instanceof assert.AssertionError) error.message += `\nThe last call was ${lastCall}`;
        throw error;
      }
    },
  });
}

/** @throws TypeError */
export function made<Subject>(
  suite: string,
  make: () => Subject | Promise<Subject>,
): Subject | Promise<Subject> {
  if (typeof make === 'function' && !/^class\b/.test(String(make))) return make();
  throw new TypeError(`${suite}() needs a function that makes a store: ${suite}(() => new MyStore())`);
}

/** @throws TypeError that names the methods that are missing */
export function assertMade<Subject>(suite: string, subject: Subject, methods: readonly string[]): Subject {
  const members = (subject ?? {}) as Record<string, unknown>;
  const missing = methods.filter((method) => typeof members[method] !== 'function');
  if (missing.length === 0) return subject;
  throw new TypeError(`${suite}(): the store lacks the methods ${missing.join(', ')}`);
}

/** The same subject, which notes each call of a method of its own or of its stores. */
function observed<Subject extends object>(subject: Subject, note: (call: string) => void): Subject {
  // Around an empty object, because a Proxy may not change the members of a frozen one.
  return new Proxy({} as Subject, {
    get(_target, name) {
      const member: unknown = Reflect.get(subject, name);
      if (typeof member === 'object' && member !== null) return observed(member, note);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        note(
          `${String(name)}(${args
            .map((arg) => inspect(arg, { breakLength: Infinity }))
            .join(', ')
            .slice(0, 500)})`,
        );
        return (member as (...args: unknown[]) => unknown).apply(subject, args);
      };
    },
  });
}
