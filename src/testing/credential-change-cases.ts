import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { newCredential, newKind, PARALLEL, type CredentialCase } from './credential-fixtures.js';
import { newUser } from './user-fixtures.js';

const REPLACEMENTS: readonly CredentialCase[] = [
  [
    'replaces data only if it is still the expected data, byte for byte',
    async ({ users, credentials }) => {
      const first = newCredential(await newUser(users), { data: 'Caf\u00e9 1' });
      await credentials.add(first);
      const [before] = await credentials.list(first.userId);
      for (const data of ['', 'caf\u00e9 1', 'Cafe\u0301 1', 'Caf\u00e9 1 ', 'Caf\u00e9', 'Caf_ 1'])
        assert.equal(await credentials.replace({ ...first, data }, 'wrong'), false, JSON.stringify(data));
      assert.deepEqual(await credentials.list(first.userId), [before]);
      assert.equal(await credentials.replace(first, 'second'), true);
      assert.equal(await credentials.replace(first, 'third'), false, 'a second time');
      assert.deepEqual(await credentials.list(first.userId), [{ ...before, data: 'second' }]);
    },
  ],
  [
    'lets only one of many parallel replaces succeed',
    async ({ users, credentials }) => {
      const credential = newCredential(await newUser(users), { data: '0' });
      await credentials.add(credential);
      const answers = await inParallel((n) => credentials.replace(credential, `by ${n}`));
      assert.equal(answers.filter(Boolean).length, 1);
      const found = await credentials.find(credential.kind, credential.id);
      assert.equal(found?.data, `by ${answers.indexOf(true)}`);
    },
  ],
  [
    'replaces nothing of another user or kind, and nothing that was removed',
    async ({ users, credentials }) => {
      const [ann, bob] = [await newUser(users), await newUser(users)];
      const credential = newCredential(ann);
      const { kind, id } = credential;
      await credentials.add(credential);
      for (const other of [{ userId: bob }, { kind: 'totp' }, { id: randomUUID() }])
        assert.equal(await credentials.replace({ ...credential, ...other }, 'wrong'), false);
      assert.equal((await credentials.find(kind, id))?.data, credential.data);
      await credentials.remove(ann, kind, id);
      assert.equal(await credentials.replace(credential, 'back'), false);
      assert.equal(await credentials.find(kind, id), undefined);
    },
  ],
];

const REMOVALS: readonly CredentialCase[] = [
  [
    'removes a credential only once, and only for its own user',
    async ({ users, credentials }) => {
      const [ann, bob] = [await newUser(users), await newUser(users)];
      const credential = newCredential(ann);
      const { kind, id } = credential;
      await credentials.add(credential);
      assert.equal(await credentials.remove(bob, kind, id), false, 'for another user');
      assert.equal(await credentials.remove(ann, 'totp', id), false, 'of another kind');
      const answers = await inParallel(() => credentials.remove(ann, kind, id));
      assert.equal(answers.filter(Boolean).length, 1);
      assert.equal(await credentials.find(kind, id), undefined);
      assert.equal(await credentials.add({ ...credential, userId: bob }), true, 'its id is free');
    },
  ],
  [
    'removes all credentials of a user, only some kinds, or all but some ids, and counts them',
    async ({ users, credentials }) => {
      const [ann, bob] = [await newUser(users), await newUser(users)];
      const [a, b, c] = [newKind(), newKind(), newKind()];
      for (const userId of [ann, bob])
        for (const kind of [a, b, c])
          for (const id of ['1', '2'])
            await credentials.add({ userId, kind, id: `${userId} ${id}`, data: '' });
      const left = async (userId: string) =>
        (await credentials.list(userId)).map(({ kind, id }) => [kind, id]);
      const [one, two] = [`${ann} 1`, `${ann} 2`];
      assert.equal(await credentials.removeAll(ann, { kinds: [] }), 0);
      assert.equal(await credentials.removeAll(ann, { except: [one, two, 'none'] }), 0);
      assert.equal(await credentials.removeAll(ann, { kinds: [a, b, 'none'], except: [two] }), 2);
      assert.deepEqual(
        new Set(await left(ann)),
        new Set([
          [a, two],
          [b, two],
          [c, one],
          [c, two],
        ]),
      );
      assert.equal(await credentials.removeAll(ann, { kinds: [a] }), 1);
      assert.equal(await credentials.removeAll(ann, { except: [one] }), 2);
      assert.deepEqual(await left(ann), [[c, one]]);
      assert.equal(await credentials.removeAll(ann), 1);
      assert.equal(await credentials.removeAll(ann), 0);
      assert.equal((await left(bob)).length, 6, 'of another user');
    },
  ],
];

/** The part of `credentialStoreContract` about credentials that the store has already. */
export const CHANGE_CASES = [...REPLACEMENTS, ...REMOVALS];

/** Makes the calls at the same time. @returns their answers */
function inParallel(call: (n: number) => Promise<boolean>): Promise<boolean[]> {
  return Promise.all(Array.from({ length: PARALLEL }, (_, n) => call(n)));
}
