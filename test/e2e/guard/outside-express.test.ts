import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { Server as SocketServer, type Socket } from 'socket.io';
import { io, type ManagerOptions, type SocketOptions } from 'socket.io-client';
import supertest from 'supertest';
import { AuthError, type AuthEvent } from '../../../src/index';
import { testClock } from '../../../src/testing/index';
import { cookieHeader, createTestApp } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';

const clock = testClock();
const testApp = createTestApp({ clock, trustedOrigins: ['https://app.example.com'] });
const { auth } = testApp;
const events: AuthEvent[] = [];
const closers: (() => unknown)[] = [];
let cookie: string;

beforeAll(async () => {
  await testApp.register('ann');
  auth.events.onAny((event) => events.push(event));
});
beforeEach(async () => {
  const { accessToken, refreshToken } = await testApp.tokensOf('ann');
  cookie = cookieHeader({ accessToken, refreshToken });
  events.length = 0;
});
afterAll(async () => {
  for (const close of closers) await close();
  await auth.close();
});

async function listen(server: Server): Promise<string> {
  closers.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a guard in front of a plain node:http handler', () => {
  /** The handler says who came; an error that isn't answered is a 500. */
  const serve = (guard: RequestHandler) =>
    listen(
      createServer((req, res) => {
        guard(
          req as Request,
          res as unknown as Response,
          ((error?: unknown) => {
            const { user, authInfo } = req as Request;
            res.statusCode = error ? 500 : 200;
            res.end(error ? 'the error of the app' : JSON.stringify({ id: user?.id, ...authInfo }));
          }) as NextFunction,
        );
      }),
    );

  test.each([
    ['tokenVerify', auth.tokenVerify],
    ['guard({ loadUser, checkSession })', auth.guard({ loadUser: true, checkSession: true })],
    ['guard({ renew })', auth.guard({ renew: true })],
  ])('%s lets a good token pass and answers every other request as in Express', async (_name, guard) => {
    const client = supertest(await serve(guard));
    expect(JSON.parse((await client.get('/').set('Cookie', cookie)).text)).toMatchObject({
      id: expect.any(String) as string,
    });
    const expressAnswer = await testApp.client().get('/profile').set('Accept-Language', 'ko');
    const answer = await client.get('/').set('Accept-Language', 'ko');
    expectFailure(await client.get('/'), 'NO_ACCESS_TOKEN');
    expect([answer.status, answer.body]).toEqual([expressAnswer.status, expressAnswer.body]);
    for (const name of ['content-type', 'www-authenticate', 'cache-control', 'content-language', 'vary'])
      expect([name, answer.headers[name]]).toEqual([name, expressAnswer.headers[name]]);
    expectFailure(await client.get('/').set('Authorization', 'Bearer x'), 'ACCESS_TOKEN_INVALID');
    const foreign = await client.post('/').set('Cookie', cookie).set('Origin', 'https://evil.example.com');
    expectFailure(foreign, 'CROSS_SITE_REQUEST');
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'refused', code: 'CROSS_SITE_REQUEST', ip: '127.0.0.1', route: '/' }),
    );
  });

  test('the own origin of the server is no foreign one', async () => {
    const url = await serve(auth.tokenVerify);
    await supertest(url).post('/').set('Cookie', cookie).set('Origin', url).expect(200);
  });

  test('an optional guard lets an anonymous visitor pass and says why', async () => {
    const client = supertest(await serve(auth.guard({ optional: true, renew: true })));
    expect((await client.get('/').expect(200)).text).toBe('{"code":"NO_ACCESS_TOKEN"}');
    const refused = await client.get('/').set('Cookie', 'refreshToken=x').expect(200);
    expect(refused.headers['set-cookie']).toHaveLength(2);
  });

  test('guard({ renew }) replaces both cookies', async () => {
    clock.advance('31m');
    const response = await supertest(await serve(auth.guard({ renew: true })))
      .get('/')
      .set('Cookie', cookie);
    expect([response.status, response.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(response.headers['set-cookie']).toHaveLength(2);
  });

  test('a role that is missing and a login that is too old are answered too', async () => {
    clock.advance('6m');
    const editors = supertest(await serve(auth.guard({ roles: ['editor'] })));
    expectFailure(await editors.get('/').set('Cookie', cookie), 'FORBIDDEN');
    const fresh = supertest(await serve(auth.guard({ freshWithin: '5m' })));
    expectFailure(await fresh.get('/').set('Cookie', cookie), 'REAUTHENTICATION_REQUIRED');
  });
});

