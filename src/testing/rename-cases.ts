import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { UsernameTakenError } from '../errors.js';
import { newUsername } from '../stores/new-username.js';
import type { NewUser, StoredUser, UserStore } from '../stores/user-store.js';
import type { ContractCase } from './contract.js';

type Renaming = UserStore & Required<Pick<UserStore, 'updateUsername'>>;

interface Context {
  promise: (name: string, prove: (store: UserStore) => Promise<void>) => ContractCase;
  newUser: () => NewUser;
}

const PARALLEL = 10;

/** The part of `userStoreContract` about `updateUsername`. A store without that method passes. */
export function renameCases({ promise, newUser }: Context): ContractCase[] {
  const promiseOfRenames = (name: string, prove: (store: Renaming) => Promise<void>) =>
    promise(`${name} (updateUsername)`, async (store) => {
      if (store.updateUsername) await prove(store as Renaming);
    });
  const context = { promise: promiseOfRenames, newUser, newName: () => newUser().username };
  return [...singleRenames(context), ...refusedNames(context), ...parallelRenames(context)];
}

interface RenameContext {
  promise: (name: string, prove: (store: Renaming) => Promise<void>) => ContractCase;
  newUser: () => NewUser;
  newName: () => string;
}

function singleRenames({ promise, newUser, newName }: RenameContext): ContractCase[] {
  return [
    promise('renames a user only if the username is still the expected one', async (store) => {
      const before = await store.create(newUser());
      const { id, username } = before;
      const next = newName();
      for (const wrong of otherSpellings(username).concat(next, ''))
        assert.equal(await store.updateUsername(id, next, wrong), false, JSON.stringify(wrong));
      await assertIsNamed(store, before, username);
      assert.equal(await store.updateUsername(id, next, username), true);
      await assertIsNamed(store, before, next);
      assert.equal(await store.findByUsername(username), undefined, 'the old username');
      assert.equal(await store.updateUsername(id, newName(), username), false, 'a second time');
      await assertIsNamed(store, before, next);
    }),

    promise('renames no unknown user', async (store) => {
      const { username } = await store.create(newUser());
      const next = newName();
      for (const id of ['no such id', randomUUID()])
        assert.equal(await store.updateUsername(id, next, username), false, id);
      assert.equal(await store.findByUsername(next), undefined);
    }),

    promise('frees the old username for another user', async (store) => {
      const user = newUser();
      const { id, username } = await store.create(user);
      const next = newName();
      assert.equal(await store.updateUsername(id, next, username), true);
      const other = await store.create(user);
      assert.notEqual(other.id, id);
      await assert.rejects(store.updateUsername(id, username, next), UsernameTakenError);
      assert.equal((await store.findByUsername(username))?.id, other.id);
      assert.equal((await store.findByUsername(next))?.id, id);
    }),

    promise('changes how the same username is spelled', async (store) => {
      const before = await store.create(newUser());
      const { id, username } = before;
      const upper = username.toUpperCase();
      assert.equal(await store.updateUsername(id, upper, username), true);
      await assertIsNamed(store, before, upper);
      assert.equal((await store.findByUsername(username))?.id, id);
      assert.equal(await store.updateUsername(id, username, upper), true);
      assert.equal(await store.updateUsername(id, username, username), true, 'to what it is already');
      await assertIsNamed(store, before, username);
    }),

    promise('stores a new username in Unicode form NFC, without white space around it', async (store) => {
      const before = await store.create(newUser());
      const next = newName();
      const given = `  ${next.normalize('NFD')}\t`;
      assert.equal(await store.updateUsername(before.id, given, before.username), true);
      await assertIsNamed(store, before, newUsername(next));
    }),
  ];
}

