import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { checkJwks } from '../../src/cli/doctor/check-jwks';
import { checkUrl } from '../../src/cli/doctor/check-url';
import { createLoginService, jwksOf } from '../helpers/apps/login-service';

const lines = async (response: Response) =>
  (await checkJwks(() => Promise.resolve(response))).map(({ level, message }) => `${level}: ${message}`);
const CACHED = { 'cache-control': 'public, max-age=300' };

test('the doctor counts the keys of an app that publishes them', async () => {
  const { publicKey } = generateKeyPairSync('ed25519');
  const secret = [generateKeyPairSync('ed25519'), { publicKey }];
  const { app } = createLoginService({ accessToken: { secret } });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const findings = await checkUrl(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/auth`));
  server.close();
  server.closeAllConnections();
  expect(findings.filter(({ about }) => about === 'jwks')).toEqual([
    { about: 'jwks', level: 'ok', message: '/jwks.json has 2 keys' },
  ]);
});

test('an app without published keys is in order', async () => {
  expect(await lines(new Response('', { status: 404 }))).toEqual([]);
});

test('the doctor reports an outage, a page in place of the keys, private keys and a cache that keeps them too long', async () => {
  const jwks = await jwksOf(createLoginService());
  const [key] = jwks.keys;
  expect(await lines(new Response('', { status: 502 }))).toEqual([
    'fail: /jwks.json answered 502, so no other service gets the keys',
  ]);
  expect(await lines(new Response('<html>', { headers: CACHED }))).toEqual([
    'fail: /jwks.json is no JWK Set, { keys: [ … ] }',
  ]);
  expect(await lines(Response.json({ keys: [{ ...key, d: 'x' }] }, { headers: CACHED }))).toEqual([
    expect.stringMatching(/^fail: .*a key has private members/),
  ]);
  expect(await lines(Response.json(jwks))).toEqual([
    'ok: /jwks.json has 1 key',
    'warn: /jwks.json came without its Cache-Control: max-age',
  ]);
  expect(await lines(Response.json(jwks, { headers: { ...CACHED, age: '301' } }))).toEqual([
    'ok: /jwks.json has 1 key',
    'warn: /jwks.json is a copy that a cache has kept for 301 s, and 300 s are allowed',
  ]);
  expect(await lines(Response.json(jwks, { headers: { ...CACHED, age: '299' } }))).toEqual([
    'ok: /jwks.json has 1 key',
  ]);
});
