import { MemoryRefreshTokenStore } from '../../src';
import { createTestApp, PASSWORD } from '../helpers/app';
import { decodeToken } from '../helpers/tokens';

const FIVE_MINUTES = 300;

/** Its clock is ahead of the one of this machine. */
class EarlyStore extends MemoryRefreshTokenStore {
  time(): Promise<number> {
    return Promise.resolve(Date.now() + FIVE_MINUTES * 1000);
  }
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

test('the clock of the store dates tokens and judges them', async () => {
  const testApp = createTestApp({ refreshTokens: new EarlyStore() });
  await testApp.register('ann');
  const credentials = { username: 'ann', password: PASSWORD, transport: 'body' };
  const { body } = await testApp.client().post('/auth/login').send(credentials).expect(200);

  const secondsAhead = Number(decodeToken(body.accessToken).payload['iat']) - Date.now() / 1000;
  expect(Math.abs(secondsAhead - FIVE_MINUTES)).toBeLessThan(30);
  await testApp.client().get('/profile').set(bearer(body.accessToken)).expect(200);

  const { sessions } = (
    await testApp.client().get('/auth/sessions').set(bearer(body.accessToken)).expect(200)
  ).body;
  expect(Date.parse(sessions[0].createdAt) - Date.now()).toBeGreaterThan(FIVE_MINUTES * 1000 - 30_000);
});

test('a time that is none is a mistake of the store, and nobody logs in by it', async () => {
  class BrokenStore extends MemoryRefreshTokenStore {
    time(): Promise<number> {
      return Promise.resolve(NaN);
    }
  }
  const testApp = createTestApp({ refreshTokens: new BrokenStore() });
  await testApp.register('ann');
  await testApp.client().post('/quick-login').send({ username: 'ann' }).expect(500);
  expect(testApp.unforeseen.map(String)).toEqual(['TypeError: time() of the store must tell milliseconds']);
});
