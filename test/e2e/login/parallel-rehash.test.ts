import { hashSync } from 'bcryptjs';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { PostgresUserStore } from '../../../src/index';
import { pbkdf2, phpass, scrypt } from '../../../src/hashes';
import { createTestApp, PASSWORD, type TestApp } from '../../helpers/apps/app';
import { usePostgresStore } from '../../helpers/apps/postgres-store';
import { useRealPasswords } from '../../helpers/apps/quick-passwords';

useRealPasswords();

const QUICK = { cost: 16, blockSize: 1 };
const LOGINS = 100;
const database = usePostgresStore((pool) => new PostgresUserStore(pool));
const apps: TestApp[] = [];
const servers: Server[] = [];

/** Two apps with one database. Each login comes from an address of its own, which has its share of the queue. */
beforeAll(async () => {
  for (let each = 0; each < 2; each += 1) {
    const testApp = createTestApp({
      users: new PostgresUserStore(database.pool),
      password: { cost: 10, hasher: scrypt(QUICK), verifiers: [pbkdf2(), phpass()] },
      limits: { username: false, address: false, logins: false, sessions: false },
    });
    testApp.app.set('trust proxy', true);
    apps.push(testApp);
    servers.push(testApp.app.listen(0, '127.0.0.1'));
    await testApp.auth.ready();
  }
});
afterAll(async () => {
  for (const server of servers) server.close();
  await Promise.all(apps.map(({ auth }) => auth.close()));
});

let address = 0;
async function login(username: string, password: string): Promise<number> {
  address += 1;
  const { port } = servers[address % 2]?.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/auth/login`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'X-Forwarded-For': `198.51.${address >> 8}.${address & 255}`,
    },
    body: JSON.stringify({ username, password }),
  });
  return response.status;
}

test.each<[string, string, () => string | Promise<string>]>([
  ['bcrypt', PASSWORD, () => hashSync(PASSWORD, 4)],
  ['django', 'letmein', () => pbkdf2({ iterations: 1000, form: 'django' }).hash('letmein')],
  ['wordpress', 'test12345', () => '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0'],
])(
  'parallel logins over two apps replace the hash of a row of %s once, and all of them succeed',
  async (username, password, makeHash) => {
    const { id } = await database.store.create({ username, passwordHash: await makeHash() });
    const statuses = await Promise.all(Array.from({ length: LOGINS }, () => login(username, password)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    const stored = (await database.store.findById(id))?.passwordHash;
    expect(stored).toMatch(/^\$scrypt\$ln=4,r=1,p=1\$/);
    expect(await login(username, password)).toBe(200);
    expect(await login(username, `${password}x`)).toBe(401);
    expect((await database.store.findById(id))?.passwordHash).toBe(stored);
  },
);
