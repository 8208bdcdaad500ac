import { generateKeyPairSync } from 'node:crypto';
import { MemoryRefreshTokenStore, MemoryUserStore } from '../../src';
import { KEY_TIMES } from '../../src/verifier/remote-keys';
import type { TestApp } from '../helpers/apps/app';
import {
  answerWith,
  createLoginService,
  jwksOf,
  startKeyServer,
  useServices,
  type KeyServer,
  type Service,
} from '../helpers/apps/login-service';
import { eventually } from '../helpers/eventually';
import { expectFailure } from '../helpers/failures';
import { pairSigner, resign } from '../helpers/tokens/tokens';
import { within } from '../helpers/within';

const [first, second] = [0, 1].map(() => generateKeyPairSync('ed25519')) as [KeyPair, KeyPair];
type KeyPair = ReturnType<typeof generateKeyPairSync>;
const known = ({ publicKey }: { publicKey: unknown }) => ({ publicKey }) as never;

const stores = { users: new MemoryUserStore(), refreshTokens: new MemoryRefreshTokenStore() };
const loginWith = (...secret: unknown[]) =>
  createLoginService({ ...stores, accessToken: { secret: secret as never } });
const before = loginWith(first);
const during = loginWith(second, known(first));
const after = loginWith(second);
const stranger = loginWith(generateKeyPairSync('ed25519'));
const tokenOf = async (login: TestApp) => (await login.tokensOf('ann')).accessToken;

const servers: KeyServer[] = [];
const createService = useServices();
const times = { ...KEY_TIMES };

beforeAll(() => stores.users.create({ username: 'ann', passwordHash: null }));
afterEach(async () => {
  Object.assign(KEY_TIMES, times);
  for (const server of servers.splice(0)) await server.close();
});

async function serve(body: unknown): Promise<{ server: KeyServer; service: Service }> {
  const server = await startKeyServer(answerWith(body));
  servers.push(server);
  return { server, service: createService({ jwks: server.url }) };
}

test('a new key is asked for when its first token comes, and keys that the server has withdrawn are refused after that', async () => {
  const { server, service } = await serve(await jwksOf(before));
  const [old, next] = [await tokenOf(before), await tokenOf(during)];
  expect((await service.get('/profile', old)).status).toBe(200);
  server.answer = answerWith(await jwksOf(during));
  expect((await service.get('/profile', next)).status).toBe(200);
  expect((await service.get('/profile', old)).status).toBe(200);
  KEY_TIMES.unknownKey = 0;
  server.answer = answerWith(await jwksOf(after));
  expectFailure(await service.get('/profile', await tokenOf(stranger)), 'ACCESS_TOKEN_INVALID');
  expectFailure(await service.get('/profile', old), 'ACCESS_TOKEN_INVALID');
  expect((await service.get('/profile', next)).status).toBe(200);
});

test('the keys are read again when they are old', async () => {
  KEY_TIMES.maxAge = 20;
  const { server, service } = await serve(await jwksOf(before));
  const old = await tokenOf(before);
  await service.verifier.ready();
  server.answer = answerWith(await jwksOf(after));
  await eventually('the old key is refused', async () => (await service.get('/profile', old)).status === 401);
});

test('a hundred requests with an unknown key are one question, and further ones are none', async () => {
  const { server, service } = await serve(await jwksOf(before));
  await service.verifier.ready();
  const unknown = await tokenOf(stranger);
  expect(server.asked).toBe(1);
  const verdicts = await Promise.allSettled(
    Array.from({ length: 100 }, () => service.verifier.verify(unknown)),
  );
  expect(
    verdicts.map((each) => each.status === 'rejected' && (each.reason as { code: string }).code),
  ).toEqual(Array(100).fill('ACCESS_TOKEN_INVALID'));
  expect(server.asked).toBe(2);
  expectFailure(await service.get('/profile', unknown), 'ACCESS_TOKEN_INVALID');
  expect(server.asked).toBe(2);
});

test('a server with other keys each time is asked once too, however many unknown keys are named', async () => {
  const { server, service } = await serve(await jwksOf(before));
  await service.verifier.ready();
  server.answer = (_req, res) => {
    const key = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
    res.end(JSON.stringify({ keys: [{ ...key, alg: 'EdDSA', kid: `key ${server.asked}` }] }));
  };
  const good = await tokenOf(before);
  for (let n = 0; n < 50; n += 1) {
    const unknown = resign(good, pairSigner('EdDSA', first.privateKey), { header: { kid: `unknown ${n}` } });
    await expect(service.verifier.verify(unknown)).rejects.toMatchObject({ code: 'ACCESS_TOKEN_INVALID' });
  }
  expect(server.asked).toBe(2);
});

test('a hundred requests that come before the first answer wait for that one', async () => {
  const { server, service } = await serve(await jwksOf(before));
  const token = await tokenOf(before);
  const users = await Promise.all(Array.from({ length: 100 }, () => service.verifier.verify(token)));
  expect(new Set(users.map(({ id }) => id)).size).toBe(1);
  expect(server.asked).toBe(1);
});

test('a token that no key of ours can have signed asks for no keys', async () => {
  const { server, service } = await serve(await jwksOf(before));
  await service.verifier.ready();
  const good = await tokenOf(before);
  for (const header of [
    { alg: 'HS256' },
    { alg: 'none' },
    { typ: 'JWT', kid: 'x' },
    { kid: '' },
    { kid: 1 },
    { kid: 'x'.repeat(600) },
    { kid: 'x', jku: 'https://evil.example' },
  ])
    expectFailure(await service.get('/profile', resign(good, 'secret', { header })), 'ACCESS_TOKEN_INVALID');
  for (const text of ['a.b.c', '..', 'bnVsbA.e30.x'])
    await expect(service.verifier.verify(text)).rejects.toThrow();
  expect(server.asked).toBe(1);
});

