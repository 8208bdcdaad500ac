// An app with WebSockets, in a separate process: guarded, or accepted by the app itself, to compare the two.
import { createServer } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Redis } from 'ioredis';
import { createAuth, MemoryUserStore, RedisRefreshTokenStore, userOf } from 'passport-visa';
import { WebSocketServer } from 'ws';
import { answerCalls, childSettings } from '../bench/lib/child.mjs';
import { ACCESS_SECRET, REFRESH_SECRET } from '../bench/lib/shared-settings.mjs';

const PARALLEL_LOGINS = 50;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const { redisUrl, isGuarded = true } = childSettings();
const users = new MemoryUserStore();
const auth = createAuth({
  users,
  refreshTokens: new RedisRefreshTokenStore(new Redis(redisUrl)),
  accessToken: { secret: ACCESS_SECRET, cacheSize: 0 },
  refreshToken: { secret: REFRESH_SECRET },
  limits: { sessions: false },
});
const server = createServer();
const wss = new WebSocketServer({ noServer: true });
if (isGuarded) auth.upgrade(wss);
server.on('upgrade', async (req, socket, head) => {
  const user = isGuarded ? undefined : await auth.verify(req);
  wss.handleUpgrade(req, socket, head, (ws) => {
    // Both variants keep the user.
    Object.assign(ws, { user: user ?? userOf(req) });
    ws.on('error', () => undefined);
    ws.on('message', (data) => ws.send(data));
  });
});
await auth.ready();
await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));

/** Milliseconds since 1970, as the clients take the time. */
const now = () => performance.timeOrigin + performance.now();

answerCalls(/** @type {import('node:net').AddressInfo} */ (server.address()).port, {
  /** @param {{ count: number, username?: string }} wanted */
  async logIn({ count, username = 'ann' }) {
    const known = await users.findByUsername(username);
    const user = known ?? (await users.create({ username, passwordHash: null, roles: ['reader'] }));
    /** @type {{ userId: string, sessionId: string, token: string }[]} */
    const logins = [];
    const logIn = async () => {
      while (logins.length < count) {
        const { sessionId, accessToken } = await auth.sessions.start(user.id);
        if (logins.length < count) logins.push({ userId: user.id, sessionId, token: accessToken });
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_LOGINS }, logIn));
    return logins;
  },
  /** Ends a session. @returns when it was asked to @param {{ userId: string, sessionId: string }} session */
  async signOut({ userId, sessionId }) {
    const at = now();
    await auth.sessions.revoke(userId, sessionId);
    return at;
  },
  /** @param {string} userId */
  async signOutEveryDevice(userId) {
    const at = now();
    await auth.sessions.revokeAll(userId);
    return at;
  },
  /** What the app itself would do, without a session. @returns when it was asked to */
  closeAll() {
    const at = now();
    for (const ws of wss.clients) ws.close(4401, 'SESSION_REVOKED');
    return at;
  },
  async memory() {
    // What one collection frees may keep what only the next one frees.
    for (let times = 0; times < 4; times += 1) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const connections = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    return { heap: process.memoryUsage().heapUsed, open: wss.clients.size, connections };
  },
});
