import { z } from 'zod';
import type { NewUser } from '../stores/user-store.js';
import { parseCall, unknownName } from '../utils/parse-call.js';
import { aUser } from './user-fixtures.js';

/** What a store over an app's own table may not do: keep the roles that it gets, or have users without a password. */
export type UserStoreGap = 'roles' | 'no-password';

const USER_GAPS = ['roles', 'no-password'] as const satisfies UserStoreGap[];

/**
 * What a store may not do: end the sessions of a user who has too many, and list only some of them; compare the `origin` of a
 * replay with that of the rotation.
 */
export type RefreshTokenStoreGap = 'session-limit' | 'origin';

/** How to prove a store that doesn't do everything. */
export interface RefreshTokenStoreContractOptions {
  /** What the store doesn't do. Cases about it are left out. Default: nothing. */
  without?: readonly RefreshTokenStoreGap[];
}

const SESSION_GAPS = ['session-limit', 'origin'] as const satisfies RefreshTokenStoreGap[];

const factory = z.custom<() => NewUser>((value) => typeof value === 'function', {
  error: `must be a function that makes ${aUser}`,
});

const schemas = {
  userStoreContract: z.strictObject({
    newUser: factory.optional(),
    without: gapsOf('userStoreContract', USER_GAPS),
  }),
  identityStoreContract: z.strictObject({
    newUser: factory.optional(),
    without: gapsOf('identityStoreContract', USER_GAPS),
  }),
  credentialStoreContract: z.strictObject({ newUser: factory.optional() }),
  refreshTokenStoreContract: z.strictObject({ without: gapsOf('refreshTokenStoreContract', SESSION_GAPS) }),
  revocationContract: z.strictObject({ without: gapsOf('revocationContract', SESSION_GAPS) }),
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

function gapsOf<Gap extends string>(suite: string, known: readonly Gap[]) {
  return z
    .array(z.unknown())
    .default([])
    .transform((gaps) => {
      for (const gap of gaps)
        if (!(known as readonly unknown[]).includes(gap))
          throw new TypeError(
            `${suite}(): ${unknownName('gap', `'${String(gap)}' in without`, String(gap), known)}`,
          );
      return gaps as Gap[];
    });
}
