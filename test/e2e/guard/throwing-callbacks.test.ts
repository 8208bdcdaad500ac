import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import request from 'supertest';
import type { GuardOptions } from '../../../src/index';
import { testClock } from '../../../src/testing/index';
import { cookieHeader, createTestApp, PASSWORD } from '../../helpers/apps/app';

const clock = testClock();
const unhandled: unknown[] = [];
const servers: Server[] = [];
type Authenticate = (...args: unknown[]) => RequestHandler;
type LocalCallback = (error: unknown, user?: unknown, info?: unknown) => unknown;

let localCallback: LocalCallback;
const testApp = createTestApp({ clock }, (app, auth) => {
  const authenticate = auth.passport.authenticate.bind(auth.passport) as Authenticate;
  app.post('/callback', express.json(), (req, res, next) => {
    authenticate('local', localCallback)(req, res, next);
  });
  app.get('/jwt-callback', (req, res, next) => {
    authenticate('jwt', { session: false }, localCallback)(req, res, next);
  });
});

const onUnhandled = (reason: unknown) => unhandled.push(reason);

beforeAll(async () => {
  process.on('unhandledRejection', onUnhandled);
  await testApp.register('ann');
});

afterAll(async () => {
  for (const server of servers) server.close();
  await testApp.auth.close();
  process.off('unhandledRejection', onUnhandled);
  expect(unhandled).toEqual([]);
});

afterEach(() => {
  testApp.unforeseen.length = 0;
});

/** A server without Express: nothing catches what `next` throws. */
async function serve(guard: RequestHandler, next: (res: Response, error: unknown) => unknown) {
  const calls: unknown[] = [];
  const server = createServer((req, res) => {
    const proceed = (error?: unknown) => {
      calls.push(error);
      return next(res as unknown as Response, error);
    };
    guard(req as Request, res as unknown as Response, proceed as NextFunction);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { calls, get: () => request(`http://127.0.0.1:${port}`).get('/') };
}

const answerError = (res: Response, error: unknown) => {
  res.statusCode = 500;
  res.end(String(error));
};

describe('what the code behind a guard throws', () => {
  test.each<[string, GuardOptions]>([
    ['loadUser', { loadUser: true }],
    ['checkSession', { checkSession: true }],
    ['renew', { renew: true }],
    ['optional and loadUser', { optional: true, loadUser: true }],
  ])('reaches next as an error, once: %s', async (_what, options) => {
    // Past half of its life the token is renewed, so the guard awaits something.
    clock.advance('16m');
    const fresh = await testApp.tokensOf('ann');
    clock.advance('16m');
    for (const fails of [() => Promise.reject(new Error('broken page')), broken]) {
      const { calls, get } = await serve(testApp.auth.guard(options), (res, error) =>
        error ? answerError(res, error) : fails(),
      );
      const response = await get().set('Cookie', cookieHeader({ ...fresh }));
      expect([response.status, response.text]).toEqual([500, 'Error: broken page']);
      expect(calls).toEqual([undefined, new Error('broken page')]);
    }
  });

  test('is a warning where next throws again with that error, and the process goes on', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const { accessToken } = await testApp.tokensOf('ann');
    const { calls, get } = await serve(testApp.auth.guard({ loadUser: true }), (res) => {
      res.statusCode = 500;
      res.end();
      broken();
    });
    await get().set('Cookie', cookieHeader({ accessToken })).expect(500);
    expect(calls).toHaveLength(2);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('broken page'), 'PassportVisaWarning');
    warn.mockRestore();
  });
});

describe('what a callback of authenticate() throws', () => {
  const post = (password: string) => testApp.client().post('/callback').send({ username: 'ann', password });

  test.each([
    ['throws after a good login', PASSWORD, 'throw'],
    ['throws after a wrong password', 'wrong password', 'throw'],
    ['rejects after a good login', PASSWORD, 'reject'],
    ['rejects after a wrong password', 'wrong password', 'reject'],
  ])('a callback that %s ends in the error handler of the app', async (_what, password, how) => {
    let calls = 0;
    localCallback = () => {
      calls += 1;
      return how === 'throw' ? broken() : Promise.reject(new Error('broken page'));
    };
    await post(password).expect(500);
    expect([calls, testApp.unforeseen]).toEqual([1, [new Error('broken page')]]);
  });

  test('a callback of the strategy jwt is treated alike', async () => {
    localCallback = () => Promise.reject(new Error('broken page'));
    await testApp.client().get('/jwt-callback').expect(500);
    expect(testApp.unforeseen).toEqual([new Error('broken page')]);
  });

  test('without a callback, what comes after a login is caught too', async () => {
    const authenticate = testApp.auth.passport.authenticate.bind(testApp.auth.passport) as Authenticate;
    const local = authenticate('local', { session: false });
    const guard: RequestHandler = (req, res, next) => {
      req.body = { username: 'ann', password: PASSWORD };
      local(req, res, next);
    };
    const { calls, get } = await serve(guard, (res, error) => (error ? answerError(res, error) : broken()));
    expect((await get()).status).toBe(500);
    expect(calls).toEqual([undefined, new Error('broken page')]);
  });
});

test('completeLogin() hands what next throws back to next once', async () => {
  const complete = testApp.auth.completeLogin();
  const { calls, get } = await serve(complete, (res, error) => {
    if (calls.length > 1) answerError(res, error);
    else broken();
  });
  const response = await get();
  expect([response.status, response.text]).toEqual([500, 'Error: broken page']);
  expect(calls).toEqual([expect.any(TypeError), new Error('broken page')]);
});

test('a verify callback of a login provider that throws reaches the error handler of the strategy', async () => {
  const store = testApp.auth.flowState.store();
  const answers: unknown[] = [];
  await new Promise<void>((resolve) => {
    store.verify({ headers: {} } as Request, 'unknown', {}, (...answer: unknown[]) => {
      answers.push(answer);
      if (answers.length === 1) broken();
      resolve();
    });
  });
  expect(answers).toEqual([
    [null, false, { message: expect.any(String) as string }],
    [new Error('broken page')],
  ]);
});

test('login() hands what the function redirectTo throws to the error handler of the app', async () => {
  const login = testApp.auth.login({ redirectTo: () => broken() });
  const { calls, get } = await serve(inExpress(login), (res, error) => answerError(res, error));
  const response = await get()
    .set('Sec-Fetch-Site', 'same-origin')
    .send({ username: 'ann', password: PASSWORD });
  expect([response.text, calls]).toEqual(['Error: broken page', [new Error('broken page')]]);
});

/** As a handler of an Express app, without Express's own error handling. */
function inExpress(handler: RequestHandler): RequestHandler {
  return (req, res, next) => {
    Object.setPrototypeOf(req, Object.create(express.request, { app: { value: express() } }) as object);
    Object.setPrototypeOf(res, express.response);
    handler(req, res, next);
  };
}

function broken(): never {
  throw new Error('broken page');
}
