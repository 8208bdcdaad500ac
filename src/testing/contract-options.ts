import { z } from 'zod';
import type { NewUser } from '../stores/user-store.js';
import { parseCall, unknownName } from '../utils/parse-call.js';
import { aUser } from './user-fixtures.js';

/** What a store over an app's own table may not do: keep the roles that it gets, or have users without a password. */
export type UserStoreGap = 'roles' | 'no-password';

const GAPS: readonly UserStoreGap[] = ['roles', 'no-password'];

const factory = z.custom<() => NewUser>((value) => typeof value === 'function', {
  error: `must be a function that makes ${aUser}`,
});

const schemas = {
  userStoreContract: z.strictObject({ newUser: factory.optional(), without: gapsOf('userStoreContract') }),
  identityStoreContract: z.strictObject({
    newUser: factory.optional(),
    without: gapsOf('identityStoreContract'),
  }),
  credentialStoreContract: z.strictObject({ newUser: factory.optional() }),
};

/** @throws TypeError that names the option, and the known ones */
export function contractOptions<Suite extends keyof typeof schemas>(
  suite: Suite,
  options: unknown,
): z.output<(typeof schemas)[Suite]> {
  return parseCall(`${suite}()`, schemas[suite], options) as z.output<(typeof schemas)[Suite]>;
}

/** For the suites without options. @throws TypeError for a second argument */
export function assertNoOptions(suite: string, more: readonly unknown[]): void {
  if (more.some((each) => each !== undefined))
    throw new TypeError(
      `${suite}() takes no options: call it with a function that makes a store, and nothing else`,
    );
}

function gapsOf(suite: string) {
  return z
    .array(z.unknown())
    .default([])
    .transform((gaps) => {
      for (const gap of gaps)
        if (!GAPS.includes(gap as UserStoreGap))
          throw new TypeError(
            `${suite}(): ${unknownName('gap', `'${String(gap)}' in without`, String(gap), GAPS)}`,
          );
      return gaps as UserStoreGap[];
    });
}
