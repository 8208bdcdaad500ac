import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { UsernameTakenError } from '../errors.js';
import type { UserStore } from '../stores/user-store.js';
import { casesOf, type ContractCase } from './contract.js';

/** Looks like a bcrypt hash. The contract never compares it with a password. */
const HASH = `$2b$10$${'a'.repeat(53)}`;
const OTHER_HASH = `$2b$10$${'b'.repeat(53)}`;

/**
 * Proves a UserStore. Usernames are random, so the cases can share a store with other users.
 * @param makeStore called once for each case
 */
export function userStoreContract(makeStore: () => UserStore | Promise<UserStore>): ContractCase[] {
  const promise = casesOf(makeStore);

  return [
    promise('finds a created user by id and by username', async (store) => {
      const username = randomName('Ann');
      const created = await store.create({ username, passwordHash: HASH, roles: ['admin'] });
      assert.equal(typeof created.id, 'string');
      assert.deepEqual(
        { username: created.username, passwordHash: created.passwordHash, roles: created.roles },
        { username, passwordHash: HASH, roles: ['admin'] },
      );
      assert.deepEqual(await store.findById(created.id), created);
      assert.deepEqual(await store.findByUsername(username), created);
    }),

    promise('gives no role and no disabled flag by default', async (store) => {
      const { id } = await store.create({ username: randomName('bob'), passwordHash: null });
      const user = await store.findById(id);
      assert.deepEqual(user?.roles, []);
      assert.equal(user.passwordHash, null);
      assert.ok(!user.disabled);
    }),

    promise('answers undefined for unknown users', async (store) => {
      assert.equal(await store.findById(randomUUID()), undefined);
      assert.equal(await store.findById('no such id'), undefined);
      assert.equal(await store.findByUsername(randomName('nobody')), undefined);
    }),

    promise('ignores case, surrounding white space and Unicode form of usernames', async (store) => {
      const suffix = randomUUID();
      const composed = `Zo\u00eb-${suffix}`;
      const { id } = await store.create({ username: composed, passwordHash: HASH });
      for (const same of [`ZO\u00cb-${suffix}`.toUpperCase(), `zoe\u0308-${suffix}`, `  ${composed}\t`]) {
        assert.equal((await store.findByUsername(same))?.id, id, JSON.stringify(same));
        await assert.rejects(store.create({ username: same, passwordHash: HASH }), UsernameTakenError);
      }
      assert.equal((await store.findByUsername(composed))?.username, composed, 'shown as registered');
    }),

    promise('lets only one of many parallel creates of a username succeed', async (store) => {
      const username = randomName('race');
      const attempts = Array.from({ length: 20 }, () => store.create({ username, passwordHash: HASH }));
      const results = await Promise.allSettled(attempts);
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
      for (const result of results) {
        if (result.status === 'rejected') assert.ok(result.reason instanceof UsernameTakenError);
      }
    }),

    promise('replaces a password hash only if it is still the expected one', async (store) => {
      const { id } = await store.create({ username: randomName('cas'), passwordHash: HASH });
      assert.equal(await store.updatePasswordHash(id, OTHER_HASH, 'something else'), false);
      assert.equal(await store.updatePasswordHash(id, OTHER_HASH, null), false);
      assert.equal((await store.findById(id))?.passwordHash, HASH);
      assert.equal(await store.updatePasswordHash(id, OTHER_HASH, HASH), true);
      assert.equal((await store.findById(id))?.passwordHash, OTHER_HASH);
      assert.equal(await store.updatePasswordHash('no such id', OTHER_HASH, HASH), false);
    }),

    promise('sets a password for a user who had none', async (store) => {
      const { id } = await store.create({ username: randomName('first'), passwordHash: null });
      assert.equal(await store.updatePasswordHash(id, HASH, null), true);
      assert.equal((await store.findById(id))?.passwordHash, HASH);
    }),

    promise('lets only one of many parallel changes of a password hash succeed', async (store) => {
      const { id } = await store.create({ username: randomName('change'), passwordHash: HASH });
      const changes = Array.from({ length: 20 }, (_, n) =>
        store.updatePasswordHash(id, `${OTHER_HASH}${n}`, HASH),
      );
      assert.equal((await Promise.all(changes)).filter(Boolean).length, 1);
    }),

    promise('returns copies, which can be changed without changing the store', async (store) => {
      const user = await store.create({
        username: randomName('copy'),
        passwordHash: HASH,
        roles: ['reader'],
      });
      user.roles.push('admin');
      assert.deepEqual((await store.findById(user.id))?.roles, ['reader']);
    }),
  ];
}

function randomName(prefix: string): string {
  return `${prefix}-${randomUUID()}`;
}
