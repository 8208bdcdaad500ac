import { Socket } from 'node:net';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { AuthError, UsernameTakenError, type AuthErrorCode } from '../../../src/index';
import { loginAs, testAuth } from '../../../src/testing/index';
import { createTestApp } from '../../helpers/apps/app';

/** Calls outside Express, with what no server would hand over: each ends in a TypeError, or in `next(error)`, and never in a pass. */
const auth = testAuth();
afterAll(() => auth.close());

const guards: [name: string, call: string, handler: RequestHandler][] = [
  ['tokenVerify', 'auth.tokenVerify', auth.tokenVerify],
  ['guard({ optional })', 'auth.tokenVerify', auth.guard({ optional: true })],
  ['guard({ loadUser })', 'auth.tokenVerify', auth.guard({ loadUser: true })],
  [
    'guard({ checkSession, optional })',
    'auth.tokenVerify',
    auth.guard({ checkSession: true, optional: true }),
  ],
  ['guard({ renew })', 'auth.tokenVerify', auth.guard({ renew: true })],
  ["guard({ onFailure: 'next' })", 'auth.tokenVerify', auth.guard({ onFailure: 'next' })],
];
const handlers: typeof guards = [
  ['completeLogin()', 'auth.completeLogin()', auth.completeLogin()],
  ['login()', 'auth.login()', auth.login()],
  ['register()', 'auth.register()', auth.register()],
  ['changePassword()', 'auth.changePassword()', auth.changePassword()],
  ['logout()', 'auth.logout()', auth.logout()],
];

/** The error that `next` gets. Fails if it gets none, or is called again. */
function errorOf(handler: RequestHandler, req: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let calls = 0;
    const next = (error?: unknown) => {
      calls += 1;
      if (error === undefined || calls > 1) reject(new Error(`next() was called, call ${calls}`));
      // Where it is called twice, the second call comes at once.
      setImmediate(resolve, error);
    };
    handler(req as Request, {} as Response, next);
  });
}

test.each(handlers)('the handler of %s throws if it gets no next', (name, call, handler) => {
  const callIt = handler as unknown as (...args: unknown[]) => void;
  for (const args of [[{ headers: {} }, {}], [{ headers: {} }, {}, {}], []]) {
    expect(() => callIt(...args)).toThrow(TypeError);
    expect(() => callIt(...args)).toThrow(`The handler of ${name} needs a function as its third argument`);
    expect(() => callIt(...args)).toThrow(`${call}(req, res, next)`);
  }
});

describe.each([...guards, ...handlers])('%s', (_name, call, handler) => {
  test('hands a TypeError to next for a raw socket, and for nothing', async () => {
    for (const req of [new Socket(), undefined, null, {}, 'GET /', { headers: null }]) {
      const error = await errorOf(handler, req);
      expect(error).toBeInstanceOf(TypeError);
      expect((error as TypeError).message).toContain('needs a request as its first argument');
      expect((error as TypeError).message).toContain(`${call}(req, res, next)`);
    }
  });

  test('hands a TypeError to next for a Request of fetch', async () => {
    const error = await errorOf(handler, new globalThis.Request('http://127.0.0.1/'));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).toContain('got a Request of fetch');
  });

  test('hands a TypeError to next for a socket of socket.io', async () => {
    const error = await errorOf(handler, { request: { headers: {} } });
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).toContain(`call ${call}(socket.request, {}, next)`);
  });

  test('hands on what getters of the request throw', async () => {
    const failure = new Error('a getter threw');
    const throwing = {
      get() {
        throw failure;
      },
    };
    expect(await errorOf(handler, Object.defineProperty({}, 'headers', throwing))).toBe(failure);
    let reads = 0;
    const later = {
      get() {
        reads += 1;
        if (reads > 2) throw failure;
        return {};
      },
    };
    expect(await errorOf(handler, Object.defineProperty({}, 'headers', later))).toBeInstanceOf(Error);
  });
});

