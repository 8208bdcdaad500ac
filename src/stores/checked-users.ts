import { isKeepable } from '../utils/keepable-text.js';
import { kindOf } from '../utils/option-words.js';
import type { IdentityStore } from './identity-store.js';
import { MAX_USER_ID_LENGTH } from './max-user-id-length.js';
import type { StoredUser, UserStore } from './user-store.js';
import { UserIds } from './user-ids.js';

/** How the parts of a user are read: what a store may return, and as what it is taken. Undefined is a value that is refused. */
const READERS = {
  username: (value: unknown) => (typeof value === 'string' ? { value } : undefined),
  passwordHash: (value: unknown) => (value === null || typeof value === 'string' ? { value } : undefined),
  roles: (value: unknown) => {
    const roles = value instanceof Set ? [...(value as Set<unknown>)] : (value ?? []);
    const areNames = Array.isArray(roles) && roles.every((role) => typeof role === 'string');
    return areNames ? { value: [...roles] } : undefined;
  },
  // Databases without a boolean type return 0 and 1.
  disabled: (value: unknown) =>
    [undefined, null, true, false, 0, 1, 0n, 1n].includes(value as boolean)
      ? { value: Boolean(value) }
      : undefined,
};

const EXPECTED = {
  id: `a text of 1 to ${MAX_USER_ID_LENGTH} characters, a whole number, or an id object such as an ObjectId`,
  username: 'a text',
  passwordHash: 'the hash as a text, or null for a user without a password',
  roles: 'a list of texts',
  disabled: 'true or false',
};

/** A user store that takes an id as the app has it too: a number, or an id object. */
export interface CheckedUsers extends UserStore {
  findById(id: unknown): Promise<StoredUser | undefined>;
  /** The accounts at identity providers that users have. Undefined for a store that keeps none. */
  readonly identities?: LinkedIdentities;
}

type LinkedIdentities = Pick<IdentityStore, 'listIdentities' | 'unlink'>;

/**
 * The user store that the rest of the package asks. It takes what a store of the app's own sensibly returns: an id that is a
 * number or an object becomes its text, and goes back to the store as it came; roles may be a Set, or missing. Anything else is
 * a TypeError that names store, method and member: it would log users in and then refuse them without a hint.
 */
export function checkedUsers(store: UserStore, ids = new UserIds()): CheckedUsers {
  const read = (method: string, found: unknown) => readUser(`${nameOf(store)}.${method}()`, found, ids);
  const readFound = (method: string, found: unknown) =>
    found === undefined || found === null ? undefined : read(method, found);

  const wasReplaced = (method: string, what: string, answer: unknown) => {
    // Databases report how many rows were changed.
    if (typeof answer === 'boolean' || answer === 0 || answer === 1) return Boolean(answer);
    throw new TypeError(
      `${nameOf(store)}.${method}() returned ${kindOf(answer)}: it must return whether it replaced the ${what}`,
    );
  };

  return {
    findByUsername: async (username) => readFound('findByUsername', await store.findByUsername(username)),
    async findById(id) {
      for (const original of ids.originalsOf(id)) {
        const found = readFound('findById', await store.findById(original as string));
        if (found) return found;
      }
      return undefined;
    },
    create: async (user, fields) =>
      read('create', await (fields === undefined ? store.create(user) : store.create(user, fields))),
    async updatePasswordHash(text, next, previous) {
      const [id] = ids.originalsOf(text);
      const answer: unknown = await store.updatePasswordHash(id as string, next, previous);
      return wasReplaced('updatePasswordHash', 'hash', answer);
    },
    ...(store.updateUsername && {
      async updateUsername(text, next, previous) {
        const [id] = ids.originalsOf(text);
        const renaming = (store as Required<UserStore>).updateUsername(id as string, next, previous);
        const answer: unknown = await renaming;
        return wasReplaced('updateUsername', 'username', answer);
      },
    }),
    ...(store.isEmailVerified && {
      async isEmailVerified(text, username) {
        const [id] = ids.originalsOf(text);
        const answer: unknown = await (store as Required<UserStore>).isEmailVerified(id as string, username);
        if (typeof answer === 'boolean') return answer;
        throw new TypeError(
          `${nameOf(store)}.isEmailVerified() returned ${kindOf(answer)}: it must return true or false`,
        );
      },
    }),
    ...(store.setEmailVerified && {
      async setEmailVerified(text, username) {
        const [id] = ids.originalsOf(text);
        await (store as Required<UserStore>).setEmailVerified(id as string, username);
      },
    }),
    ...(store.onUserGone && {
      onUserGone: (listener) =>
        (store as Required<UserStore>).onUserGone((id: unknown) => listener(ids.textOf(id) ?? String(id))),
    }),
    ...identitiesOf(store, ids),
    ...(store.ready && { ready: (options) => (store as Required<UserStore>).ready(options) }),
    ...(store.credentials && { credentials: () => (store as Required<UserStore>).credentials() }),
  };
}

function identitiesOf(
  store: UserStore & Partial<LinkedIdentities>,
  ids: UserIds,
): Pick<CheckedUsers, 'identities'> {
  if (!store.listIdentities || !store.unlink) return {};
  const { listIdentities, unlink } = store as Required<LinkedIdentities>;
  const originalOf = (userId: string) => ids.originalsOf(userId)[0] as string;
  return {
    identities: {
      listIdentities: (userId) => listIdentities.call(store, originalOf(userId)),
      unlink: (userId, identity) => unlink.call(store, originalOf(userId), identity),
    },
  };
}

/**
 * Reads the user that a function of the app has returned.
 * @param call the function as the app's developer knows it: `AppUsers.findById()`
 */
export function readUser(call: string, found: unknown, ids: UserIds): StoredUser {
  const refuse = (member: keyof typeof EXPECTED, value: unknown): never => {
    throw new TypeError(
      `${call} returned a user whose ${member} is ${kindOf(value)}: it must be ${EXPECTED[member]}`,
    );
  };
  if (typeof found !== 'object' || found === null)
    throw new TypeError(`${call} returned ${kindOf(found)}: it must return a user, or undefined`);
  const user = found as Record<string, unknown>;
  const id = ids.textOf(user['id']);
  if (!isKeepable(id) || id === '' || id.length > MAX_USER_ID_LENGTH) return refuse('id', user['id']);
  const part = <Member extends keyof typeof READERS>(member: Member) =>
    (READERS[member](user[member]) ?? refuse(member, user[member])).value as StoredUser[Member];
  return {
    ...user,
    id,
    username: part('username'),
    passwordHash: part('passwordHash'),
    roles: part('roles'),
    disabled: part('disabled') as boolean,
  };
}

/** The class of the store, or the option for a plain object. */
function nameOf(store: object): string {
  const { name } = (store.constructor as { name?: string } | undefined) ?? {};
  return name && name !== 'Object' ? name : 'users';
}
