import { randomBytes } from 'node:crypto';
import { serviceUnavailable } from '../errors.js';
import type { PasswordFunctions, PasswordVerifier } from '../hashes/password-scheme.js';
import { ResourceError } from '../hashes/resource-error.js';
import { kindOf } from '../utils/option-words.js';
import type { MainScheme, Scheme } from './scheme.js';

/** A function of the app that never ends would keep its place in the queue. */
const MAX_MS = 30_000;

/** A scheme of the option `password.verifiers`. For an unknown user it checks the first hash that it could check. */
export class VerifyingAppScheme implements Scheme {
  readonly #verifier: PasswordVerifier;
  readonly #option: string;
  /** Nothing else has the costs that the app's rows have. The result is thrown away. */
  #seen: string | undefined;

  constructor(verifier: PasswordVerifier, option: string) {
    this.#verifier = verifier;
    this.#option = option;
  }

  matches(hash: string): boolean {
    return aBoolean(this.#verifier.matches(hash), `${this.#option}.matches`);
  }

  async verify(password: string, hash: string | null): Promise<boolean> {
    const stored = hash ?? this.#seen;
    if (stored === undefined) return false;
    const matches = await verified(this.#verifier, this.#option, password, stored);
    // Not before: one row on which the app's function throws or hangs would do so for all failed logins.
    this.#seen ??= stored;
    return matches;
  }

  problem(hash: string): string | undefined {
    return aReason(this.#verifier.problem?.(hash), `${this.#option}.problem`);
  }

  async close(): Promise<void> {
    await this.#verifier.close?.();
  }
}

/** The option `password.hasher`. For an unknown user it checks a hash that it has made of a random text. */
export class AppHasher implements MainScheme {
  readonly #functions: PasswordFunctions;
  #dummy: Promise<string> | undefined;

  constructor(functions: PasswordFunctions) {
    this.#functions = functions;
  }

  /** Whether `matches` can tell its hashes from others. */
  get knowsItsForm(): boolean {
    return this.#functions.matches !== undefined;
  }

  matches(hash: string): boolean {
    return !this.knowsItsForm || aBoolean(this.#functions.matches?.(hash), 'password.hasher.matches');
  }

  async hash(password: string): Promise<string> {
    const hash: unknown = await inTime('password.hasher.hash', () => this.#functions.hash(password));
    if (typeof hash !== 'string' || hash === '')
      throw new TypeError(`password.hasher.hash must return a text, not ${kindOf(hash)}`);
    // The user could never log in.
    if (!this.matches(hash))
      throw new TypeError('password.hasher.hash made a hash that password.hasher.matches refuses');
    return hash;
  }

  async verify(password: string, hash: string | null): Promise<boolean> {
    // Made before any check, or the first unknown user would take longer.
    const dummy = await this.#dummyHash();
    return this.#verify(password, hash ?? dummy);
  }

  async ready(): Promise<void> {
    await this.#dummyHash();
  }

  async needsRehash(hash: string): Promise<boolean> {
    const option = 'password.hasher.needsRehash';
    return aBoolean(await inTime(option, () => this.#functions.needsRehash?.(hash) ?? false), option);
  }

  problem(hash: string): string | undefined {
    return aReason(this.#functions.problem?.(hash), 'password.hasher.problem');
  }

  async close(): Promise<void> {
    await this.#functions.close?.();
  }

  #dummyHash(): Promise<string> {
    return (this.#dummy ??= this.#makeDummy().catch((error: unknown) => {
      this.#dummy = undefined;
      throw error;
    }));
  }

  /** Also finds a `verify` that would let anyone in, or no one. */
  async #makeDummy(): Promise<string> {
    const random = () => randomBytes(16).toString('hex');
    const password = random();
    const hash = await this.hash(password);
    if (await this.#verify(random(), hash))
      throw new TypeError('password.hasher.verify must return false for a wrong password, and returned true');
    if (!(await this.#verify(password, hash)))
      throw new TypeError(
        'password.hasher.verify must return true for a hash that password.hasher.hash has made: it is called with the password first',
      );
    return hash;
  }

  #verify(password: string, hash: string): Promise<boolean> {
    return verified(this.#functions, 'password.hasher', password, hash);
  }
}

async function verified(
  verifier: Pick<PasswordVerifier, 'verify'>,
  option: string,
  password: string,
  hash: string,
): Promise<boolean> {
  const name = `${option}.verify`;
  return aBoolean(await inTime(name, () => verifier.verify(password, hash)), name);
}

/** A truthy value could be anything, such as a function that was never called. */
function aBoolean(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new TypeError(`${name} must return true or false, not ${kindOf(value)}`);
}

/** Anything else, such as a promise, would keep all users of the scheme out in silence. */
function aReason(value: unknown, name: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw new TypeError(`${name} must return a text or undefined, not ${kindOf(value)}`);
}

/** @throws AuthError SERVICE_UNAVAILABLE when it takes too long or lacks memory or threads; Error with what the function has thrown as its cause */
async function inTime<T>(name: string, run: () => Promise<T> | T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(serviceUnavailable(new Error(`${name} took longer than ${MAX_MS / 1000} seconds`)));
    }, MAX_MS);
  });
  const result = (async () => run())().catch((cause: unknown) => {
    // An error of the app's function goes to next(error), whatever it is. An AuthError in it would be answered.
    const failure = new Error(`${name} has failed`, { cause });
    throw cause instanceof ResourceError ? serviceUnavailable(failure) : failure;
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}
