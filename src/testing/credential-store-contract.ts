import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { types } from 'node:util';
import type { NewUser, UserStore } from '../stores/user-store.js';
import { contractOptions } from './contract-options.js';
import { assertMade, casesOf, made, type ContractCase } from './contract.js';
import {
  newCredential,
  PARALLEL,
  type CredentialCase,
  type CredentialStores,
} from './credential-fixtures.js';
import { CHANGE_CASES } from './credential-change-cases.js';
import { TEXT_CASES } from './credential-text-cases.js';
import { checkedUser, newUser } from './user-fixtures.js';

/** Longer than the resolution of any clock that a store might use. */
const MOMENT_MS = 10;
const CLOCK_TOLERANCE_MS = 60_000;

/** How to prove a store whose users are in an app's own table. */
export interface CredentialStoreContractOptions {
  /** As for `userStoreContract`: makes a user that the store takes. Default: a random name without a password. */
  newUser?: () => NewUser;
}

/**
 * Proves a CredentialStore. Users and ids are random, so the cases can share a store with other users.
 * @param makeStores called once for each case
 * @throws TypeError that names what is wrong with the options
 */
export function credentialStoreContract(
  makeStores: () => CredentialStores | Promise<CredentialStores>,
  options: CredentialStoreContractOptions = {},
): ContractCase[] {
  const { newUser: makeUser } = contractOptions('credentialStoreContract', options);
  const promise = casesOf(
    'credentialStoreContract',
    async () => {
      const stores = (await made('credentialStoreContract', makeStores)) as Partial<CredentialStores>;
      assertMade('credentialStoreContract', stores.users, ['create']);
      const methods = ['list', 'find', 'add', 'replace', 'remove', 'removeAll'];
      assertMade('credentialStoreContract', stores.credentials, methods);
      return makeUser ? withUsersOf(stores as CredentialStores, makeUser) : (stores as CredentialStores);
    },
    [],
  );
  return [...ADDITIONS, ...CHANGE_CASES, ...TEXT_CASES].map(([name, prove]) => promise(name, prove));
}

/** The cases only create users, and need no more than their ids. */
function withUsersOf({ users, credentials }: CredentialStores, makeUser: () => NewUser): CredentialStores {
  const create = () => users.create(checkedUser('credentialStoreContract', makeUser()));
  return { credentials, users: { create } as unknown as UserStore };
}

const ADDITIONS: readonly CredentialCase[] = [
  [
    'lists the credentials of one kind or all, oldest first',
    async ({ users, credentials }) => {
      const userId = await newUser(users);
      assert.deepEqual(await credentials.list(userId), []);
      const added = ['totp', 'passkey', 'totp'].map((kind) => newCredential(userId, { kind }));
      for (const each of added) {
        assert.equal(await credentials.add(each), true);
        await sleep(MOMENT_MS);
      }
      const listed = await credentials.list(userId);
      assert.deepEqual(
        listed,
        added.map((each, n) => ({ ...each, createdAt: listed[n]?.createdAt })),
      );
      for (const { createdAt } of listed) {
        assert.ok(types.isDate(createdAt));
        assert.ok(Math.abs(createdAt.getTime() - Date.now()) < CLOCK_TOLERANCE_MS, 'createdAt is now');
      }
      assert.deepEqual(await credentials.list(userId, 'totp'), [listed[0], listed[2]]);
      assert.deepEqual(await credentials.list(userId, 'email'), []);
      assert.deepEqual(await credentials.list(await newUser(users)), [], 'of another user');
    },
  ],
  [
    'lists the credentials as they are at one moment: of those that one call removes, all or none',
    async ({ users, credentials }) => {
      const userId = await newUser(users);
      const added = Array.from({ length: PARALLEL }, () => newCredential(userId));
      for (const each of added) await credentials.add(each);
      const lists = () => Array.from({ length: PARALLEL }, () => credentials.list(userId));
      const before = lists();
      const removing = credentials.removeAll(userId);
      const listed = await Promise.all([...before, ...lists()]);
      assert.equal(await removing, added.length);
      for (const { length } of listed) assert.ok(length === 0 || length === added.length, `lists ${length}`);
      assert.deepEqual(await credentials.list(userId), []);
    },
  ],
  [
    'keeps the order when data is replaced',
    async ({ users, credentials }) => {
      const userId = await newUser(users);
      const added = ['first', 'second'].map((data) => newCredential(userId, { data }));
      for (const each of added) {
        await credentials.add(each);
        await sleep(MOMENT_MS);
      }
      for (const each of added.slice().reverse())
        assert.equal(await credentials.replace(each, `${each.data}, later`), true);
      const listed = await credentials.list(userId);
      assert.deepEqual(
        listed.map(({ data }) => data),
        ['first, later', 'second, later'],
      );
    },
  ],
  [
    'finds a credential by kind and id, without its user',
    async ({ users, credentials }) => {
      const credential = newCredential(await newUser(users));
      const { kind, id } = credential;
      assert.equal(await credentials.find(kind, id), undefined);
      await credentials.add(credential);
      const found = await credentials.find(kind, id);
      assert.deepEqual([found], await credentials.list(credential.userId));
      assert.equal(await credentials.find(kind, randomUUID()), undefined);
      assert.equal(await credentials.find('totp', id), undefined);
    },
  ],
  [
    'treats the same id in two kinds as two credentials',
    async ({ users, credentials }) => {
      const [ann, bob] = [await newUser(users), await newUser(users)];
      const id = randomUUID();
      assert.equal(await credentials.add(newCredential(ann, { kind: 'totp', id })), true);
      assert.equal(await credentials.add(newCredential(bob, { kind: 'passkey', id })), true);
      assert.equal(await credentials.add(newCredential(ann, { kind: 'email', id })), true);
      assert.equal((await credentials.find('totp', id))?.userId, ann);
      assert.equal((await credentials.find('passkey', id))?.userId, bob);
      assert.equal(await credentials.remove(ann, 'totp', id), true);
      assert.equal((await credentials.find('passkey', id))?.userId, bob, "another user's stays");
      assert.equal((await credentials.find('email', id))?.userId, ann, "the user's own stays too");
    },
  ],
  [
    'adds no id twice within a kind, even for another user',
    async ({ users, credentials }) => {
      const [ann, bob] = [await newUser(users), await newUser(users)];
      const credential = newCredential(ann);
      await credentials.add(credential);
      const before = await credentials.list(ann);
      for (const again of [credential, { ...credential, data: 'other' }, { ...credential, userId: bob }])
        assert.equal(await credentials.add(again), false);
      assert.deepEqual(await credentials.list(ann), before);
      assert.deepEqual(await credentials.list(bob), []);
    },
  ],
  [
    'adds nothing for a user who does not exist',
    async ({ credentials }) => {
      const credential = newCredential(randomUUID());
      assert.equal(await credentials.add(credential), false);
      assert.equal(await credentials.find(credential.kind, credential.id), undefined);
    },
  ],
  [
    'lets only one of many parallel adds of an id succeed',
    async ({ users, credentials }) => {
      const owners = [await newUser(users), await newUser(users)] as const;
      const { kind, id } = newCredential(owners[0]);
      const attempts = Array.from({ length: PARALLEL }, (_, n) =>
        newCredential(owners[n % 2 ? 1 : 0], { kind, id }),
      );
      const answers = await Promise.all(attempts.map((each) => credentials.add(each)));
      assert.equal(answers.filter(Boolean).length, 1);
      const winner = await credentials.find(kind, id);
      assert.deepEqual(winner, { ...attempts[answers.indexOf(true)], createdAt: winner?.createdAt });
    },
  ],
];
