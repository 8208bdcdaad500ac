import type { RequestHandler } from 'express';
import { userOf, type LoadedUser } from '../../src/index';
import { loginAs } from '../../src/testing/index';
import { createTestApp } from '../helpers/apps/app';

const withUser: RequestHandler = (req, res) => res.json(userOf(req));
const passportUser: RequestHandler = (req, _res, next) => {
  req.user = { id: 5, email: 'ann@example.com' } as unknown as Express.User;
  next();
};
const testApp = createTestApp({}, (app, auth) => {
  app.get('/guarded', auth.tokenVerify, withUser);
  app.get('/loaded', auth.guard({ loadUser: true }), (req, res) =>
    res.json(userOf<LoadedUser>(req).username),
  );
  app.get('/optional', auth.guard({ optional: true }), withUser);
  app.get('/passport', passportUser, withUser);
  app.get('/forgotten', withUser);
});
afterAll(() => testApp.auth.close());

test('userOf returns req.user behind a guard', async () => {
  const ann = await loginAs(testApp.auth, { username: 'ann', roles: ['admin'] });
  const get = (path: string) => testApp.client().get(path).set('Cookie', ann.cookie);
  const user = { id: ann.user.id, sessionId: ann.sessionId, roles: ['admin'] };
  expect((await get('/guarded')).body).toMatchObject(user);
  expect((await get('/optional')).body).toMatchObject(user);
  expect((await get('/loaded')).body).toBe('ann');
});

test.each(['/optional', '/passport', '/forgotten'])(
  'userOf throws when no guard has verified a user: %s',
  async (path) => {
    expect((await testApp.client().get(path)).status).toBe(500);
    expect(String(testApp.unforeseen.pop())).toContain('put auth.tokenVerify before this handler');
  },
);
