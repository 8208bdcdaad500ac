import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import passport from 'passport';
import { Server as SocketServer } from 'socket.io';
import { io } from 'socket.io-client';
import {
  AuthError,
  createAuth,
  MemoryRefreshTokenStore,
  MemoryUserStore,
  PostgresUserStore,
  RedisRefreshTokenStore,
} from '../../../src/index';
import { testAuth, userStoreContract, type ContractCase } from '../../../src/testing/index';
import { optionsWith, refusal } from '../../helpers/apps/options';

/** What a developer gets who calls something in a way that can't work: what is wrong, and the call that works. */
const auth = testAuth();
const english = testAuth({ locale: 'en' });
afterAll(() => Promise.all([auth.close(), english.close()]));

const guards: [name: string, guard: RequestHandler][] = [
  ['tokenVerify', auth.tokenVerify],
  ['guard({ optional })', auth.guard({ optional: true })],
  ['guard({ loadUser })', auth.guard({ loadUser: true })],
  ['guard({ renew })', auth.guard({ renew: true })],
];

describe.each(guards)('%s', (_name, guard) => {
  test.each([[undefined], [{}], ['next']])('throws if next is %j', (next) => {
    const call = () =>
      void guard({ headers: {} } as Request, {} as Response, next as unknown as NextFunction);
    expect(call).toThrow(TypeError);
    expect(call).toThrow('auth.tokenVerify(req, res, next)');
  });

  test.each([[undefined], [null], [{}], ['GET /'], [{ headers: undefined }], [{ headers: null }]])(
    'hands a TypeError to next if the request is %j',
    (req) => {
      const next = jest.fn();
      guard(req as unknown as Request, {} as Response, next);
      expect(next).toHaveBeenCalledTimes(1);
      const [error] = next.mock.calls[0] as [TypeError];
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain('A guard needs a request as its first argument');
    },
  );

  test('tells a client of socket.io, and so the developer, that it got a socket', async () => {
    const http = createServer();
    const server = new SocketServer(http);
    server.use(
      (socket, next) => void guard(socket as unknown as Request, {} as Response, next as NextFunction),
    );
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const socket = io(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, { reconnection: false });
    const error = await new Promise((resolve) =>
      socket.on('connect_error', resolve).on('connect', resolve as () => void),
    );
    expect(error).toMatchObject({
      message: 'A guard got a socket in place of a request: call auth.tokenVerify(socket.request, {}, next)',
    });
    socket.disconnect();
    await server.close();
  });
});

test.each([[undefined], [{}], ['ko']])('textOf() throws if the request is %j', (req) => {
  for (const what of [new AuthError('FORBIDDEN'), 'FORBIDDEN', { path: 'x', message: 'y' }, undefined]) {
    const call = () => auth.textOf(what, req as unknown as Request);
    expect(call).toThrow(TypeError);
    expect(call).toThrow('auth.textOf(error, req)');
  }
});

test('textOf() needs no request if the option locale says the language', () => {
  expect(english.textOf(new AuthError('FORBIDDEN'), undefined as unknown as Request)).toBe('Forbidden');
});

test.each([['not here'], [null], [new Error('cause')], [5]])(
  'new AuthError() refuses the details %p',
  (details) => {
    const make = () => new AuthError('FORBIDDEN', details as object);
    expect(make).toThrow(TypeError);
    expect(make).toThrow("as in new AuthError('FORBIDDEN', { cause: error })");
  },
);

test('new AuthError() names the known codes', () => {
  const make = () => new AuthError('X' as 'FORBIDDEN');
  expect(make).toThrow(TypeError);
  expect(make).toThrow('Unknown code X: known are VALIDATION_FAILED, ');
});

test.each<[option: string, value: unknown, message: string]>([
  ['users', PostgresUserStore, 'users is a class: make a UserStore of it, new PostgresUserStore(…)'],
  ['users', MemoryUserStore, 'users is a class: make a UserStore of it, new MemoryUserStore(…)'],
  ['refreshTokens', RedisRefreshTokenStore, 'new RedisRefreshTokenStore(…)'],
  ['refreshTokens', MemoryRefreshTokenStore, 'new MemoryRefreshTokenStore(…)'],
  ['passport', passport.Passport, 'passport is a class: make a Passport instance of it, new '],
  ['users', class Other {}, 'users must be a UserStore, with the methods'],
  ['users', () => new MemoryUserStore(), 'users must be a UserStore, with the methods'],
])('createAuth() says how to pass the option %s if it gets %p', (option, value, message) => {
  expect(refusal({ [option]: value })).toBeInstanceOf(TypeError);
  expect(refusal({ [option]: value }).message).toContain(message);
  expect(() => createAuth(optionsWith({ [option]: value }))).toThrow(message);
});

test('a contract suite says that it needs a function if it gets a class', async () => {
  const [first] = userStoreContract(MemoryUserStore as never) as [ContractCase];
  await expect(first.run()).rejects.toThrow(
    'needs a function that makes a store: userStoreContract(() => new MyStore())',
  );
});

describe('auth.events', () => {
  const methods = ['on', 'once', 'addListener', 'prependListener', 'prependOnceListener'] as const;
  test.each([...methods, 'off', 'removeListener', 'removeAllListeners', 'emit'] as const)(
    '%s() refuses an event that does not exist',
    (method) => {
      const call = (name: unknown) => () =>
        (auth.events as unknown as Record<string, (...args: unknown[]) => unknown>)[method]?.(
          name,
          jest.fn(),
        );
      expect(call('logins')).toThrow(TypeError);
      expect(call('logins')).toThrow(/Unknown event logins: known are .* \(did you mean login/);
      expect(call(undefined)).toThrow('Unknown event undefined');
      expect(call('login')).not.toThrow();
      auth.events.removeAllListeners('login');
    },
  );

  test('removeAllListeners() without a name removes all', () => {
    const listener = jest.fn();
    auth.events.on('login', listener).once('reuse', listener).removeAllListeners();
    expect([auth.events.listenerCount('login'), auth.events.listenerCount('reuse')]).toEqual([0, 0]);
  });
});
