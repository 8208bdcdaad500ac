import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import pg from 'pg';
import { PostgresUserStore, RedisRefreshTokenStore } from '../../../src/index';
import { PASSWORD } from '../../helpers/apps/app';
import { BRIEF, PATIENT, useCallTimes } from '../../helpers/call-times';
import { eventually } from '../../helpers/eventually';
import { freezeAt } from '../../helpers/servers/freeze-at';
import { startPostgres } from '../../helpers/servers/postgres-server';
import { startRedis } from '../../helpers/servers/redis-server';
import type { TestServer } from '../../helpers/servers/test-server';
import { decodeToken } from '../../helpers/tokens/tokens';
import { factorApp, refused, type Enrolled, type FactorApp } from './factor-app';
import { startStopwatch } from '../../helpers/within';

afterEach(() => useCallTimes(PATIENT));

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
    for (let nth = 1; ; nth += 1) {
      const tokens = await newTokens();
      const [body, key] = [proof(), randomUUID()];
      const freezing = freezeAt(servers, nth);
      useCallTimes(BRIEF);
      const elapsed = startStopwatch();
      const first = await send(tokens, body, key);
      const tookMs = elapsed();
      freezing.end();
      useCallTimes(PATIENT);
      if (!freezing.frozen) {
        if (first.status !== 503) break;
        // On a busy machine a command before that one took too long.
        nth -= 1;
        continue;
      }
      servers[freezing.frozen].thaw();
      expect(tookMs).toBeLessThan(2500);
      expect([200, 503]).toContain(first.status);
      let again = first;
      await eventually('an answer', async () => (again = await send(tokens, body, key)).status !== 503);
      expect(again.status).toBe(200);
      const raised = again.body as Tokens;
      expect(decodeToken(raised.accessToken).payload['amr']).toEqual(amr);
      const { refreshToken } = raised;
      expect((await factor.client().post('/auth/refresh').send({ refreshToken })).status).toBe(200);
      if ('code' in body)
        expect((await send(await newTokens(), body, randomUUID())).body).toEqual(
          refused('INVALID_SECOND_FACTOR'),
        );
    }
  },
  300_000,
);
