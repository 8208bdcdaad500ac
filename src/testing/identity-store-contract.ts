import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { UsernameTakenError } from '../errors.js';
import type { Identity, IdentityStore } from '../stores/identity-store.js';
import type { UserStore } from '../stores/user-store.js';
import { casesOf, type ContractCase } from './contract.js';
import { newUser } from './user-fixtures.js';

/**
 * Proves an IdentityStore. Usernames and identities are random, so the cases can share a store with other users.
 * @param makeStore called once for each case
 */
export function identityStoreContract(
  makeStore: () => (UserStore & IdentityStore) | Promise<UserStore & IdentityStore>,
): ContractCase[] {
  const promise = casesOf('identityStoreContract', makeStore, [
    ...['findByUsername', 'findById', 'create', 'updatePasswordHash'],
    ...['findByIdentity', 'findOrCreate', 'link', 'unlink', 'listIdentities'],
  ]);

  return [
    promise('creates a user for a new identity, and finds that user from then on', async (store) => {
      const identity = newIdentity();
      assert.equal(await store.findByIdentity(identity), undefined);
      const created = await store.findOrCreate(identity, { username: randomUUID(), roles: ['member'] });
      assert.deepEqual([created.passwordHash, created.roles], [null, ['member']]);
      assert.deepEqual(await store.findById(created.id), created);
      assert.deepEqual(await store.findByIdentity(identity), created);
      assert.deepEqual(await store.findOrCreate(identity, { username: randomUUID() }), created);
      assert.deepEqual(await store.listIdentities(created.id), [identity]);
    }),

    promise('tells issuers and subjects apart', async (store) => {
      const identity = newIdentity();
      await store.findOrCreate(identity, { username: randomUUID() });
      for (const other of [
        { ...identity, issuer: `${identity.issuer}/` },
        { ...identity, subject: identity.subject.toUpperCase() },
        { issuer: identity.subject, subject: identity.issuer },
      ])
        assert.equal(await store.findByIdentity(other), undefined);
    }),

    promise('creates only one user when many parallel calls have the same identity', async (store) => {
      const identity = newIdentity();
      const username = randomUUID();
      const users = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          store.findOrCreate(identity, { username: index % 2 ? username : randomUUID() }),
        ),
      );
      assert.equal(new Set(users.map(({ id }) => id)).size, 1);
    }),

    promise('never links a new identity to an existing user', async (store) => {
      const username = `Ann-${randomUUID()}`;
      await store.create({ username, passwordHash: null });
      const identity = newIdentity();
      await assert.rejects(
        store.findOrCreate(identity, { username: username.toUpperCase() }),
        UsernameTakenError,
      );
      assert.equal(await store.findByIdentity(identity), undefined);
    }),

    promise('links an identity to one user only', async (store) => {
      const [ann, bob] = await Promise.all([newUser(store), newUser(store)]);
      const identity = newIdentity();
      assert.equal(await store.link(ann, identity), true);
      assert.equal(await store.link(ann, identity), true, 'once more');
      assert.equal(await store.link(bob, identity), false, 'to another user');
      assert.equal((await store.findByIdentity(identity))?.id, ann);
      assert.equal(await store.link(randomUUID(), newIdentity()), false, 'to an unknown user');
    }),

    promise('unlinks an identity only from the user that it belongs to', async (store) => {
      const [ann, bob] = await Promise.all([newUser(store), newUser(store)]);
      const identities = [newIdentity(), newIdentity()] as const;
      for (const identity of identities) await store.link(ann, identity);
      assert.equal(await store.unlink(bob, identities[0]), false);
      assert.equal(await store.unlink(ann, identities[0]), true);
      assert.equal(await store.unlink(ann, identities[0]), false);
      assert.deepEqual(await store.listIdentities(ann), [identities[1]]);
      assert.equal(await store.link(bob, identities[0]), true);
    }),

    promise('refuses an identity without a subject or an issuer', async (store) => {
      for (const missing of [undefined, null, '', 5, 'a\0b', 'a\ud800']) {
        const withoutSubject = { ...newIdentity(), subject: missing as string };
        const user = { username: randomUUID() };
        await assert.rejects(async () => store.findOrCreate(withoutSubject, user), TypeError);
        await assert.rejects(async () => store.findByIdentity(withoutSubject), TypeError);
        const withoutIssuer = { ...newIdentity(), issuer: missing as string };
        await assert.rejects(async () => store.link('id', withoutIssuer), TypeError);
      }
    }),
  ];
}

function newIdentity(): Identity {
  return { issuer: 'https://accounts.example.com', subject: `subject-${randomUUID()}` };
}
