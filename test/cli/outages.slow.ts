import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { cli, cliPid, expectCliFailure } from '../helpers/apps/cli';
import { freePort } from '../helpers/servers/free-port';
import { within } from '../helpers/within';

const database = process.env['TEST_POSTGRES_URL'] as string;

// Loads the command and its drivers, which is not part of a report.
beforeAll(() =>
  cli(['doctor'], { env: { DATABASE_URL: database, REDIS_URL: process.env['TEST_REDIS_URL'] } }),
);

test.each([
  ['PostgreSQL', 'DATABASE_URL', (port: number) => `postgres://127.0.0.1:${port}/postgres`],
  ['Redis', 'REDIS_URL', (port: number) => `redis://127.0.0.1:${port}`],
])('an outage of %s is reported within two seconds, in words', async (name, variable, urlOf) => {
  // It reads, and never answers. Sockets that are not read would stay open, and keep this process alive.
  const frozen = createServer((socket) => socket.resume())
    .listen(0, '127.0.0.1')
    .unref();
  await once(frozen, 'listening');
  const frozenPort = (frozen.address() as AddressInfo).port;
  for (const [port, reason] of [
    [await freePort(), /ECONNREFUSED/],
    [frozenPort, /timeout|within 1\.5 s/],
  ] as const) {
    const env = { DATABASE_URL: database, [variable]: urlOf(port) };
    const result = await within(2000, () => cli(['sessions', 'list', 'ann'], { env }), cliPid());
    expectCliFailure(
      result,
      1,
      new RegExp(`^passport-visa: ${name} at 127\\.0\\.0\\.1:${port} can't be used: `),
    );
    expect(result.stderr).toMatch(reason);
  }
});
