import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { MemoryUserStore } from '../../../src/index';
import { createTestApp, PASSWORD, type TestApp } from '../../helpers/apps/app';
import { useRealPasswords } from '../../helpers/apps/quick-passwords';
import { eventually } from '../../helpers/eventually';

useRealPasswords();

let app: TestApp;
let server: Server;
let release: () => void;
let released: Promise<void>;
let hashed: string[];
let unavailable: number;

beforeEach(async () => {
  hashed = [];
  unavailable = 0;
  released = new Promise<void>((resolve) => (release = resolve));
  app = createTestApp({
    users: new MemoryUserStore(),
    password: {
      hasher: {
        async hash(password) {
          hashed.push(password);
          if (password.startsWith('wait')) await released;
          return `new:${password}`;
        },
        async verify(password, hash) {
          hashed.push(password);
          if (password.startsWith('wait')) await released;
          return hash === `new:${password}`;
        },
      },
    },
  });
  app.auth.events.on('unavailable', () => (unavailable += 1));
  await app.auth.ready();
  server = app.app.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  release();
  server.closeAllConnections();
  server.close();
  await app.auth.close();
});

/** Sends a request, and returns a function that hangs up. */
function send(path: string, body: object, headers = ''): () => void {
  const text = JSON.stringify(body);
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${headers}Content-Length: ${text.length}\r\n\r\n${text}`,
  );
  return () => void socket.destroy();
}

const connections = () =>
  new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));

test.each(['login', 'register', 'password'])(
  'POST /%s hashes nothing for clients that have hung up before their turn',
  async (path) => {
    await app.register('ann');
    const { accessToken } = await app.tokensOf('ann');
    // They take all turns, and wait.
    for (let n = 0; n < 8; n += 1) send('/auth/login', { username: `user ${n}`, password: 'wait' });
    await eventually('no turn is free', async () => (await connections()) === 8 && hashed.includes('wait'));
    const before = hashed.length;
    const bodies = (n: number) =>
      ({
        login: { username: `bob ${n}`, password: 'left' },
        register: { username: `bob ${n}`, password: 'left the page in a hurry' },
        password: { currentPassword: 'left', newPassword: 'left the page in a hurry' },
      })[path] as object;
    const open = await connections();
    const authorization = path === 'password' ? `Authorization: Bearer ${accessToken}\r\n` : '';
    const hangUps = [0, 1, 2, 3].map((n) => send(`/auth/${path}`, bodies(n), authorization));
    await eventually('the requests have come', async () => (await connections()) === open + 4);
    // This one comes after them, so they wait by now.
    await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/auth/info`);
    for (const hangUp of hangUps) hangUp();
    await eventually('the connections have gone', async () => (await connections()) <= open + 1);
    release();
    const login = await app.client().post('/auth/login').send({ username: 'ann', password: PASSWORD });
    expect(login.status).toBe(200);
    expect(hashed.slice(before).filter((each) => each.startsWith('left'))).toEqual([]);
    expect(unavailable).toBe(0);
  },
);
