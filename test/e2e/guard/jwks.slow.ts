import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { findPyJwt } from '../../../scripts/find-program';
import { createTestApp, type TestApp } from '../../helpers/apps/app';
import { expectFailure } from '../../helpers/failures';

const run = promisify(execFile);
const ISSUER = 'https://id.example';
const AUDIENCE = 'https://api.example';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const [previous, current, next] = [0, 1, 2].map(() => generateKeyPairSync('ed25519'));
const known = (pair: typeof current) => ({ publicKey: (pair as NonNullable<typeof pair>).publicKey });

const servers: Server[] = [];
afterAll(() => servers.forEach((server) => server.close()));

function appWith(algorithm: string, secret: unknown): TestApp {
  return createTestApp({
    jwks: true,
    accessToken: { algorithm, secret, issuer: ISSUER, audience: AUDIENCE } as never,
  });
}

/** @returns where the app listens */
async function listen({ app }: TestApp): Promise<string> {
  const server = app.listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function tokenOf(testApp: TestApp): Promise<string> {
  await testApp.register('ann');
  return (await testApp.tokensOf('ann')).accessToken;
}

test('GET /jwks.json publishes the previous, the current and the next key, for caches to keep five minutes', async () => {
  const testApp = appWith('EdDSA', [current, known(previous), next]);
  const response = await testApp.client().get('/auth/jwks.json');
  expect(response.status).toBe(200);
  expect(response.headers).toMatchObject({
    'content-type': expect.stringMatching(/^application\/json/),
    'cache-control': 'public, max-age=300',
  });
  const { keys } = response.body as { keys: Record<string, string>[] };
  const xOf = (pair: typeof current) => known(pair).publicKey.export({ format: 'jwk' }).x;
  expect(keys.map(({ x }) => x)).toEqual([xOf(current), xOf(previous), xOf(next)]);
  for (const key of keys)
    expect(key).toEqual({
      ...{ kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA' },
      ...{ x: key['x'], kid: expect.stringMatching(/^[\w-]{43}$/) },
    });
});

test('without the option there is no /jwks.json', async () => {
  const testApp = createTestApp({ accessToken: { algorithm: 'EdDSA', secret: current } });
  expect((await testApp.client().get('/auth/jwks.json')).status).toBe(404);
});

/** Another process, which knows only the address of the keys. It verifies with jose. */
async function verifyWithJose(address: string, token: string, audience = AUDIENCE): Promise<unknown> {
  const script = `
    import { createRemoteJWKSet, jwtVerify } from 'jose';
    const keys = createRemoteJWKSet(new URL('${address}/auth/jwks.json'));
    const options = {
      issuer: '${ISSUER}', audience: '${audience}', typ: 'at+jwt',
      requiredClaims: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'],
    };
    const { payload } = await jwtVerify('${token}', keys, options);
    console.log(JSON.stringify(payload));`;
  const cwd = path.join(__dirname, '../../..');
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd });
  return JSON.parse(stdout);
}

/** The same with Python. */
async function verifyWithPyJwt(address: string, token: string, algorithm: string): Promise<unknown> {
  const script = [
    'import json, jwt, sys',
    'address, token, algorithm, issuer, audience = sys.argv[1:]',
    'key = jwt.PyJWKClient(address).get_signing_key_from_jwt(token).key',
    'print(json.dumps(jwt.decode(token, key, algorithms=[algorithm], issuer=issuer, audience=audience)))',
  ].join('\n');
  const python = findPyJwt();
  if (python === undefined) throw new Error('PyJWT is missing: npm run setup installs it');
  const { stdout } = await run(python, [
    ...['-c', script],
    ...[`${address}/auth/jwks.json`, token, algorithm, ISSUER, AUDIENCE],
  ]);
  return JSON.parse(stdout);
}

test.each<[string, unknown]>([
  ['EdDSA', current],
  ['ES256', p256],
  ['RS256', rsa],
  ['PS256', rsa],
])(
  '%s: jose and PyJWT verify a token in processes of their own, by /jwks.json',
  async (algorithm, secret) => {
    const testApp = appWith(algorithm, secret);
    const [address, token] = [await listen(testApp), await tokenOf(testApp)];
    const claims = { iss: ISSUER, aud: AUDIENCE, sub: expect.any(String), roles: [] };
    expect(await verifyWithJose(address, token)).toMatchObject(claims);
    expect(await verifyWithPyJwt(address, token, algorithm)).toMatchObject(claims);
  },
);

test('jose refuses the token for another audience', async () => {
  const testApp = appWith('EdDSA', current);
  const [address, token] = [await listen(testApp), await tokenOf(testApp)];
  await expect(verifyWithJose(address, token, 'https://other.example')).rejects.toThrow(/"aud" claim/);
});

test('a key that is published before it signs is one that others know already', async () => {
  const before = appWith('EdDSA', [current, known(next)]);
  const address = await listen(before);
  const after = appWith('EdDSA', [next, known(current)]);
  expect(await verifyWithJose(address, await tokenOf(after))).toMatchObject({ iss: ISSUER });
  const leaked = appWith('EdDSA', [previous]);
  expectFailure(
    await before
      .client()
      .get('/profile')
      .auth(await tokenOf(leaked), { type: 'bearer' }),
    'ACCESS_TOKEN_INVALID',
  );
});
