import express, { type RequestHandler } from 'express';
import { createAuth, MemoryRefreshTokenStore, MemoryUserStore, type StoredUser } from '../../../src/index';
import { ACCESS_SECRET, REFRESH_SECRET } from '../../helpers/apps/app';
import { factorApp, refused, type FactorApp } from './factor-app';

let factor: FactorApp;
let ann: StoredUser;
/** What the provider says about the login. */
let info: { amr?: string[] };

const provider: RequestHandler = (req, _res, next) => {
  Object.assign(req, { user: { id: ann.id }, authInfo: info });
  next();
};

beforeEach(async () => {
  factor = factorApp({
    mount(app, auth) {
      app.get('/trusted', provider, auth.completeLogin({ acceptMfa: true }));
      app.get('/other', provider, auth.completeLogin());
      app.post('/own', express.json(), (req, res, next) => {
        auth.startSession(req, res, ann, req.body as object).then(() => res.json({}), next);
      });
      app.use(auth.errorHandler);
    },
  });
  ann = await factor.createUser('ann');
  await factor.enrol('ann');
});

afterEach(() => factor.auth.close());

test.each<[path: string, amr: string[] | undefined, status: number]>([
  ['/trusted', ['pwd', 'mfa'], 200],
  ['/trusted', ['pwd', 'otp'], 401],
  ['/trusted', undefined, 401],
  ['/other', ['pwd', 'mfa'], 401],
])('the callback %s of a provider that says %j is answered %i', async (path, amr, status) => {
  info = amr ? { amr } : {};
  const browser = factor.browser();
  const answer = await browser.get(path);
  expect(answer.status).toBe(status);
  if (status === 401) expect(answer.body).toMatchObject(refused('SECOND_FACTOR_REQUIRED'));
  else expect((await browser.get('/auth/check')).body).toMatchObject({ user: { id: ann.id, amr } });
});

test('startSession accepts it where the app says so', async () => {
  const own = (options: object) => factor.client().post('/own').send(options);
  expect((await own({ amr: ['pwd', 'mfa'], acceptMfa: true })).status).toBe(200);
  expect((await own({ amr: ['pwd', 'mfa'] })).body).toMatchObject(refused('SECOND_FACTOR_REQUIRED'));
  expect((await own({ acceptMfa: true })).body).toMatchObject(refused('SECOND_FACTOR_REQUIRED'));
});

test('without the feature the option is refused by name', async () => {
  const plain = createAuth({
    users: new MemoryUserStore(),
    refreshTokens: new MemoryRefreshTokenStore(),
    accessToken: { secret: ACCESS_SECRET },
    refreshToken: { secret: REFRESH_SECRET },
  });
  expect(() => plain.completeLogin({ acceptMfa: true })).toThrow(
    'completeLogin(): acceptMfa needs the feature',
  );
  expect(() => plain.completeLogin({ acceptMfa: false })).not.toThrow();
  const app = express().post('/own', (req, res) => {
    plain.startSession(req, res, ann, { acceptMfa: true }).catch((error: Error) => res.json(error.message));
  });
  const { default: request } = await import('supertest');
  expect((await request(app).post('/own')).body).toContain('startSession(): acceptMfa needs the feature');
  await plain.close();
});
