import { Redis } from 'ioredis';
import pg from 'pg';
import { PostgresUserStore, RedisRefreshTokenStore } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { freezeAtEachCommand } from '../../helpers/servers/freeze-at';
import { startPostgres } from '../../helpers/servers/postgres-server';
import { startRedis } from '../../helpers/servers/redis-server';
import type { TestServer } from '../../helpers/servers/test-server';
import { emailApp, NEW_PASSWORD, tokenOf, type EmailApp } from './email-app';

let servers: Record<'redis' | 'postgres', TestServer>;
let redis: Redis;
let pool: pg.Pool;
let users: PostgresUserStore;
let refreshTokens: RedisRefreshTokenStore;
let email: EmailApp;
let passwordHash: string;
let count = 0;

beforeAll(async () => {
  servers = { redis: await startRedis(), postgres: await startPostgres() };
  redis = new Redis(servers.redis.url);
  redis.on('error', () => undefined);
  pool = new pg.Pool({ connectionString: servers.postgres.url });
  pool.on('error', () => undefined);
  users = new PostgresUserStore(pool);
  await users.migrate();
  refreshTokens = new RedisRefreshTokenStore(redis);
  email = emailApp({ stores: { users, refreshTokens }, auth: { limits: { password: false } as never } });
  passwordHash = await email.auth.passwords.hash(PASSWORD);
});

afterAll(async () => {
  await email.auth.close();
  redis.disconnect();
  await pool.end();
  await Promise.all(Object.values(servers).map((server) => server.stop()));
});

interface Flow {
  /** Brings the user to the last step. @returns that step, which is sent again after an outage */
  begin(user: { address: string; next: string }): Promise<() => Promise<{ status: number; body: unknown }>>;
  /** What holds after the end. */
  expectDone(user: { address: string; next: string }): Promise<void>;
}

const post = async (client: Pick<ReturnType<EmailApp['browser']>, 'post'>, path: string, body: object) => {
  const { status, body: answer } = (await client.post(`/auth${path}`).send(body)) as {
    status: number;
    body: unknown;
  };
  return { status, body: answer };
};
const loginStatus = async (username: string, password: string) =>
  (await post(email.client(), '/login', { username, password })).status;
/** The session that each user had before. */
const sessions = new Map<string, ReturnType<EmailApp['browser']>>();

async function userWithSession(address: string) {
  await users.create({ username: address, passwordHash });
  const browser = email.browser();
  expect((await post(browser, '/login', { username: address, password: PASSWORD })).status).toBe(200);
  sessions.set(address, browser);
  return browser;
}

/** @returns the step that confirms the change */
const changed = async ({ address, next }: { address: string; next: string }) => {
  const browser = await userWithSession(address);
  await post(browser, '/email/change', { username: next });
  const token = tokenOf(await email.mailTo(next, 'email-change'));
  return () => post(browser, '/email/change/confirm', { token });
};

const FLOWS: Record<string, Flow> = {
  verify: {
    async begin({ address }) {
      const browser = email.browser();
      await post(browser, '/register', { username: address, password: PASSWORD });
      const token = tokenOf(await email.mailTo(address, 'verify'));
      return () => post(browser, '/email/verify', { token });
    },
    async expectDone({ address }) {
      expect(await loginStatus(address, PASSWORD)).toBe(200);
    },
  },
  reset: {
    async begin({ address }) {
      await userWithSession(address);
      await post(email.client(), '/password/forgot', { username: address });
      const token = tokenOf(await email.mailTo(address, 'reset'));
      return () => post(email.client(), '/password/reset', { token, newPassword: NEW_PASSWORD });
    },
    async expectDone({ address }) {
      expect([await loginStatus(address, PASSWORD), await loginStatus(address, NEW_PASSWORD)]).toEqual([
        401, 200,
      ]);
      expect((await sessions.get(address)?.post('/auth/refresh'))?.status).toBe(401);
      await email.mailTo(address, 'password-changed');
    },
  },
  confirm: {
    async begin(user) {
      return changed(user);
    },
    async expectDone({ address, next }) {
      expect([await loginStatus(address, PASSWORD), await loginStatus(next, PASSWORD)]).toEqual([401, 200]);
      await email.mailTo(address, 'email-changed');
    },
  },
  undo: {
    async begin(user) {
      await (
        await changed(user)
      )();
      const token = tokenOf(await email.mailTo(user.address, 'email-changed'));
      return () => post(email.client(), '/email/change/undo', { token });
    },
    async expectDone({ address, next }) {
      expect(await users.findByUsername(address)).toBeDefined();
      expect(await users.findByUsername(next)).toBeUndefined();
      expect(await loginStatus(address, PASSWORD)).toBe(401);
      expect((await sessions.get(address)?.post('/auth/refresh'))?.status).toBe(401);
    },
  },
};

test.each(Object.keys(FLOWS))(
  'whichever store freezes before whichever command of %s, it is 503, and the same request again finishes',
  async (name) => {
    const { begin, expectDone } = FLOWS[name] as Flow;
    await freezeAtEachCommand(servers, async () => {
      count += 1;
      const user = { address: `user${count}@example.com`, next: `next${count}@example.com` };
      return {
        send: await begin(user),
        async expectDone({ status }) {
          // Its token may have been taken in the outage, as the last step but the notices. Then everything is done all the same.
          expect([200, 401]).toContain(status);
          await expectDone(user);
        },
      };
    });
  },
  300_000,
);
