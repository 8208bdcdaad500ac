import { createTestApp } from '../../helpers/apps/app';
import { useRealPasswords } from '../../helpers/apps/quick-passwords';
import { expectFailure } from '../../helpers/failures';

useRealPasswords();
const testApp = createTestApp({ limits: { username: false, address: false, logins: false } });
const login = (body: object) => testApp.client().post('/auth/login').send(body);

beforeAll(() => testApp.register('ann'));
afterAll(() => testApp.auth.close());

test('an unknown user takes as long as a wrong password', async () => {
  const took = async (username: string) => {
    const started = performance.now();
    await login({ username, password: 'wrong horse 9 battery' });
    return performance.now() - started;
  };
  const known: number[] = [];
  const unknown: number[] = [];
  for (let round = 0; round < 15; round += 1) {
    known.push(await took('ann'));
    unknown.push(await took('nobody'));
  }
  // Hashing takes tens of milliseconds; a lookup without it would take none. On a busy machine the quickest of a few wavers.
  const ratio = Math.min(...unknown) / Math.min(...known);
  expect(ratio).toBeGreaterThan(0.6);
  expect(ratio).toBeLessThan(1.6);
});

test.each([
  ['one address gets 429', 'TOO_MANY_ATTEMPTS', () => '192.0.2.1'],
  ['many addresses get 503', 'SERVICE_UNAVAILABLE', (n: number) => `192.0.2.${n}`],
] as const)(
  'when too many passwords wait to be hashed, %s, and the others get a result',
  async (_who, code, addressOf) => {
    testApp.app.set('trust proxy', true);
    const parallel = Array.from({ length: 130 }, (_, n) =>
      login({ username: 'nobody', password: 'wrong' }).set('X-Forwarded-For', addressOf(n)),
    );
    const responses = await Promise.all(parallel);
    const refused = responses.filter(({ status }) => status !== 401);
    expect(refused.length).toBeGreaterThan(0);
    for (const response of refused) expectFailure(response, code);
    for (const response of responses.filter(({ status }) => status === 401)) {
      expectFailure(response, 'INVALID_CREDENTIALS');
    }
  },
  120_000, // hashing a hundred passwords may take long on a slow machine
);
