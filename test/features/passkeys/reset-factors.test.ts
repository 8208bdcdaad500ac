import { secondFactor } from '../../../src/features/second-factor/second-factor';
import { FACTOR_KEY, refused } from '../second-factor/factor-app';
import { passkeyApp } from './passkey-app';

test('support takes away passkeys too, with the sessions of their user', async () => {
  const support = secondFactor({ issuer: 'App', key: FACTOR_KEY });
  const app = passkeyApp({ features: [support] });
  const { user, browser, passkey } = await app.enrolled('ann');
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
  expect((await app.passwordLogin(app.browser(), 'ann')).status).toBe(200);
  expect((await app.login(app.browser(), other.passkey)).status).toBe(200);
  await app.auth.close();
});