describe('a guard without a response', () => {
  type Outcome = { error: unknown; user: unknown };

  /** What `next` gets when the request asks for a WebSocket. */
  function upgrade(
    guard: RequestHandler,
    headers: Record<string, string>,
    third?: unknown,
  ): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const server = createServer();
      server.on('upgrade', (req: IncomingMessage, socket) => {
        const res = third === 'socket' ? socket : third;
        guard(
          req as Request,
          res as Response,
          ((error?: unknown) => {
            socket.destroy();
            server.close();
            resolve({ error, user: (req as Request).user });
          }) as NextFunction,
        );
      });
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        const handshake = { Connection: 'Upgrade', Upgrade: 'websocket', ...headers };
        const request = httpRequest({ port, host: '127.0.0.1', headers: handshake });
        request.on('error', () => undefined);
        request.end();
      });
      setTimeout(reject, 10_000, new Error('next was not called')).unref();
    });
  }

  test.each([
    ['undefined', undefined],
    ['an empty object', {}],
    ['the socket', 'socket'],
  ])('hands every refusal to next: %s in place of a response', async (_what, third) => {
    for (const guard of [auth.tokenVerify, auth.guard({ loadUser: true }), auth.guard({ renew: true })]) {
      expect(await upgrade(guard, { Cookie: cookie }, third)).toMatchObject({
        error: undefined,
        user: { roles: [] },
      });
      const { error } = await upgrade(guard, {}, third);
      expect(error).toBeInstanceOf(AuthError);
      expect(error).toMatchObject({ code: 'NO_ACCESS_TOKEN', status: 401 });
    }
  });

  test('spends no refresh token, because no cookie could carry the new ones', async () => {
    clock.advance('31m');
    const { error } = await upgrade(auth.guard({ renew: true }), { Cookie: cookie });
    expect(error).toMatchObject({ code: 'ACCESS_TOKEN_EXPIRED' });
    expect(events.filter(({ type }) => type === 'refresh')).toEqual([]);
  });

  test.each([
    ['a foreign Origin', { Origin: 'https://evil.example.com' }],
    ['a foreign Sec-Fetch-Site', { 'Sec-Fetch-Site': 'cross-site' }],
  ])('refuses the handshake of a WebSocket with a cookie and %s', async (_what, headers) => {
    const { error } = await upgrade(auth.tokenVerify, { Cookie: cookie, ...headers });
    expect(error).toMatchObject({ code: 'CROSS_SITE_REQUEST', status: 403 });
  });

  test.each([
    ['a trusted Origin', { Origin: 'https://app.example.com' }],
    ['no Origin, as from a client that is no browser', {}],
  ])('accepts the handshake of a WebSocket with a cookie and %s', async (_what, headers) => {
    expect((await upgrade(auth.tokenVerify, { Cookie: cookie, ...headers })).error).toBeUndefined();
  });

  test('accepts a header from any Origin, because browsers add none by themselves', async () => {
    const { accessToken } = await testApp.tokensOf('ann');
    const headers = { Authorization: `Bearer ${accessToken}`, Origin: 'https://evil.example.com' };
    expect((await upgrade(auth.tokenVerify, headers)).error).toBeUndefined();
  });
});

describe('a guard in socket.io', () => {
  async function serve(useGuard: (server: SocketServer) => void): Promise<string> {
    const http = createServer();
    const server = new SocketServer(http);
    closers.push(() => server.close());
    useGuard(server);
    server.on('connection', (socket) => socket.emit('id', (socket.request as Request).user?.id));
    return listen(http);
  }

  /** The id that the server greets with, or the error that the client gets. */
  function connect(url: string, options: Partial<ManagerOptions & SocketOptions>): Promise<unknown> {
    const socket = io(url, { reconnection: false, forceNew: true, ...options });
    return new Promise<unknown>((resolve) => {
      socket.on('id', resolve).on('connect_error', resolve);
    }).finally(() => socket.disconnect());
  }

  test('io.use: a good token connects, and every other client gets the error of the guard', async () => {
    const url = await serve((server) =>
      server.use((socket: Socket, next) =>
        auth.tokenVerify(
          socket.request as Request,
          {} as Response,
          ((error?: AuthError) => next(error && Object.assign(error, { data: error }))) as NextFunction,
        ),
      ),
    );
    for (const transports of [['polling'], ['websocket']]) {
      const id = await connect(url, { transports, extraHeaders: { Cookie: cookie } });
      expect(id).toEqual(expect.any(String));
      expect(await connect(url, { transports })).toMatchObject({ message: 'No access token' });
      const foreign = { Cookie: cookie, Origin: 'https://evil.example.com', 'Sec-Fetch-Site': 'cross-site' };
      if (transports[0] === 'websocket')
        expect(await connect(url, { transports, extraHeaders: foreign })).toMatchObject({
          message: 'Cross-site request refused',
        });
    }
  });

  test.each([
    ['tokenVerify', auth.tokenVerify],
    ['guard({ renew })', auth.guard({ renew: true })],
  ])('io.engine.use(auth.%s) refuses a handshake without a good token', async (_name, guard) => {
    const url = await serve((server) => server.engine.use(guard));
    for (const transports of [['polling'], ['websocket']]) {
      const id = await connect(url, { transports, extraHeaders: { Cookie: cookie } });
      expect(id).toEqual(expect.any(String));
      expect(await connect(url, { transports })).toBeInstanceOf(Error);
      expect(await connect(url, { transports, extraHeaders: { Cookie: 'accessToken=x' } })).toBeInstanceOf(
        Error,
      );
    }
    const answer = await supertest(url).get('/socket.io/?EIO=4&transport=polling');
    expectFailure(answer, 'NO_ACCESS_TOKEN');
  });
});