function refusedNames({ promise, newUser, newName }: RenameContext): ContractCase[] {
  return [
    promise('gives a user no username that another user has, in whatever spelling', async (store) => {
      const user = await store.create(newUser());
      const other = await store.create(newUser());
      for (const taken of [other.username, ...otherSpellings(other.username)]) {
        await assert.rejects(store.updateUsername(user.id, taken, user.username), UsernameTakenError);
        assert.equal(await store.updateUsername(user.id, taken, newName()), false, 'a wrong previous');
      }
      await assertIsNamed(store, user, user.username);
      await assertIsNamed(store, other, other.username);
    }),

    promise('refuses a new username that no user may have', async (store) => {
      const user = await store.create(newUser());
      const [first, ...rest] = Array.from(newName());
      for (const inside of ['\0', '\ud800', '\udc00', '\u200b', '\u2800', 'x'.repeat(255)]) {
        const next = [first, inside, ...rest].join('');
        const call = async () => store.updateUsername(user.id, next, user.username);
        await assert.rejects(call, `with ${JSON.stringify(inside)}`);
        await assertIsNamed(store, user, user.username);
      }
    }),
  ];
}

function parallelRenames({ promise, newUser, newName }: RenameContext): ContractCase[] {
  return [
    promise('lets only one of many parallel renames of a user succeed', async (store) => {
      const user = await store.create(newUser());
      const names = Array.from({ length: PARALLEL }, newName);
      const answers = await Promise.all(
        names.map((next) => store.updateUsername(user.id, next, user.username)),
      );
      assert.equal(answers.filter(Boolean).length, 1);
      await assertIsNamed(store, user, names[answers.indexOf(true)] as string);
      for (const name of names.filter((_, n) => !answers[n]))
        assert.equal(await store.findByUsername(name), undefined, 'the username of a failed call');
    }),

    promise('lets only one of many users get a username that all ask for at once', async (store) => {
      const users = await createdUsers(store, newUser);
      const next = newName();
      const winners = await winnersOf(
        users.map(({ id, username }) => store.updateUsername(id, next, username)),
      );
      assert.equal(winners.length, 1);
      for (const [n, user] of users.entries()) {
        if (n === winners[0]) await assertIsNamed(store, user, next);
        else await assertIsNamed(store, user, user.username);
      }
    }),

    promise('lets either a rename or a create have a username, never both', async (store) => {
      const users = await createdUsers(store, newUser);
      const wanted = newUser();
      const calls = users.flatMap(({ id, username }, n) => {
        const [rename, create] = [
          () => store.updateUsername(id, wanted.username, username),
          () => store.create(wanted),
        ];
        return n % 2 ? [rename, create] : [create, rename];
      });
      assert.equal((await winnersOf(calls.map((call) => call()))).length, 1);
      const found = await Promise.all(users.map(({ id }) => store.findById(id)));
      const renamed = found.filter((user) => user?.username === wanted.username);
      const owner = await store.findByUsername(wanted.username);
      assert.equal(owner?.username, wanted.username);
      assert.ok(renamed.every((user) => user?.id === owner.id));
    }),
  ];
}

/** Names with the same key that are other texts. */
function otherSpellings(username: string): string[] {
  const spellings = [
    username.toUpperCase(),
    username.toLowerCase(),
    username.normalize('NFD'),
    `${username} `,
  ];
  return spellings.filter((each) => each !== username);
}

/** Has this name and is found by it, and is otherwise as before. */
async function assertIsNamed(store: UserStore, before: StoredUser, username: string): Promise<void> {
  const { id, passwordHash, roles, disabled } = before;
  const found = await store.findById(id);
  assert.ok(found);
  assert.deepEqual(
    [found.username, found.passwordHash, found.roles, found.disabled],
    [username, passwordHash, roles, disabled],
  );
  assert.equal((await store.findByUsername(username))?.id, id, 'found by its username');
}

function createdUsers(store: UserStore, newUser: () => NewUser): Promise<StoredUser[]> {
  return Promise.all(Array.from({ length: PARALLEL }, () => store.create(newUser())));
}

/** @returns which calls have succeeded. All others must have failed because the username is taken */
async function winnersOf(calls: Promise<unknown>[]): Promise<number[]> {
  const results = await Promise.allSettled(calls);
  for (const result of results) {
    if (result.status === 'fulfilled') assert.notEqual(result.value, false);
    else assert.ok(result.reason instanceof UsernameTakenError, String(result.reason));
  }
  return results.flatMap(({ status }, n) => (status === 'fulfilled' ? [n] : []));
}
