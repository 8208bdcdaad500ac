import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { CredentialStore, NewCredential, RemoveCredentialsOptions } from '../stores/credential-store.js';
import {
  awkwardTexts,
  MAX_DATA_BYTES,
  MAX_ID_LENGTH,
  newCredential,
  newKind,
  strangeIds,
  type CredentialCase,
} from './credential-fixtures.js';
import { newUser } from './user-fixtures.js';

/** Values that are not allowed for each member. */
const REFUSED: Readonly<Record<keyof NewCredential, readonly unknown[]>> = {
  userId: [undefined, null, 5, '', 'a\0b', 'a\ud800', 'a'.repeat(256)],
  kind: [null, 5, '', 'Totp', 'to tp', 'to_tp', 'tótp', 'totp\n', 'a'.repeat(65)],
  id: [undefined, null, 5, '', 'a\0b', 'a\ud800', 'a'.repeat(MAX_ID_LENGTH + 1)],
  data: [undefined, null, 5, 'a\0b', '\udc00', 'é'.repeat(MAX_DATA_BYTES / 2) + 'e'],
};

type Calls = (store: CredentialStore, bad: NewCredential) => (() => Promise<unknown>)[];

/** Every call that takes the member. */
const CALLS: Readonly<Record<keyof NewCredential, Calls>> = {
  userId: (store, bad) => [
    ...changesOf(store, bad),
    () => store.list(bad.userId),
    () => store.remove(bad.userId, bad.kind, bad.id),
    () => store.removeAll(bad.userId),
  ],
  kind: (store, bad) => [
    ...changesOf(store, bad),
    () => store.list(bad.userId, bad.kind),
    () => store.find(bad.kind, bad.id),
    () => store.remove(bad.userId, bad.kind, bad.id),
    () => store.removeAll(bad.userId, { kinds: ['totp', bad.kind] }),
  ],
  id: (store, bad) => [
    ...changesOf(store, bad),
    () => store.find(bad.kind, bad.id),
    () => store.remove(bad.userId, bad.kind, bad.id),
    () => store.removeAll(bad.userId, { except: ['1', bad.id] }),
  ],
  data: (store, bad) => [...changesOf(store, bad), () => store.replace({ ...bad, data: 'good' }, bad.data)],
};

function changesOf(store: CredentialStore, bad: NewCredential) {
  return [() => store.add(bad), () => store.replace(bad, 'good')];
}

/** The part of `credentialStoreContract` that says which texts a store keeps and which it refuses. */
export const TEXT_CASES: readonly CredentialCase[] = [
  [
    'returns data exactly as it was given',
    async ({ users, credentials }) => {
      const userId = await newUser(users);
      const texts = awkwardTexts();
      for (const [n, data] of texts.entries()) {
        const credential = newCredential(userId, { data });
        const { kind, id } = credential;
        assert.equal(await credentials.add(credential), true);
        assert.equal((await credentials.find(kind, id))?.data, data);
        const next = texts[n + 1] ?? 'the last';
        assert.equal(await credentials.replace(credential, next), true, JSON.stringify(data.slice(0, 40)));
        assert.equal((await credentials.find(kind, id))?.data, next);
      }
    },
  ],
  [
    'tells strange ids apart',
    async ({ users, credentials }) => {
      const userId = await newUser(users);
      const kind = newKind();
      const ids = strangeIds();
      for (const id of ids)
        assert.equal(await credentials.add({ userId, kind, id, data: id.slice(0, 9) }), true, id);
      for (const id of ids) {
        assert.equal((await credentials.find(kind, id))?.id, id);
        assert.equal(await credentials.replace({ userId, kind, id, data: id.slice(0, 9) }, 'seen'), true, id);
      }
      const odd = ids.filter((_, n) => n % 2);
      for (const id of odd) assert.equal(await credentials.remove(userId, kind, id), true, id);
      const even = (await credentials.list(userId)).map(({ id }) => id);
      assert.deepEqual(new Set(even), new Set(ids.filter((_, n) => n % 2 === 0)));
      assert.equal(await credentials.removeAll(userId, { except: even }), 0);
    },
  ],
  [
    'does not confuse a kind and an id with another kind and id',
    async ({ users, credentials }) => {
      const userId = await newUser(users);
      const kind = newKind();
      const end = randomUUID();
      for (const [first, id] of [
        [kind, `b-${end}`],
        [`${kind}-b`, end],
        [kind, `b${end}`],
        [`${kind}b`, end],
      ] as const)
        assert.equal(await credentials.add({ userId, kind: first, id, data: '' }), true);
    },
  ],
  [
    'returns copies, which can be changed without changing the store',
    async ({ users, credentials }) => {
      const credential = newCredential(await newUser(users));
      const { userId, kind, id } = credential;
      const given = { ...credential };
      await credentials.add(given);
      given.data = 'changed';
      const read = async () =>
        JSON.stringify([await credentials.find(kind, id), await credentials.list(userId)]);
      const before = await read();
      assert.ok(before.includes(credential.data), 'what was given has been copied');
      for (const copy of [...(await credentials.list(userId)), await credentials.find(kind, id)]) {
        copy?.createdAt.setTime(0);
        Object.assign(copy ?? {}, { data: 'changed', userId: 'changed' });
        assert.equal(await read(), before);
      }
    },
  ],
  [
    'refuses arguments that no store can keep, and names the member',
    async ({ users, credentials }) => {
      const good = newCredential(await newUser(users));
      for (const member of Object.keys(REFUSED) as (keyof NewCredential)[])
        for (const value of REFUSED[member]) {
          const bad = { ...good, [member]: value };
          const expected = { name: 'TypeError', message: new RegExp(`\\b${member}`) };
          for (const call of CALLS[member](credentials, bad))
            await assert.rejects(async () => call(), expected, `${member}: ${JSON.stringify(value)}`);
        }
      for (const options of [
        { kinds: good.kind },
        { except: good.id },
      ] as unknown as RemoveCredentialsOptions[])
        await assert.rejects(async () => credentials.removeAll(good.userId, options), TypeError);
      assert.deepEqual(await credentials.list(good.userId), []);
    },
  ],
  [
    'accepts texts of the maximum length',
    async ({ users, credentials }) => {
      const longest = { kind: newKind().padEnd(64, '0'), id: randomUUID().padEnd(MAX_ID_LENGTH, '=') };
      const credential = newCredential(await newUser(users), {
        ...longest,
        data: 'é'.repeat(MAX_DATA_BYTES / 2),
      });
      assert.equal(await credentials.add(credential), true);
      assert.equal((await credentials.find(longest.kind, longest.id))?.data, credential.data);
    },
  ],
];
