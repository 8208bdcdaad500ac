import { scrypt as nodeScrypt } from 'node:crypto';
import { MemoryUserStore, type AuthError } from '../../src/index';
import { phpass, scrypt, type PasswordVerifier } from '../../src/hashes';
import { derive } from '../../src/hashes/derive';
import { ResourceError } from '../../src/hashes/resource-error';
import { createTestApp, PASSWORD } from '../helpers/apps/app';

/** More memory than node:crypto may take here. */
const withoutMemory = () =>
  derive((done) => {
    nodeScrypt('x', 'a salt of a hash', 32, { cost: 2 ** 17, maxmem: 1024 }, done);
  });

test('a hash that node:crypto has no memory for is a ResourceError with the cause', async () => {
  const error: unknown = await withoutMemory().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ResourceError);
  expect((error as ResourceError).cause).toMatchObject({ code: 'ERR_CRYPTO_INVALID_SCRYPT_PARAMS' });
});

test('a password that is no text is a TypeError, and no lack of memory', async () => {
  await expect(scrypt().hash(undefined as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
});

test('a login whose hash finds no memory is 503, and no failure of the user', async () => {
  const users = new MemoryUserStore();
  const scheme: PasswordVerifier = {
    matches: (hash) => hash.startsWith('old:'),
    verify: async () => (await withoutMemory()).length > 0,
  };
  const app = createTestApp({ users, password: { verifiers: [scheme] } });
  const failed = jest.fn();
  const outages: AuthError[] = [];
  app.auth.events.on('loginFailed', failed);
  app.auth.events.on('unavailable', ({ error }) => outages.push(error as AuthError));
  await users.create({ username: 'old', passwordHash: 'old:hash' });
  const response = await app.client().post('/auth/login').send({ username: 'old', password: PASSWORD });
  expect(response.status).toBe(503);
  expect(response.body).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  expect(response.get('Retry-After')).toBe('2');
  expect(failed).not.toHaveBeenCalled();
  expect(outages).toMatchObject([
    { cause: { message: 'password.verifiers.0.verify has failed', cause: { name: 'ResourceError' } } },
  ]);
  await app.auth.close();
});

test('auth.close() ends the threads of phpass: a check under way gets 503, and a later one starts new threads', async () => {
  const users = new MemoryUserStore();
  const scheme = phpass();
  const closed = jest.spyOn(scheme, 'close');
  const { auth } = createTestApp({ users, password: { verifiers: [scheme] } });
  const slow = `$P$G${'a'.repeat(30)}`;
  const underWay = expect(auth.passwords.verify('x', slow)).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
  });
  await new Promise(setImmediate);
  await auth.close();
  await underWay;
  expect(closed).toHaveBeenCalledTimes(1);
  expect(await scheme.verify('test12345', '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0')).toBe(true);
  await scheme.close();
});

test('a hasher of the app is closed with auth.close(), with its own this', async () => {
  class Hasher {
    closed = 0;
    hash = (password: string) => `own:${password}`;
    verify = (password: string, hash: string) => hash === `own:${password}`;
    close() {
      this.closed += 1;
    }
  }
  const hasher = new Hasher();
  const { auth } = createTestApp({ password: { hasher } });
  await auth.close();
  expect(hasher.closed).toBe(1);
});
