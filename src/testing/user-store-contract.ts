import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { UsernameTakenError } from '../errors.js';
import type { NewUser, UserStore } from '../stores/user-store.js';
import { casesOf, type ContractCase } from './contract.js';
import { contractOptions, type UserStoreGap } from './contract-options.js';
import { renameCases } from './rename-cases.js';
import { checkedUserWithPassword } from './user-fixtures.js';

/** Looks like a bcrypt hash. The contract never compares it with a password. */
const HASH = `$2b$10$${'a'.repeat(53)}`;
const OTHER_HASH = `$2b$10$${'b'.repeat(53)}`;
const METHODS = ['findByUsername', 'findById', 'create', 'updatePasswordHash'];

/** How to prove a store over an app's own table. */
export interface UserStoreContractOptions {
  /**
   * Makes a user that the store takes, with another username at each call, such as a valid address. Default: a random name, a
   * hash, and a role.
   */
  newUser?: () => NewUser;
  /** What the store doesn't do. Cases about it are left out. Default: nothing. */
  without?: readonly UserStoreGap[];
}

/**
 * Proves a UserStore. Usernames are random, so the cases can share a store with other users.
 * @param makeStore called once for each case
 * @throws TypeError that names what is wrong with the options
 */
export function userStoreContract(
  makeStore: () => UserStore | Promise<UserStore>,
  options: UserStoreContractOptions = {},
): ContractCase[] {
  const { newUser = randomUser, without } = contractOptions('userStoreContract', options);
  const context: Context = {
    promise: casesOf('userStoreContract', makeStore, METHODS),
    newUser: () => checkedUserWithPassword('userStoreContract', newUser()),
    keepsRoles: !without.includes('roles'),
  };
  return [
    ...usernameCases(context),
    ...renameCases(context),
    ...passwordCases(context),
    ...(without.includes('no-password') ? [] : noPasswordCases(context)),
  ];
}

interface Context {
  promise: (name: string, prove: (store: UserStore) => Promise<void>) => ContractCase;
  newUser: () => NewUser & { passwordHash: string };
  keepsRoles: boolean;
}

function usernameCases({ promise, newUser, keepsRoles }: Context): ContractCase[] {
  return [
    promise('finds a created user by id and by username', async (store) => {
      const user = newUser();
      const created = await store.create(user);
      assert.equal(typeof created.id, 'string');
      assert.deepEqual(
        { username: created.username, passwordHash: created.passwordHash },
        { username: user.username, passwordHash: user.passwordHash },
      );
      if (keepsRoles) assert.deepEqual(created.roles, user.roles ?? []);
      assert.deepEqual(await store.findById(created.id), created);
      assert.deepEqual(await store.findByUsername(user.username), created);
    }),

    promise('gives no role and no disabled flag by default', async (store) => {
      const user: NewUser = { ...newUser() };
      delete user.roles;
      const { id } = await store.create(user);
      const found = await store.findById(id);
      assert.ok(Array.isArray(found?.roles));
      if (keepsRoles) assert.deepEqual(found.roles, []);
      assert.ok(!found.disabled);
    }),

    promise('answers undefined for unknown users', async (store) => {
      assert.equal(await store.findById(randomUUID()), undefined);
      assert.equal(await store.findById('no such id'), undefined);
      assert.equal(await store.findByUsername(newUser().username), undefined);
    }),

    promise('ignores case, surrounding white space and Unicode form of usernames', async (store) => {
      const user = newUser();
      const { username } = user;
      const { id } = await store.create(user);
      for (const same of [username.toUpperCase(), username.normalize('NFD'), `  ${username}\t`]) {
        assert.equal((await store.findByUsername(same))?.id, id, `findByUsername(${JSON.stringify(same)})`);
        await assert.rejects(store.create({ ...user, username: same }), UsernameTakenError);
      }
      assert.equal((await store.findByUsername(username))?.username, username, 'shown as registered');
    }),

    promise('lets only one of many parallel creates of a username succeed', async (store) => {
      const user = newUser();
      const results = await Promise.allSettled(Array.from({ length: 20 }, () => store.create(user)));
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
      for (const result of results) {
        if (result.status === 'rejected') assert.ok(result.reason instanceof UsernameTakenError);
      }
    }),

    promise('returns copies, which can be changed without changing the store', async (store) => {
      const user = await store.create(newUser());
      const before = [...user.roles];
      user.roles.push('another role');
      assert.deepEqual((await store.findById(user.id))?.roles, before);
    }),
  ];
}

function passwordCases({ promise, newUser }: Context): ContractCase[] {
  return [
    promise('replaces a password hash only if it is still the expected one', async (store) => {
      const user = newUser();
      const { id } = await store.create(user);
      assert.equal(await store.updatePasswordHash(id, OTHER_HASH, 'something else'), false);
      assert.equal(await store.updatePasswordHash(id, OTHER_HASH, null), false);
      assert.equal((await store.findById(id))?.passwordHash, user.passwordHash);
      assert.equal(await store.updatePasswordHash(id, OTHER_HASH, user.passwordHash), true);
      assert.equal((await store.findById(id))?.passwordHash, OTHER_HASH);
      assert.equal(await store.updatePasswordHash('no such id', OTHER_HASH, user.passwordHash), false);
    }),

    promise('lets only one of many parallel changes of a password hash succeed', async (store) => {
      const user = newUser();
      const { id } = await store.create(user);
      const changes = Array.from({ length: 20 }, (_, n) =>
        store.updatePasswordHash(id, OTHER_HASH.slice(0, -2) + String(n + 10), user.passwordHash),
      );
      assert.equal((await Promise.all(changes)).filter(Boolean).length, 1);
    }),
  ];
}

function noPasswordCases({ promise, newUser }: Context): ContractCase[] {
  return [
    promise('keeps a user who has no password', async (store) => {
      const { id } = await store.create({ ...newUser(), passwordHash: null });
      assert.equal((await store.findById(id))?.passwordHash, null);
    }),

    promise('sets a password for a user who had none', async (store) => {
      const { id } = await store.create({ ...newUser(), passwordHash: null });
      assert.equal(await store.updatePasswordHash(id, OTHER_HASH, HASH), false, 'another previous');
      assert.equal(await store.updatePasswordHash(id, HASH, null), true);
      assert.equal((await store.findById(id))?.passwordHash, HASH);
      assert.equal(await store.updatePasswordHash(id, OTHER_HASH, null), false, 'a second time');
      assert.equal(await store.updatePasswordHash('no such id', HASH, null), false, 'no such user');
    }),

    promise('sets only one of many passwords that a user who had none gets at once', async (store) => {
      const { id } = await store.create({ ...newUser(), passwordHash: null });
      const hashes = Array.from({ length: 20 }, (_, n) => OTHER_HASH.slice(0, -2) + String(n + 10));
      const answers = await Promise.all(hashes.map((hash) => store.updatePasswordHash(id, hash, null)));
      assert.equal(answers.filter(Boolean).length, 1);
      assert.equal((await store.findById(id))?.passwordHash, hashes[answers.indexOf(true)]);
    }),
  ];
}

function randomUser(): NewUser {
  return { username: `Zo\u00eb-${randomUUID()}`, passwordHash: HASH, roles: ['admin'] };
}
