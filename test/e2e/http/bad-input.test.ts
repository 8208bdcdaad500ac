import type { Response } from 'supertest';
import { useAnn } from '../../helpers/apps/registered-user';
import {
  cookieHeader,
  createRealStores,
  createTestApp,
  PASSWORD,
  type RealStores,
} from '../../helpers/apps/app';
import { expectFailure, type FailureName } from '../../helpers/failures';

const testApp = createTestApp({ limits: { register: false } });
const ann = useAnn(testApp);

/** Every endpoint that reads a body, and a good body for it. */
const GOOD_BODIES: Record<string, Record<string, unknown>> = {
  register: { username: 'bob', password: PASSWORD },
  login: { username: 'ann', password: PASSWORD },
  refresh: { refreshToken: 'x' },
  logout: { refreshToken: 'x' },
  password: { currentPassword: PASSWORD, newPassword: 'another stapler 4 you' },
};

const post = (endpoint: string, body: object) => {
  const request = testApp.client().post(`/auth/${endpoint}`).send(body);
  return endpoint === 'password' ? request.auth(ann.accessToken, { type: 'bearer' }) : request;
};

const wrongTypes: unknown[] = [0, -1, 1.5, true, null, [], ['a'], {}, { length: 8 }, { toString: 'x' }];
const badTexts = ['nul\0nul', 'half a surrogate \ud83d', '\udc00'];
const fields = Object.entries(GOOD_BODIES).flatMap(([endpoint, body]) =>
  Object.keys(body).map((field) => [endpoint, field] as const),
);

describe.each(fields)('/%s with a bad %s', (endpoint, field) => {
  test.each(wrongTypes)('%j is refused, naming the field', async (value) => {
    const response = await post(endpoint, { ...GOOD_BODIES[endpoint], [field]: value });
    expectFailure(response, 'VALIDATION_FAILED', [field]);
  });

  test.each(badTexts)('%j is refused', async (value) => {
    const response = await post(endpoint, { ...GOOD_BODIES[endpoint], [field]: value });
    if (endpoint === 'refresh') expectFailure(response, 'REFRESH_TOKEN_INVALID');
    else if (endpoint === 'logout') expect(response.status).toBe(200);
    else expectFailure(response, 'VALIDATION_FAILED', [field]);
  });
});

describe('tokens and headers', () => {
  const long = 'x'.repeat(9000);

  test.each<[string, () => PromiseLike<Response>, FailureName]>([
    [
      'a bearer of 9 kB',
      () => testApp.client().get('/profile').auth(long, { type: 'bearer' }),
      'ACCESS_TOKEN_INVALID',
    ],
    [
      'an access cookie of 9 kB',
      () => testApp.client().get('/profile').set('Cookie', `accessToken=${long}`),
      'ACCESS_TOKEN_INVALID',
    ],
    [
      'a refresh cookie of 9 kB',
      () => testApp.client().post('/auth/refresh').set('Cookie', `refreshToken=${long}`),
      'REFRESH_TOKEN_INVALID',
    ],
    [
      'a refresh token of 9 kB in the body',
      () => testApp.client().post('/auth/refresh').send({ refreshToken: long }),
      'REFRESH_TOKEN_INVALID',
    ],
    [
      'cookies that are none',
      () => testApp.client().get('/profile').set('Cookie', ';;=; accessToken; =x;'),
      'NO_ACCESS_TOKEN',
    ],
    [
      'a cookie of a number in JSON',
      () => testApp.client().get('/auth/check').set('Cookie', 'accessToken=j:5'),
      'ACCESS_TOKEN_INVALID',
    ],
    [
      'a cookie of null in JSON',
      () => testApp.client().get('/auth/check').set('Cookie', 'accessToken=j:null'),
      'ACCESS_TOKEN_INVALID',
    ],
  ])('%s', async (_what, send, code) => {
    expectFailure(await send(), code);
  });

  test.each(['', 'two words', 'x'.repeat(129), 'ü', '\t', 'a, b'])(
    'Idempotency-Key %j is refused, and no session is touched',
    async (key) => {
      const { refreshToken } = await testApp.tokensOf('ann');
      const response = await testApp
        .client()
        .post('/auth/refresh')
        .set({ Cookie: cookieHeader({ refreshToken }), 'Idempotency-Key': key });
      expectFailure(response, 'VALIDATION_FAILED', ['Idempotency-Key']);
      expect(response.headers['set-cookie']).toBeUndefined();
    },
  );

  test('a forged X-Forwarded-For and a strange User-Agent do not stop a login on real servers', async () => {
    const stores: RealStores = await createRealStores();
    const real = createTestApp(stores.options);
    real.app.set('trust proxy', true);
    await real.register('ann');
    const response = await real
      .client()
      .post('/auth/login')
      .set({ 'X-Forwarded-For': "' OR 1=1; --", 'User-Agent': `\u00ff${'x'.repeat(4000)}` })
      .send(GOOD_BODIES['login']);
    expect(response.status).toBe(200);
    await real.auth.close();
    await stores.close();
  });
});

test.each([
  [{ username: 'ann', password: '1' }, ['password']],
  [{ username: 'ann', password: '' }, ['password']],
  [{ username: '\0', password: '12345678' }, ['password', 'username']],
  [{ username: 'x'.repeat(300) + '\u0007', password: 5 }, ['password', 'username']],
  [{}, ['password', 'username']],
])('%j gets one complaint a field', async (body, fields) => {
  const response = await testApp.client().post('/auth/register').send(body);
  const { errors } = response.body as { errors: { path: string }[] };
  expect(errors.map(({ path }) => path).sort()).toEqual(fields);
});
