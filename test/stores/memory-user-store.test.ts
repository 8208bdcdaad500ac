import { MemoryUserStore } from '../../src';
import { identityStoreContract, userStoreContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';

runContract(userStoreContract(() => new MemoryUserStore()));
runContract(identityStoreContract(() => new MemoryUserStore()));

test('changes roles and the disabled flag, and deletes', async () => {
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

test('a deleted user takes the identities along', async () => {
  const store = new MemoryUserStore();
  const identity = { issuer: 'https://accounts.example.com', subject: '1' };
  const { id } = await store.findOrCreate(identity, { username: 'leaver' });
  await store.delete(id);
  expect(await store.findByIdentity(identity)).toBeUndefined();
  expect((await store.findOrCreate(identity, { username: 'leaver' })).id).not.toBe(id);
});
