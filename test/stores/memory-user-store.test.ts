import { MemoryUserStore } from '../../src';
import { userStoreContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';

runContract(userStoreContract(() => new MemoryUserStore()));

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
