import { AuthError, type NewSession, type RefreshTokenStore } from '../../src';
import { refreshTokenStoreContract, userStoreContract } from '../../src/testing';
import { runContract } from '../contract/run-contract';
import { createTestApp, PASSWORD } from '../helpers/apps/app';
import { MapRefreshTokenStore, MapUserStore } from './map-stores';

/** As a store may be that was written before sessions could be limited. */
function storeWithoutLimit(): RefreshTokenStore {
  const store = new MapRefreshTokenStore();
  return {
    async create(session: NewSession): Promise<void> {
      await store.create(session);
    },
    list: (userId: string) => store.list(userId),
    rotate: (request) => store.rotate(request),
    find: (userId, sessionId) => store.find(userId, sessionId),
    revoke: (userId, sessionId) => store.revoke(userId, sessionId),
    revokeAll: (userId, options) => store.revokeAll(userId, options),
  };
}

describe("a user's own stores", () => {
  describe('keep the contract of sessions', () =>
    runContract(refreshTokenStoreContract(() => new MapRefreshTokenStore(), { without: ['origin'] })));
  describe('keep the contract of sessions without a limit on them', () =>
    runContract(refreshTokenStoreContract(storeWithoutLimit, { without: ['session-limit', 'origin'] })));
  describe('keep the contract of users', () => runContract(userStoreContract(() => new MapUserStore())));

  test('work from registration to logout', async () => {
    const users = new MapUserStore();
    const refreshTokens = new MapRefreshTokenStore();
    const { auth, browser, register } = createTestApp({ users, refreshTokens });
    const { id } = await register('Ann');
    const ann = browser();
    await ann.post('/auth/login').send({ username: 'ann', password: PASSWORD }).expect(200);
    await ann.get('/profile').expect(200);
    await ann.post('/auth/refresh').expect(200, { message: 'Token refreshed' });
    expect(await auth.sessions.list(id)).toMatchObject([{ userId: id, generation: 1 }]);
    await ann.post('/auth/logout').expect(200);
    await ann.post('/auth/refresh').expect(401);
    expect(refreshTokens.sessions.size).toBe(0);
    await auth.close();
  });

  test('get a counter of attempts in memory', async () => {
    const limits = { username: { failures: 2 } };
    const stores = { users: new MapUserStore(), refreshTokens: new MapRefreshTokenStore() };
    const { auth, client } = createTestApp({ ...stores, limits });
    const guess = () => client().post('/auth/login').send({ username: 'ann', password: 'guess' });
    const statuses = [(await guess()).status, (await guess()).status, (await guess()).status];
    expect(statuses).toEqual([401, 401, 429]);
    await auth.close();
  });

  test('report an outage with an AuthError, which is answered as 503 with Retry-After', async () => {
    const users = new MapUserStore();
    users.findByUsername = () => Promise.reject(new AuthError('SERVICE_UNAVAILABLE'));
    const { auth, client } = createTestApp({ users, refreshTokens: new MapRefreshTokenStore() });
    const response = await client().post('/auth/login').send({ username: 'ann', password: PASSWORD });
    expect([response.status, response.headers['retry-after']]).toEqual([503, '2']);
    await auth.close();
  });
});