test.each<[string, (server: KeyServer) => unknown]>([
  ['a text', (server) => (server.answer = answerWith('<html>'))],
  ['nothing', (server) => (server.answer = answerWith(''))],
  ['JSON that is no set', (server) => (server.answer = answerWith([]))],
  ['an empty set', (server) => (server.answer = answerWith({ keys: [] }))],
  [
    'only private keys',
    (server) => (server.answer = answerWith({ keys: [first.privateKey.export({ format: 'jwk' })] })),
  ],
  ['500', (server) => (server.answer = (_req, res) => void res.writeHead(500).end('{}'))],
  [
    'a redirect',
    (server) => (server.answer = (_req, res) => void res.writeHead(302, { location: server.url }).end()),
  ],
  ['an endless text', (server) => (server.answer = (_req, res) => void res.end(' '.repeat(300_000)))],
  [
    'half an answer',
    (server) => (server.answer = (_req, res) => void res.writeHead(200, { 'content-length': 9 }).write('{')),
  ],
  ['no answer', (server) => (server.answer = () => undefined)],
  ['a closed connection', (server) => (server.answer = (req) => void req.socket.destroy())],
  ['a dead server', (server) => server.close()],
])(
  '%s: the keys that are held stay good, an unknown key is 503, and later the answer counts again',
  async (_what, spoil) => {
    Object.assign(KEY_TIMES, { timeout: 100, unknownKey: 0, firstRetry: 1e6, lastRetry: 1e6 });
    const { server, service } = await serve(await jwksOf(before));
    await service.verifier.ready();
    const failures: string[] = [];
    service.verifier.events.on('unavailable', ({ error }) => void failures.push(String(error.cause)));
    await spoil(server);
    const [good, next] = [await tokenOf(before), await tokenOf(during)];
    expectFailure(await service.get('/profile', next), 'SERVICE_UNAVAILABLE');
    expect((await service.get('/profile', good)).status).toBe(200);
    expect(failures[0]).toMatch(
      /^Error: The JWK Set at http:\/\/127\.0\.0\.1:\d+\/auth\/jwks\.json can't be (read: |used: it (has no key|is no JWK))/,
    );
    if (spoil.toString().includes('close')) return;
    server.answer = answerWith(await jwksOf(during));
    KEY_TIMES.timeout = times.timeout; // on a busy machine an answer takes its time
    expect((await service.get('/profile', next)).status).toBe(200);
  },
);

test('a redirect is not followed, whatever is there', async () => {
  const evil = await startKeyServer(answerWith(await jwksOf(stranger)));
  servers.push(evil);
  const { server, service } = await serve({});
  server.answer = (_req, res) => void res.writeHead(307, { location: evil.url }).end();
  expectFailure(await service.get('/profile', await tokenOf(stranger)), 'SERVICE_UNAVAILABLE');
  expect(evil.asked).toBe(0);
});

test('without any keys the answer is 503 within two seconds, and the keys count as soon as they come', async () => {
  expect(times.timeout).toBeLessThan(1800);
  Object.assign(KEY_TIMES, { firstRetry: 20, timeout: 200 });
  const server = await startKeyServer(() => undefined);
  servers.push(server);
  const service = createService({ jwks: server.url });
  const token = await tokenOf(before);
  expectFailure(await within(2000, () => service.get('/profile', token)), 'SERVICE_UNAVAILABLE');
  expectFailure(await service.get('/profile'), 'NO_ACCESS_TOKEN');
  server.answer = answerWith(await jwksOf(before));
  await service.verifier.ready();
  expect((await service.get('/profile', token)).status).toBe(200);
});

test('warnings say which keys are missing, and name the verifier', async () => {
  const warnings: string[] = [];
  const emitWarning = jest
    .spyOn(process, 'emitWarning')
    .mockImplementation((warning) => void warnings.push(String(warning)));
  try {
    KEY_TIMES.firstRetry = 20;
    const { server, service } = await serve('junk');
    const ready = service.verifier.ready();
    const about = () => warnings.filter((each) => each.includes(server.url)).join('\n');
    for (const text of ['verifier.ready() is waiting for the keys', "verifier.events.on('unavailable'"])
      await eventually(text, () => Promise.resolve(about().includes(text)));
    server.answer = answerWith(await jwksOf(before));
    await ready;
  } finally {
    emitWarning.mockRestore();
  }
});

test('a verifier that is closed before it has keys asks no more, and says 503', async () => {
  KEY_TIMES.firstRetry = 10;
  const { server, service } = await serve('junk');
  await eventually('it has asked', () => Promise.resolve(server.asked > 0));
  await service.verifier.close();
  await expect(service.verifier.ready()).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  await expect(service.verifier.verify(await tokenOf(before))).rejects.toMatchObject({
    code: 'SERVICE_UNAVAILABLE',
  });
});

test('a verifier that is closed while it waits for its keys lets the connection go, and its requests get 503', async () => {
  KEY_TIMES.timeout = 60_000;
  const server = await startKeyServer(() => undefined);
  servers.push(server);
  const gone = new Promise((resolve) => (server.answer = (req) => req.socket.on('close', resolve)));
  const { verifier } = createService({ jwks: server.url });
  const [ready, verdict] = [verifier.ready(), verifier.verify(await tokenOf(before))];
  await eventually('it has asked', () => Promise.resolve(server.asked > 0));
  await verifier.close();
  for (const each of [ready, verdict])
    await expect(each).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      cause: new Error('close() has been called'),
    });
  await gone;
});
