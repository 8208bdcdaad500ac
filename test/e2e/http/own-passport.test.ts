import express, { type RequestHandler } from 'express';
import { Passport, type Authenticator } from 'passport';
import { Strategy as LocalStrategy } from 'passport-local';
import request from 'supertest';
import { createAuth, MemoryUserStore } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { optionsWith } from '../../helpers/apps/options';
import { expectFailure } from '../../helpers/failures';

type Inspected = Authenticator & { _strategies: Record<string, unknown>; authenticate: unknown };

function ownPassport(): Inspected {
  const passport = new Passport() as unknown as Inspected;
  passport.use('magic', new LocalStrategy((_username, _password, done) => done(null, false)));
  return passport;
}
const ann = { username: 'ann', password: PASSWORD };

describe("close() leaves the app's own Passport", () => {
  test('as it was before createAuth', async () => {
    const passport = ownPassport();
    const before = { ...passport._strategies };
    const auth = createAuth(optionsWith({ passport }));
    expect(Object.keys(passport._strategies)).toEqual(expect.arrayContaining(['local', 'jwt']));
    await auth.close();
    await auth.close();
    expect(passport._strategies).toEqual(before);
    expect(Object.hasOwn(passport, 'authenticate')).toBe(false);
  });

  test('ready for the next createAuth, whose router and guard work, and the closed one answers 503', async () => {
    const passport = ownPassport();
    const users = new MemoryUserStore();
    const first = createAuth(optionsWith({ users, passport, 'password.cost': 10 }));
    const firstApp = express().use('/auth', first.router);
    expect((await request(firstApp).post('/auth/register').send(ann)).status).toBe(201);
    void first.close(); // a hot reload may not wait
    expectFailure(await request(firstApp).post('/auth/login').send(ann), 'SERVICE_UNAVAILABLE');

    const second = createAuth(optionsWith({ users, passport, 'password.cost': 10 }));
    const app = express().use('/auth', second.router);
    app.get('/me', second.passport.authenticate('jwt') as RequestHandler, (req, res) => {
      res.json(req.user);
    });
    expect(second.passport.authenticate('jwt')).toBe(second.tokenVerify);
    const browser = request.agent(app);
    expect((await browser.post('/auth/login').send(ann)).status).toBe(200);
    expect((await browser.get('/me')).status).toBe(200);
    await second.close();
  });

  test('with an authenticate of its own, and what was changed or added since', async () => {
    const passport = ownPassport();
    const own = () => 'own';
    passport.authenticate = own;
    const auth = createAuth(optionsWith({ passport }));
    const [local, later] = [new LocalStrategy(() => undefined), new LocalStrategy(() => undefined)];
    passport.use('local', local).use('later', later);
    await auth.close();
    expect(passport.authenticate).toBe(own);
    expect(passport._strategies).toMatchObject({ local, later });
    expect(passport._strategies).not.toHaveProperty('jwt');
  });

  test('with the wrapper that another package has put around authenticate, and without our part in it', async () => {
    const passport = ownPassport();
    const auth = createAuth(optionsWith({ passport }));
    const inner = passport.authenticate as (...args: unknown[]) => unknown;
    const wrapper = (...args: unknown[]) => inner(...args);
    passport.authenticate = wrapper;
    expect(wrapper('jwt')).toBe(auth.tokenVerify);
    await auth.close();
    expect(passport.authenticate).toBe(wrapper);
    expect(wrapper('jwt')).not.toBe(auth.tokenVerify);
  });

  test('as it was where createAuth throws: the second at the same time is refused and names the cure', async () => {
    const passport = ownPassport();
    const auth = createAuth(optionsWith({ passport }));
    expect(() => createAuth(optionsWith({ passport }))).toThrow(
      /strategy named 'local' already: .*close\(\) the createAuth before this one/,
    );
    expect(auth.passport.authenticate('jwt')).toBe(auth.tokenVerify);
    await auth.close();
  });
});

test('close() keeps a Passport instance of our own working for requests that are still on their way', async () => {
  const auth = createAuth(optionsWith({ 'password.cost': 10 }));
  const app = express().use('/auth', auth.router);
  expect((await request(app).post('/auth/register').send(ann)).status).toBe(201);
  await auth.close();
  expect((await request(app).post('/auth/login').send(ann)).status).toBe(200);
  await auth.close();
});
