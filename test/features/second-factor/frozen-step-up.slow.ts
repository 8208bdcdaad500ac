import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import pg from 'pg';
import { PostgresUserStore, RedisRefreshTokenStore } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { freezeAtEachCommand } from '../../helpers/servers/freeze-at';
import { startPostgres } from '../../helpers/servers/postgres-server';
import { startRedis } from '../../helpers/servers/redis-server';
import type { TestServer } from '../../helpers/servers/test-server';
import { decodeToken } from '../../helpers/tokens/tokens';
import { factorApp, refused, type Enrolled, type FactorApp } from './factor-app';

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

let servers: Record<'redis' | 'postgres', TestServer>;
let redis: Redis;
let pool: pg.Pool;
let factor: FactorApp;
let ann: { id: string; username: string };
let enrolled: Enrolled;

beforeAll(async () => {
  servers = { redis: await startRedis(), postgres: await startPostgres() };
  redis = new Redis(servers.redis.url);
  redis.on('error', () => undefined);
  pool = new pg.Pool({ connectionString: servers.postgres.url });
  pool.on('error', () => undefined);
  const users = new PostgresUserStore(pool);
  await users.migrate();
  const stores = { users, refreshTokens: new RedisRefreshTokenStore(redis) };
  factor = factorApp({ stores, auth: { limits: { password: false } as never } });
  ann = await factor.createUser('ann');
  enrolled = await factor.enrol('ann');
});

afterAll(async () => {
  await factor.auth.close();
  redis.disconnect();
  await pool.end();
  await Promise.all(Object.values(servers).map((server) => server.stop()));
});

const send = ({ accessToken }: Tokens, body: object, key: string) =>
  factor
    .client()
    .post('/auth/reauthenticate')
    .set({ Authorization: `Bearer ${accessToken}`, 'Idempotency-Key': key })
    .send(body);

/** Of a session that both steps of a login have begun. */
async function newTokens(): Promise<Tokens> {
  const first = await factor.firstStep(factor.client(), ann.username, { transport: 'body' });
  const { challenge } = first.body as { challenge: string };
  const code = enrolled.authenticator.nextCode();
  const answer = await factor.secondStep(factor.client(), { code, challenge });
  expect(answer.status).toBe(200);
  return answer.body as Tokens;
}

test.each<[string, () => object, string[]]>([
  ['a code', () => ({ code: enrolled.authenticator.nextCode() }), ['otp', 'mfa']],
  ['the password', () => ({ password: PASSWORD }), ['pwd', 'mfa']],
])(
  'whichever store freezes before whichever command of a step-up by %s, it is 503, and the same request again finishes',
  async (_what, proof, amr) => {
    await freezeAtEachCommand(servers, async () => {
      const tokens = await newTokens();
      const [body, key] = [proof(), randomUUID()];
      return {
        send: () => send(tokens, body, key),
        async expectDone(again) {
          expect(again.status).toBe(200);
          const { accessToken, refreshToken } = again.body as Tokens;
          expect(decodeToken(accessToken).payload['amr']).toEqual(amr);
          expect((await factor.client().post('/auth/refresh').send({ refreshToken })).status).toBe(200);
          if ('code' in body)
            expect((await send(await newTokens(), body, randomUUID())).body).toEqual(
              refused('INVALID_SECOND_FACTOR'),
            );
        },
      };
    });
  },
  300_000,
);
