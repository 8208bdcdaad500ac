import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { UsernameTakenError } from '../errors.js';
import type { Identity, IdentityStore } from '../stores/identity-store.js';
import type { NewUser, UserStore } from '../stores/user-store.js';
import { contractOptions, type UserStoreGap } from './contract-options.js';
import { casesOf, type ContractCase } from './contract.js';
import { checkedUser } from './user-fixtures.js';

/** How to prove a store whose users are in an app's own table. */
export interface IdentityStoreContractOptions {
  /**
   * As for `userStoreContract`: makes a user that the store takes. `findOrCreate` gets the same members, without `passwordHash`.
   * Default: a random name.
   */
  newUser?: () => NewUser;
  /** As for `userStoreContract`. With `no-password`, a user of `findOrCreate` may have a `passwordHash`. Default: nothing. */
  without?: readonly UserStoreGap[];
}

/**
 * Proves an IdentityStore. Usernames and identities are random, so the cases can share a store with other users.
 * @param makeStore called once for each case
 * @throws TypeError that names what is wrong with the options
 */
export function identityStoreContract(
  makeStore: () => (UserStore & IdentityStore) | Promise<UserStore & IdentityStore>,
  options: IdentityStoreContractOptions = {},
): ContractCase[] {
  const { newUser: makeUser = randomUser, without } = contractOptions('identityStoreContract', options);
  const newUser = () => checkedUser('identityStoreContract', makeUser());
  const context: Context = {
    promise: casesOf('identityStoreContract', makeStore, [
      ...['findByUsername', 'findById', 'create', 'updatePasswordHash'],
      ...['findByIdentity', 'findOrCreate', 'link', 'unlink', 'listIdentities'],
    ]),
    newUser,
    identityUser: () => {
      const { passwordHash: _hash, ...user } = newUser();
      return user;
    },
    without,
  };
  return [...creationCases(context), ...linkCases(context)];
}

interface Context {
  promise: (name: string, prove: (store: UserStore & IdentityStore) => Promise<void>) => ContractCase;
  newUser: () => NewUser;
  /** A user for `findOrCreate`. */
  identityUser: () => Omit<NewUser, 'passwordHash'>;
  without: readonly UserStoreGap[];
}

function creationCases({ promise, newUser, identityUser, without }: Context): ContractCase[] {
  return [
    promise('creates a user for a new identity, and finds that user from then on', async (store) => {
      const identity = newIdentity();
      assert.equal(await store.findByIdentity(identity), undefined);
      const user = identityUser();
      const created = await store.findOrCreate(identity, user);
      assert.equal(created.username, user.username);
      if (!without.includes('no-password')) assert.equal(created.passwordHash, null);
      if (!without.includes('roles')) assert.deepEqual(created.roles, user.roles ?? []);
      assert.deepEqual(await store.findById(created.id), created);
      assert.deepEqual(await store.findByIdentity(identity), created);
      assert.deepEqual(await store.findOrCreate(identity, identityUser()), created);
      assert.deepEqual(await store.listIdentities(created.id), [identity]);
    }),

    promise('tells issuers and subjects apart', async (store) => {
      const identity = newIdentity();
      await store.findOrCreate(identity, identityUser());
      for (const other of [
        { ...identity, issuer: `${identity.issuer}/` },
        { ...identity, subject: identity.subject.toUpperCase() },
        { issuer: identity.subject, subject: identity.issuer },
      ])
        assert.equal(await store.findByIdentity(other), undefined);
    }),

    promise('creates only one user when many parallel calls have the same identity', async (store) => {
      const identity = newIdentity();
      const user = identityUser();
      const users = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          store.findOrCreate(identity, index % 2 ? user : identityUser()),
        ),
      );
      assert.equal(new Set(users.map(({ id }) => id)).size, 1);
    }),

    promise('never links a new identity to an existing user', async (store) => {
      const user = newUser();
      const { username } = await store.create(user);
      const identity = newIdentity();
      await assert.rejects(
        store.findOrCreate(identity, { ...identityUser(), username: username.toUpperCase() }),
        UsernameTakenError,
      );
      assert.equal(await store.findByIdentity(identity), undefined);
    }),
  ];
}

function linkCases({ promise, newUser, identityUser }: Context): ContractCase[] {
  const createdId = async (store: UserStore) => (await store.create(newUser())).id;
  return [
    promise('links an identity to one user only', async (store) => {
      const [ann, bob] = await Promise.all([createdId(store), createdId(store)]);
      const identity = newIdentity();
      assert.equal(await store.link(ann, identity), true);
      assert.equal(await store.link(ann, identity), true, 'once more');
      assert.equal(await store.link(bob, identity), false, 'to another user');
      assert.equal((await store.findByIdentity(identity))?.id, ann);
      assert.equal(await store.link(randomUUID(), newIdentity()), false, 'to an unknown user');
    }),

    promise('unlinks an identity only from the user that it belongs to', async (store) => {
      const [ann, bob] = await Promise.all([createdId(store), createdId(store)]);
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
        const user = identityUser();
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

function randomUser(): NewUser {
  return { username: `Ann-${randomUUID()}`, passwordHash: null, roles: ['member'] };
}