describe('with a good token', () => {
  let bearer: string;
  beforeAll(async () => {
    ({ bearer } = await loginAs(auth, { username: 'ann' }));
  });

  test.each(guards)('%s hands on what the request throws late', async (_name, _call, guard) => {
    const failure = new Error('a getter threw');
    const throwing = {
      get(): never {
        throw failure;
      },
      set(): never {
        throw failure;
      },
    };
    const headers = { authorization: bearer };
    for (const req of [
      Object.defineProperty({ method: 'GET', headers }, 'user', throwing),
      Object.freeze({ method: 'GET', headers }),
    ])
      expect(await errorOf(guard, req)).toBeInstanceOf(Error);
  });

  test('a client that sends a header named "get" passes guards and auth.verify', async () => {
    const req = { method: 'GET', headers: { authorization: bearer, get: 'x' } } as unknown as Request;
    const next = jest.fn();
    auth.tokenVerify(req, {} as Response, next as NextFunction);
    expect(next.mock.calls).toEqual([[]]);
    expect(await auth.verify(req)).toMatchObject({ id: req.user?.id });
  });

  test('what next itself throws after a refusal is thrown on, and next is called once', () => {
    const failure = new Error('the app threw');
    const next = jest.fn(() => {
      throw failure;
    });
    const req = { method: 'GET', headers: {} } as Request;
    expect(() => void auth.tokenVerify(req, {} as Response, next)).toThrow(failure);
    expect(next).toHaveBeenCalledTimes(1);
  });
});

test('in Express, a request with a header named "get" is answered as any other', async () => {
  const testApp = createTestApp();
  const answer = await testApp.client().get('/profile').set('get', 'x');
  expect(answer.status).toBe(401);
  await testApp.auth.close();
});

test.each([[Symbol('code')], [null], [undefined], [5], [{}], [['FORBIDDEN']], [Object.create(null)]])(
  'new AuthError(%p) names the type and the known codes',
  (code: unknown) => {
    const make = () => new AuthError(code as AuthErrorCode);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(`Unknown code of the type ${typeof code}: known are VALIDATION_FAILED, `);
  },
);

test.each<[detail: string, wrong: unknown[], words: string]>([
  ['errors', ['x', {}, [null], [{ path: 'x' }], [{ path: 1, message: '' }]], 'a list of { path, message }'],
  ['status', ['401', 200, 4.5, 600, NaN, null], 'a whole number from 400 to 599'],
  ['retryAfterSeconds', ['2', -1, 1.5, Infinity, null], 'a whole number of seconds'],
  ['maxAgeSeconds', ['2', -1, {}], 'a whole number of seconds'],
  [
    'acrValues',
    ['mfa', [1], ['a b'], ['a"'], ['a\\'], ['a\r\nb'], ['']],
    'a list of visible ASCII texts without spaces, quotes and backslashes',
  ],
  ['text', ['x', {}, { key: 'x' }, { key: 'x', english: 1 }, null], '{ key, english }, two texts'],
])('new AuthError() refuses %s of another type', (detail, wrong, words) => {
  for (const value of wrong) {
    const make = () => new AuthError('FORBIDDEN', { [detail]: value });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(`The detail ${detail} of an AuthError must be ${words}, not `);
  }
  expect(() => new AuthError('FORBIDDEN', { [detail]: undefined })).not.toThrow();
});

test('new AuthError() refuses a list as its details, and so does UsernameTakenError', () => {
  for (const details of [[], ['x'], null, 'x']) {
    expect(() => new AuthError('FORBIDDEN', details as object)).toThrow('details of an AuthError');
    expect(() => new UsernameTakenError(details as object)).toThrow('details of an AuthError');
  }
});

describe('loginAs()', () => {
  const call = loginAs as (...args: unknown[]) => Promise<unknown>;

  test.each([[[]], [[null, 'ann']], [[{ username: 'ann' }]], [[{ rolse: ['admin'] }]], [['ann']]])(
    'needs an Auth as the first of %j',
    async (args: unknown[]) => {
      await expect(call(...args)).rejects.toThrow(TypeError);
      await expect(call(...args)).rejects.toThrow(
        'as its first argument, not ' +
          (args[0] === undefined
            ? 'undefined'
            : args[0] === null
              ? 'null'
              : typeof args[0] === 'string'
                ? 'a text'
                : 'an object'),
      );
      await expect(call(...args)).rejects.toThrow("loginAs(auth, { username: 'ann', roles: ['admin'] })");
    },
  );

  test('needs a user', async () => {
    await expect(call(auth)).rejects.toThrow('loginAs() needs a stored user, an id, or { username, roles }');
  });

  test.each([
    [{ username: 'ann', rolse: ['admin'] }, /Unknown option rolse: known are username, roles/],
    [
      { rolse: ['admin'] },
      /username must be a text and is missing; Unknown option rolse: known are username, roles/,
    ],
    [{ username: 'ann', roles: 'admin' }, /with a list of roles: roles must be a list, not a text$/],
    [{ username: 5 }, /: username must be a text, not a number$/],
  ])('names what is wrong with the user %j', async (user, message) => {
    await expect(call(auth, user)).rejects.toThrow(TypeError);
    await expect(call(auth, user)).rejects.toThrow(message);
  });
});
