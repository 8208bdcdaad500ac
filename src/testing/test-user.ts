import { z } from 'zod';
import type { Auth } from '../auth.js';
import { textOfId } from '../stores/user-ids.js';
import { userStoreOf } from '../stores/user-store-of.js';
import type { StoredUser, UserStore } from '../stores/user-store.js';
import { inOurWords } from '../utils/option-words.js';
import { describeIssue } from '../utils/parse-call.js';

/**
 * A stored user, an id, or a username. A username that doesn't exist is created with these roles. An id may be of the kind that
 * your store has: a text, a whole number, or an object such as an `ObjectId`.
 */
export type TestUser =
  | string
  | number
  | bigint
  | { readonly id: string | number | bigint | object }
  | { readonly username: string; readonly roles?: readonly string[] };

const idSchema = z.custom((id) => Boolean(textOfId(id)));
const newUserSchema = z.strictObject({
  username: z.string().trim().min(1),
  roles: z.array(z.string()).optional(),
});
const userSchema = z.union([
  z.object({ id: idSchema }).transform(({ id }) => ({ id })),
  newUserSchema,
  idSchema.transform((id) => ({ id })), // last: a stored user may have a text of its own
]);

/** Finds or creates the user. @throws TypeError that says how to fix it */
export async function testUser(auth: Auth, user: TestUser): Promise<StoredUser> {
  const users = userStoreOf(auth);
  if (!users)
    throw new TypeError('loginAs() needs the Auth that createAuth or testAuth returned, not a copy');
  const { id, username, roles } = readUser(user);
  if (id !== undefined) return byId(users, id);
  const stored = await findOrCreate(users, username, roles);
  if (roles && !sameMembers(roles, stored.roles)) {
    throw new TypeError(
      `loginAs(): ${username} is stored with the roles [${stored.roles.join(', ')}], not [${roles.join(', ')}]: ` +
        'change them in the user store, or take another username',
    );
  }
  return stored;
}

/** Checks the argument, because tests in JavaScript have no types. @throws TypeError */
function readUser(user: TestUser) {
  const parsed = userSchema.safeParse(user);
  if (parsed.success) return { id: undefined, username: '', roles: undefined, ...parsed.data };
  const problems = isNewUser(user) ? problemsOf(user) : '';
  throw new TypeError(
    `loginAs() needs a stored user, an id, or { username, roles } with a list of roles${problems && `: ${problems}`}`,
  );
}

function isNewUser(user: unknown): boolean {
  return typeof user === 'object' && user !== null && !Array.isArray(user) && !('id' in user);
}

function problemsOf(user: unknown): string {
  const { error } = newUserSchema.safeParse(user, { error: inOurWords });
  return (error?.issues ?? []).map((issue) => describeIssue(issue, newUserSchema)).join('; ');
}

async function byId(users: UserStore, id: unknown): Promise<StoredUser> {
  const user = await users.findById(id as string);
  if (user) return user;
  const text = textOfId(id);
  throw new TypeError(`loginAs(): no user has the id '${text}'; for a username say { username: '${text}' }`);
}

async function findOrCreate(
  users: UserStore,
  username: string,
  roles: readonly string[] = [],
): Promise<StoredUser> {
  const found = await users.findByUsername(username);
  if (found) return found;
  try {
    return await users.create({ username, passwordHash: null, roles: [...roles] });
  } catch (error) {
    // Another login of the same test may just have created the user.
    const winner = await users.findByUsername(username);
    if (winner) return winner;
    throw error;
  }
}

function sameMembers(some: readonly string[], others: readonly string[]): boolean {
  const all = new Set([...some, ...others]);
  return all.size === new Set(some).size && all.size === new Set(others).size;
}
