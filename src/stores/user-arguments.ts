import type { z } from 'zod';
import { lazySchema } from '../utils/lazy-schema.js';
import { kindOf } from '../utils/option-words.js';
import { parseCall } from '../utils/parse-call.js';
import { isKeepable } from '../utils/keepable-text.js';
import { usernameKey } from '../utils/username.js';
import { newUsername } from './new-username.js';
import type { NewUser } from './user-store.js';

/**
 * The arguments of this package's user stores, judged before any database sees them. A store that ignored unknown members would
 * answer true to `{ disable: true }`, and the user would stay enabled.
 */

const textSchema = (zod: typeof z) =>
  zod.custom<string>(isKeepable, 'must be a text without NUL and lone surrogates');
const rolesSchema = (zod: typeof z) => zod.array(textSchema(zod)).optional();
const newUserShape = (zod: typeof z) => ({ username: textSchema(zod), roles: rolesSchema(zod) });

const newUserSchema = lazySchema((zod) =>
  zod.strictObject({ ...newUserShape(zod), passwordHash: textSchema(zod).nullable() }),
);
const newIdentityUserSchema = lazySchema((zod) => zod.strictObject(newUserShape(zod)));
const changesSchema = lazySchema((zod) =>
  zod.strictObject({ roles: rolesSchema(zod), disabled: zod.boolean().optional() }),
);

const MAX_PAGE = 1000;
const pageSchema = lazySchema((zod) =>
  zod.strictObject({ limit: zod.unknown().default(100), after: textSchema(zod).default('') }),
);

export interface UserChanges {
  roles?: string[] | undefined;
  disabled?: boolean | undefined;
}

/** @throws TypeError that names the member and the known ones; for fields, which these stores have no place for */
export function checkedNewUser(user: unknown, fields: unknown): NewUser {
  if (fields !== undefined)
    throw new TypeError(
      "users.create(): this store can't keep fields of a registration: create the user in register.create, or in a user store of your own",
    );
  return parseCall('users.create()', newUserSchema(), user) as NewUser;
}

/** @throws TypeError that names the member and the known ones */
export function checkedIdentityUser(user: unknown): Omit<NewUser, 'passwordHash'> {
  return parseCall('users.findOrCreate()', newIdentityUserSchema(), user) as Omit<NewUser, 'passwordHash'>;
}

/** @throws TypeError that names the member and the known ones */
export function checkedChanges(changes: unknown): UserChanges {
  return parseCall('users.update()', changesSchema(), changes);
}

/** @throws TypeError that names the member; RangeError for a limit that is none */
export function checkedPage(options: unknown): { limit: number; after: string } {
  const { limit, after } = parseCall('users.list()', pageSchema(), options);
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE)
    return { limit, after };
  throw new RangeError(`limit must be a whole number from 1 to ${MAX_PAGE}`);
}

/** A number would be the id of a user in PostgreSQL, which makes it a text, and of none in memory. @throws TypeError */
export function checkedUserId(method: string, id: unknown): string {
  return checkedText(method, 'the id', id);
}

export interface CheckedRename {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly previous: string;
}

/**
 * The arguments of `updateUsername`: the name and its key as they are stored.
 * @throws TypeError that names the argument
 * @throws AuthError VALIDATION_FAILED for a name that no user may get
 */
export function checkedRename(id: unknown, next: unknown, previous: unknown): CheckedRename {
  const name = newUsername(checkedText('updateUsername', 'next', next));
  return {
    id: checkedUserId('updateUsername', id),
    name,
    key: usernameKey(name),
    previous: checkedText('updateUsername', 'previous', previous),
  };
}

function checkedText(method: string, argument: string, value: unknown): string {
  if (isKeepable(value)) return value;
  const found = typeof value === 'string' ? 'one with them' : kindOf(value);
  throw new TypeError(
    `users.${method}(): ${argument} must be a text without NUL and lone surrogates, not ${found}`,
  );
}
