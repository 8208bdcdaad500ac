import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { MemoryUserStore, type AuthEvent } from '../../../src/index';
import { originOf } from '../../../src/http/request-origin';
import { createTestApp } from '../../helpers/apps/app';

type Tokens = Record<'accessToken' | 'refreshToken', string>;

const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

describe('the origin that a client claims, sent over a plain socket', () => {
  const users = new MemoryUserStore();
  // The worst configuration: any X-Forwarded-For becomes req.ip.
  const testApp = createTestApp({ users }, (app) => app.set('trust proxy', true));
  const server = createServer(testApp.app);
  const announced: AuthEvent[] = [];
  let userId: string;

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    userId = (await users.create({ username: 'ann', passwordHash: null })).id;
    testApp.auth.events.onAny((event) => announced.push(event));
  });
  beforeEach(() => void (announced.length = 0));
  afterAll(async () => {
    server.close();
    await testApp.auth.close();
  });

  /** Logs ann in with these bytes as headers. @returns the status */
  const login = async (headers: string): Promise<string> => {
    const body = '{"username":"ann"}';
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const lines = [
      'POST /quick-login HTTP/1.1\r\nHost: localhost\r\nConnection: close',
      `Content-Type: application/json\r\nContent-Length: ${body.length}`,
      `${headers}\r\n\r\n${body}`,
    ];
    socket.end(Buffer.from(lines.join('\r\n'), 'latin1'));
    return (await text(socket)).slice(9, 12);
  };
  const announcedOrigin = async () => {
    const [event] = announced as AuthEvent<'login'>[];
    const [session] = await testApp.auth.sessions.list(userId);
    await testApp.auth.sessions.revokeAll(userId);
    expect(announced[0]?.type).toBe('login');
    expect({ ip: session?.ip, userAgent: session?.userAgent }).toEqual({
      ip: event?.ip,
      userAgent: event?.userAgent,
    });
    expect(`${event?.ip}${event?.userAgent}`).not.toMatch(UNSAFE);
    return event as AuthEvent<'login'>;
  };

  test.each([
    ['a tab', 'a\tb', 'a\\u{9}b'],
    ['the 8-bit CSI of terminals', '\x9b31mred', '\\u{9b}31mred'],
    ['NEL', 'a\x85b', 'a\\u{85}b'],
    ['the bytes of U+2028', 'a\xe2\x80\xa8b', 'aâ\\u{80}¨b'],
    ['the bytes of U+202E', 'a\xe2\x80\xaeb', 'aâ\\u{80}®b'],
  ])('is escaped when it contains %s', async (_what, sent, shown) => {
    expect(await login(`User-Agent: ${sent}\r\nX-Forwarded-For: ${sent}`)).toBe('200');
    expect(await announcedOrigin()).toMatchObject({ ip: shown, userAgent: shown });
  });

  test('is cut off when it has 10 kB', async () => {
    const sent = 'x'.repeat(5000);
    expect(await login(`User-Agent: ${sent}\r\nX-Forwarded-For: ${sent}`)).toBe('200');
    expect(await announcedOrigin()).toMatchObject({ ip: 'x'.repeat(64), userAgent: 'x'.repeat(512) });
  });

  test.each([
    ['NUL', 'a\0b'],
    ['ESC', '\x1b[2Jlogin'],
    ['a bare CR', 'a\rb'],
  ])('is refused by Node when it contains %s', async (_what, sent) => {
    expect(await login(`User-Agent: ${sent}`)).toBe('400');
    expect(announced).toEqual([]);
  });
});

test.each(['203.0.113.1:5101', '[2001:db8:0:7::1]:443', 'fe80:1::1%eth0', '::ffff:198.51.100.7'])(
  'behind a gateway that writes %s, a client has its own limit, and its address is shown plainly',
  async (forwarded) => {
    const testApp = createTestApp({ limits: { register: { attempts: 1 } } }, (app) =>
      app.set('trust proxy', 1),
    );
    const locked: AuthEvent<'locked'>[] = [];
    testApp.auth.events.on('locked', (event) => locked.push(event));
    const attempt = { username: 'ann', password: 'correct horse 9 battery' };
    const statuses: number[] = [];
    for (const address of [forwarded, '192.0.2.99', forwarded]) {
      const request = testApp.client().post('/auth/register').set('X-Forwarded-For', address);
      statuses.push((await request.send(attempt)).status);
    }
    expect(statuses).toEqual([201, 409, 429]);
    expect(locked[0]?.ip).toMatch(/^[\da-f.:]+$/);
    expect(locked[0]?.ip).not.toMatch(/:5101|443|ffff/);
    await testApp.auth.close();
  },
);

test.each([
  {
    before: 'the guard has asked the store',
    event: 'refused',
    head: ({ accessToken }: Tokens) =>
      `GET /admin HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${accessToken}\r\n\r\n`,
    expected: { code: 'FORBIDDEN' },
  },
  {
    before: 'its token is refreshed',
    event: 'refresh',
    head: ({ refreshToken }: Tokens) =>
      `POST /auth/refresh HTTP/1.1\r\nHost: a\r\nCookie: refreshToken=${refreshToken}\r\nContent-Length: 0\r\n\r\n`,
    expected: { replayed: false },
  },
] as const)(
  'the address of a client that disconnects before $before is still announced',
  async ({ event, head, expected }) => {
    const users = new MemoryUserStore();
    const testApp = createTestApp({ users }, (app, auth) => {
      app.get('/admin', auth.guard({ roles: ['admin'], loadUser: true }), (_req, res) => res.sendStatus(204));
    });
    const ann = await users.create({ username: 'ann', passwordHash: null });
    const tokens = await testApp.tokensOf('ann');
    const announced = new Promise((resolve) => testApp.auth.events.once(event, resolve));
    const server = createServer(testApp.app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const connection = once(server, 'connection') as Promise<[Socket]>;
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    jest.spyOn(users, 'findById').mockImplementation(async () => {
      socket.destroy();
      await connection.then(([broken]) => once(broken, 'close'));
      return ann;
    });
    socket.write(head(tokens));
    expect(await announced).toMatchObject({ ...expected, ip: '127.0.0.1', userId: ann.id });
    server.close();
    await testApp.auth.close();
  },
);

describe('originOf, for requests that Node would normally refuse', () => {
  const forged = 'a\r\nlogin ok\0\x1b[2J\u2028\u202e';
  const shown = 'a\\u{d}\\u{a}login ok\\u{0}\\u{1b}[2J\\u{2028}\\u{202e}';

  test('escapes characters that could forge a log line', () => {
    expect(originOf({ ip: forged, headers: { 'user-agent': forged } })).toEqual({
      ip: shown.slice(0, 64),
      userAgent: shown,
    });
  });

  test.each([
    ['203.0.113.1:5101', '203.0.113.1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['[2001:DB8:0:0::1]', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['unknown', 'unknown'],
    ['192.0.2.1, 10.0.0.1', '192.0.2.1, 10.0.0.1'],
  ])('shows the address %s as %s', (ip, plain) => {
    expect(originOf({ ip, headers: {} }).ip).toBe(plain);
  });

  test('leaves missing values undefined', () => {
    expect(originOf({ ip: undefined, headers: {} })).toEqual({ ip: undefined, userAgent: undefined });
  });
});
