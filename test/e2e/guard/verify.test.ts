import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { MemoryUserStore, type AuthEvent, type VerifyOptions, type VerifySource } from '../../../src/index';
import { loginAs, testClock } from '../../../src/testing/index';
import { createTestApp } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';

const clock = testClock();
const users = new MemoryUserStore();
const testApp = createTestApp({ clock, users }, (app, auth) => {
  app.get('/next', auth.guard({ onFailure: 'next' }), (_req, res) => res.json({}));
});
const { auth } = testApp;
const events: AuthEvent[] = [];

beforeAll(() => {
  auth.events.onAny((event) => events.push(event));
});
beforeEach(() => {
  events.length = 0;
});
afterAll(() => auth.close());

const admin = () => loginAs(auth, { username: 'ada', roles: ['admin'] });

/** Sends a request to a plain Node server, and hands the request over. */
async function requestWith(headers: Record<string, string>, method = 'GET'): Promise<IncomingMessage> {
  let received: IncomingMessage | undefined;
  const listener: RequestListener = (req, res) => {
    received = req;
    res.end();
  };
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await fetch(`http://127.0.0.1:${port}`, { headers, method });
  server.close();
  return received as IncomingMessage;
}

describe('verify', () => {
  test('returns the user of an access token, and of a request with one as cookie or bearer', async () => {
    const { accessToken, cookie, bearer, user, sessionId } = await admin();
    const expected = { id: user.id, roles: ['admin'], sessionId, authTime: expect.any(Date) };
    await expect(auth.verify(accessToken)).resolves.toEqual(expected);
    await expect(auth.verify(await requestWith({ cookie }))).resolves.toEqual(expected);
    await expect(auth.verify(await requestWith({ authorization: bearer }))).resolves.toEqual(expected);
  });

  test('takes the options of a guard', async () => {
    const { accessToken } = await admin();
    await expect(auth.verify(accessToken, { roles: ['admin'] })).resolves.toBeDefined();
    await expect(auth.verify(accessToken, { roles: ['owner'] })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(auth.verify(accessToken, { loadUser: true })).resolves.toMatchObject({ username: 'ada' });
    await expect(auth.verify(accessToken, { checkSession: true })).resolves.toBeDefined();
    await expect(auth.verify('x', { optional: true })).resolves.toBeUndefined();
    clock.advance('61s');
    await expect(auth.verify(accessToken, { freshWithin: '1m' })).rejects.toMatchObject({
      code: 'REAUTHENTICATION_REQUIRED',
    });
  });

  test.each<[string, VerifySource, string]>([
    ['no token', undefined, 'NO_ACCESS_TOKEN'],
    ['an empty token', '', 'NO_ACCESS_TOKEN'],
    ['another text', 'Bearer x', 'ACCESS_TOKEN_INVALID'],
  ])('refuses %s', async (_kind, source, code) => {
    await expect(auth.verify(source)).rejects.toMatchObject({ code, status: 401 });
    await expect(auth.verify(source, { optional: true })).resolves.toBeUndefined();
  });

  test('refuses an expired token, and that of a session that has ended', async () => {
    const { accessToken, refreshToken } = await admin();
    await auth.sessions.end(refreshToken);
    await expect(auth.verify(accessToken)).rejects.toMatchObject({ code: 'SESSION_REVOKED' });
    clock.advance('31m');
    await expect(auth.verify(accessToken)).rejects.toMatchObject({ code: 'ACCESS_TOKEN_EXPIRED' });
  });

  test('refuses a refresh token, and a token of another user who was deleted when it loads the user', async () => {
    const { accessToken, refreshToken, user } = await loginAs(auth, { username: 'gone' });
    await expect(auth.verify(refreshToken)).rejects.toMatchObject({ code: 'ACCESS_TOKEN_INVALID' });
    await users.update(user.id, { disabled: true });
    await expect(auth.verify(accessToken, { loadUser: true })).rejects.toMatchObject({ status: 401 });
  });

  test('refuses an unsafe request of another site that brings a cookie, and takes one with a bearer token', async () => {
    const { cookie, bearer } = await admin();
    const foreign = { 'sec-fetch-site': 'cross-site' };
    await expect(auth.verify(await requestWith({ cookie, ...foreign }, 'POST'))).rejects.toMatchObject({
      code: 'CROSS_SITE_REQUEST',
    });
    await expect(
      auth.verify(await requestWith({ authorization: bearer, ...foreign }, 'POST')),
    ).resolves.toBeDefined();
    await expect(auth.verify(await requestWith({ cookie, ...foreign }))).resolves.toBeDefined();
  });

  test('refuses the handshake of a WebSocket from a foreign page', async () => {
    const { cookie } = await admin();
    const server = createServer();
    const refused = new Promise<unknown>((resolve) => {
      server.on('upgrade', (req, socket) => {
        socket.destroy();
        auth.verify(req).then(resolve, resolve);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: https://evil.example\r\nCookie: ${cookie}\r\n\r\n`,
    );
    await expect(refused).resolves.toMatchObject({ code: 'CROSS_SITE_REQUEST' });
    socket.destroy();
    server.close();
  });

  test('announces a refusal once, with the route only where there is a request', async () => {
    await expect(auth.verify('x')).rejects.toThrow();
    const forged = await requestWith({ authorization: 'Bearer x' });
    await expect(auth.verify(forged)).rejects.toThrow();
    expect(events).toMatchObject([
      { type: 'refused', code: 'ACCESS_TOKEN_INVALID', method: undefined, route: undefined, ip: undefined },
      { type: 'refused', code: 'ACCESS_TOKEN_INVALID', method: 'GET', route: '/' },
    ]);
  });

  test.each([
    ['a number', 4, 'verify() needs a request of Node or Express, or the text of an access token'],
    ['null', null, 'verify() needs a request'],
    ['a request of fetch', new Request('http://localhost'), 'verify() needs a request of Node or Express'],
  ])('is a TypeError for %s', async (_kind, source, message) => {
    const error: unknown = await auth.verify(source as unknown as string).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).toContain(message);
  });

  test.each([
    [{ renew: true }, 'verify(): Unknown option renew: known are optional'],
    [{ onFailure: 'next' }, 'verify(): Unknown option onFailure'],
    [{ freshWithin: 'soon' }, 'verify(): freshWithin must be seconds'],
    [null, 'verify()'],
  ])('verify(token, %j) is a TypeError that names the option', async (options, message) => {
    const error: unknown = await auth
      .verify('x', options as VerifyOptions)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).toContain(message);
  });
});

describe("guard({ onFailure: 'next' })", () => {
  test('hands the AuthError to the error handler of the app, and writes nothing', async () => {
    const response = await testApp.client().get('/next');
    expect([response.status, response.body]).toEqual([500, { code: 'APP_ERROR' }]);
    expect(response.headers['www-authenticate']).toBeUndefined();
    expect(testApp.unforeseen.pop()).toMatchObject({ code: 'NO_ACCESS_TOKEN', status: 401 });
  });

  test('lets a good token pass', async () => {
    const { cookie } = await admin();
    await testApp.client().get('/next').set('Cookie', cookie).expect(200);
  });

  test('is the answer of the router by default', async () => {
    expectFailure(await testApp.client().get('/profile'), 'NO_ACCESS_TOKEN');
  });
});
