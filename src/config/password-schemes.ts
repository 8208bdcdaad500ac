import { z } from 'zod';
import type { PasswordFunctions, PasswordVerifier } from '../hashes/password-scheme.js';

const OF_HASHER = { must: ['hash', 'verify'], may: ['needsRehash', 'matches', 'problem', 'close'] } as const;
const OF_VERIFIER = { must: ['matches', 'verify'], may: ['problem', 'close'] } as const;

/** The option `password.hasher`. */
export const passwordFunctions = functions<PasswordFunctions>('hasher', OF_HASHER);

/** An entry of the option `password.verifiers`. */
export const passwordVerifier = functions<PasswordVerifier>('verifier', OF_VERIFIER);

/** The value itself and no copy: its functions may need their `this`. */
function functions<T>(kind: string, { must, may }: { must: readonly string[]; may: readonly string[] }) {
  const typeOf = (value: object, name: string) => typeof (value as Record<string, unknown>)[name];
  return z.custom<T>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      must.every((name) => typeOf(value, name) === 'function') &&
      may.every((name) => ['function', 'undefined'].includes(typeOf(value, name))),
    {
      error: ({ input }) => {
        if (typeof input === 'function')
          return `is a function: call it, as in ${kind === 'hasher' ? 'scrypt()' : 'phpass()'}`;
        const advice =
          kind === 'hasher'
            ? '. A scheme that only verifies, such as phpass(), goes into password.verifiers'
            : '';
        return `must be a ${kind}, with the functions ${must.join(', ')}, and maybe ${may.join(', ')}${advice}`;
      },
    },
  );
}
