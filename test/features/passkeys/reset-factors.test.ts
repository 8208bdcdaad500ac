import { MemoryRefreshTokenStore, MemoryUserStore } from '../../../src/index';
import { secondFactor } from '../../../src/features/second-factor/second-factor';
import { FACTOR_KEY, refused } from '../second-factor/factor-app';
import { passkeyApp } from './passkey-app';

test('support takes away passkeys too, with the sessions of their user', async () => {
  const support = secondFactor({ issuer: 'App', key: FACTOR_KEY });
  const users = new MemoryUserStore();
  const app = passkeyApp({
    stores: { users, refreshTokens: new MemoryRefreshTokenStore() },
    features: [support],
  });
  const { user, browser, passkey, recoveryCodes = [] } = await app.enrolled('ann');
  const other = await app.enrolled('bob');
  expect((await app.passwordLogin(app.browser(), 'ann')).body).toMatchObject(
    refused('SECOND_FACTOR_REQUIRED'),
  );

  const { factorIds, sessionIds } = await support.resetFactors(user.id);
  expect([factorIds, sessionIds.length]).toEqual([[passkey.id], 1]);
  expect(app.events).toContainEqual(
    expect.objectContaining({ type: 'passkeyRemoved', userId: user.id, passkeyId: passkey.id }),
  );
  expect((await browser.get('/auth/check')).body).toEqual(refused('SESSION_REVOKED'));
  expect((await app.login(app.browser(), passkey)).body).toEqual(refused('INVALID_PASSKEY'));
  const after = app.browser();
  expect((await app.passwordLogin(after, 'ann')).status).toBe(200);
  const proof = await after.post('/auth/reauthenticate').send({ recoveryCode: recoveryCodes[0] });
  expect(proof.body).toEqual(refused('INVALID_SECOND_FACTOR'));
  expect(await users.credentials().list(user.id)).toEqual([]);
  expect((await app.login(app.browser(), other.passkey)).status).toBe(200);
  await app.auth.close();
});
