import { MemoryUserStore } from '../../src';
import {
  credentialStoreContract,
  identityStoreContract,
  testClock,
  userStoreContract,
} from '../../src/testing';
import { runContract } from '../contract/run-contract';

runContract(userStoreContract(() => new MemoryUserStore()));
runContract(identityStoreContract(() => new MemoryUserStore()));
runContract(
  credentialStoreContract(() => {
    const users = new MemoryUserStore();
    return { users, credentials: users.credentials() };
  }),
);

test('the store changes roles and the disabled flag, and deletes users', async () => {
  const store = new MemoryUserStore();
  const { id } = await store.create({ username: 'ann', passwordHash: null });
  expect(await store.update(id, { roles: ['admin'] })).toBe(true);
  expect(await store.update(id, { disabled: true })).toBe(true);
  expect(await store.findById(id)).toMatchObject({ roles: ['admin'], disabled: true });
  expect(await store.delete(id)).toBe(true);
  expect(await store.findByUsername('ann')).toBeUndefined();
  expect(await store.update(id, { disabled: false })).toBe(false);
  expect(await store.delete(id)).toBe(false);
});

test("deleting a user deletes the user's identities", async () => {
  const store = new MemoryUserStore();
  const identity = { issuer: 'https://accounts.example.com', subject: '1' };
  const { id } = await store.findOrCreate(identity, { username: 'leaver' });
  await store.delete(id);
  expect(await store.findByIdentity(identity)).toBeUndefined();
  expect((await store.findOrCreate(identity, { username: 'leaver' })).id).not.toBe(id);
});

test("deleting a user deletes the user's credentials, and no other user's", async () => {
  const store = new MemoryUserStore();
  const [leaver, other] = [
    await store.create({ username: 'leaver', passwordHash: null }),
    await store.create({ username: 'other', passwordHash: null }),
  ];
  const credentials = store.credentials();
  for (const { id } of [leaver, other])
    await credentials.add({ userId: id, kind: 'totp', id: `of ${id}`, data: 'sealed' });
  await store.delete(leaver.id);
  expect(await credentials.find('totp', `of ${leaver.id}`)).toBeUndefined();
  expect(await credentials.list(leaver.id)).toEqual([]);
  expect(await credentials.list(other.id)).toHaveLength(1);
});

test('all callers of credentials() share one store', () => {
  const store = new MemoryUserStore();
  expect(store.credentials()).toBe(store.credentials());
});

test('credentials get their dates from the clock of the store', async () => {
  const users = new MemoryUserStore({ clock: testClock('2020-01-01') });
  const { id: userId } = await users.create({ username: 'ann', passwordHash: null });
  await users.credentials().add({ userId, kind: 'totp', id: 'one', data: '' });
  expect((await users.credentials().find('totp', 'one'))?.createdAt).toEqual(new Date('2020-01-01'));
});
