import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { cliProcess, expectCliFailure } from '../helpers/apps/cli';
import { freePort } from '../helpers/servers/free-port';

const TWO_SECONDS_MS = 2000;
/** For starting Node on a slow, busy machine. With the time above it is less than the 10 s that ioredis itself waits. */
const START_OF_NODE_MS = 7000;

const database = process.env['TEST_POSTGRES_URL'] as string;

test.each([
  ['PostgreSQL', 'DATABASE_URL', (port: number) => `postgres://127.0.0.1:${port}/postgres`],
  ['Redis', 'REDIS_URL', (port: number) => `redis://127.0.0.1:${port}`],
])('an outage of %s is reported within two seconds, in words', async (name, variable, urlOf) => {
  // It reads, and never answers. Sockets that are not read would stay open, and keep this process alive.
  const frozen = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
  await once(frozen, 'listening');
  const frozenPort = (frozen.address() as AddressInfo).port;
  for (const [port, reason] of [
    [await freePort(), /ECONNREFUSED/],
    [frozenPort, /timeout|within 1\.5 s/],
  ] as const) {
    const env = { DATABASE_URL: database, [variable]: urlOf(port) };
    const startedAt = performance.now();
    const result = await cliProcess(['sessions', 'list', 'ann'], { env });
    expectCliFailure(
      result,
      1,
      new RegExp(`^passport-visa: ${name} at 127\\.0\\.0\\.1:${port} can't be used: `),
    );
    expect(result.stderr).toMatch(reason);
    expect(performance.now() - startedAt).toBeLessThan(TWO_SECONDS_MS + START_OF_NODE_MS);
  }
  frozen.close();
});
