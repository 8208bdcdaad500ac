import { MemoryRefreshTokenStore } from '../../src';
import { oneTimeTokenStoreContract, testClock } from '../../src/testing';
import { digestOf } from '../../src/utils/digest';
import { runContract } from '../contract/run-contract';

runContract(oneTimeTokenStoreContract(() => new MemoryRefreshTokenStore().oneTimeTokens()));

test("tokens expire by the store's clock", async () => {
  const clock = testClock('2026-01-01T00:00:00Z');
  const store = new MemoryRefreshTokenStore({ clock });
  const hash = digestOf('a token');
  await store.oneTimeTokens().create({ purpose: 'link', subject: 'ann', hash, expiresInSeconds: 600 });
  expect(await store.oneTimeTokens().find('link', hash)).toEqual({
    ...{ purpose: 'link', subject: 'ann', slot: '', hash, data: undefined },
    expiresAt: new Date('2026-01-01T00:10:00Z'),
  });
  clock.advance('10m');
  expect(await store.oneTimeTokens().take('link', hash)).toBeUndefined();
});

test("changing a returned token doesn't change the store", async () => {
  const tokens = new MemoryRefreshTokenStore().oneTimeTokens();
  const hash = digestOf('a token');
  await tokens.create({ purpose: 'link', subject: 'ann', hash, expiresInSeconds: 600 });
  (await tokens.find('link', hash))?.expiresAt.setTime(0);
  expect(await tokens.take('link', hash)).toMatchObject({ subject: 'ann' });
});
